// Runs the examples of docs/browser.md, one after the other as one module, and looks at what they do.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { T0, World, counters, item, page, settle } from "./world.mjs";

const text = readFileSync(new URL("../../docs/browser.md", import.meta.url), "utf8");
const blocks = [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, block]) => block);
const client = new URL("../../notifications/javascript/client.js", import.meta.url).href;

const world = new World();
const toasts = [];
const pictures = [];
let chimes = 0;
const element = () => {
  const listeners = {};
  return {
    dataset: { person: "7", csrf: "token" },
    textContent: "",
    addEventListener: (type, listener) => (listeners[type] = listener),
    happens: (type) => void listeners[type](),
  };
};
const bell = element();
Object.assign(globalThis, {
  document: { cookie: "shop=1; csrftoken=first", querySelector: () => bell, createElement: () => ({ children: [], append(...parts) { this.children.push(...parts); } }), documentElement: { lang: "en" }, visibilityState: "visible", addEventListener() {}, removeEventListener() {} },
  location: { origin: "https://shop.example" },
  WebSocket: class {
    constructor(url, protocols) {
      return world.openSocket(world.tab(), url, protocols);
    }
  },
  fetch: (url, init) => world.fetch(url, { method: "GET", ...init }),
  Image: class {},
  draw: (items) => pictures.push(items.map(({ id }) => id)),
  toast: (message) => toasts.push(message),
  chime: { play: () => (chimes += 1) },
  undo: element(),
  tomorrow: element(),
  signOut: element(),
});
const archived = { items: [item(1, 11, { archived_at: T0 })], removed: [], since: 10, seq: 11, ...counters(0, 0, 5) };
world.server = ({ method, url }) => {
  if (method === "GET") return page([item(1, 10)], "e.10.5", counters(1, 1, 5), url.includes("archived") ? "1" : null);
  return url.endsWith("/archive") ? archived : {};
};

const folder = mkdtempSync(join(tmpdir(), "clarion-"));
try {
  const run = async (...parts) => {
    const path = join(folder, `${Math.random()}.mjs`);
    const source = parts.join("\n").replaceAll("../clarion/client.js", client);
    writeFileSync(path, `${source}\nexport { ${[...source.matchAll(/^const (\w+) =/gm)].map(([, name]) => name)} };`);
    return import(pathToFileURL(path));
  };

  const [drawn, start, news, state, lists, own, leave, elsewhere, alone] = blocks;
  assert.equal(blocks.length, 9);
  // The list is there when people do something to it.
  const shown = await run(start, news, "await new Promise((resolve) => setTimeout(resolve));", state, lists, own, leave);
  world.hello({ seq: 11 });
  assert.equal(world.sockets[0].url, "wss://shop.example/ws/notifications/?cursor=e.10.5");
  assert.deepEqual(shown.client.items, []);
  assert.equal(bell.textContent, "");
  world.frame({ type: "notifications", items: [item(2, 12, { title: "Parcel sent", priority: "urgent" })], since: 11, seq: 12, ...counters(1, 1, 5) });
  assert.deepEqual([toasts, chimes, bell.textContent], [["Parcel sent"], 1, 1]);

  world.answers.push({ status: 503 });
  globalThis.undo.happens("click");
  assert.deepEqual(shown.client.items.map(({ id }) => id), ["2", "1"]);
  await settle();
  await settle();
  assert.deepEqual(shown.client.items.map(({ id }) => id), ["2"]);
  assert.equal(toasts.at(-1), "That did not work (unarchive): HTTP 503");
  globalThis.tomorrow.happens("click");
  assert.ok(Date.parse(world.requests.at(-1).body.until) > Date.now());
  assert.deepEqual(world.requests.filter(({ url }) => url.includes("archived")).map(({ url }) => url), [
    "/api/v1/inbox/?archived=true&limit=20",
    "/api/v1/inbox/?archived=true&limit=20&before=1",
  ]);
  assert.equal(world.requests.find(({ url }) => url.endsWith("mute")).body.thread, "order-7");
  const away = (id, seq, more) => item(id, seq, { archived_at: T0, ...more });
  world.frame({ type: "change", items: [away(3, 13), item(1, 14)], removed: [], since: 12, seq: 14, ...counters(1, 1, 5) });
  assert.deepEqual(pictures.at(-1), ["3"]);
  world.frame({ type: "change", items: [], removed: ["3"], since: 14, seq: 15, ...counters(1, 1, 5) });
  assert.deepEqual(pictures.at(-1), []);
  const withToken = () => world.requests.filter(({ method }) => method === "POST").at(-1).headers["X-CSRFToken"];
  for (const [cookie, token] of [["csrftoken=second; shop=1", "second"], ["xcsrftoken=other", "token"]]) {
    document.cookie = cookie;
    shown.client.markSeen(["2"]);
    assert.equal(withToken(), token);
  }
  await settle();
  globalThis.signOut.happens("submit");
  shown.client.stop();

  world.answers.push({ token: "a~1", expires_in: 900 }, page([], "e.1.1", counters(0)));
  const embedded = await run(elsewhere.replace("https://clarion.example/static/clarion/client.js", client));
  await settle();
  assert.equal(world.socket.url, "wss://clarion.example/ws/notifications/?cursor=e.1.1");
  assert.deepEqual(world.socket.protocols, ["clarion.v1", "token.a~1"]);
  embedded.client.stop();
  await run(drawn);
  assert.equal(bell.item({ title: "Usual", data: {} }), null);
  assert.equal(bell.item({ title: "Parcel", data: { photo: "/parcel.jpg" } }).children[1], "Parcel");
  assert.equal(bell.item({ title: "Parcel", data: { photo: "/parcel.jpg" } }).children[0].src, "/parcel.jpg");

  const bare = await run(alone);
  assert.deepEqual(bare.mailbox.list(0).map(({ id }) => id), ["1"]);
} finally {
  rmSync(folder, { recursive: true });
}
