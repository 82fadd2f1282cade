// Everything at once, at random: in the end every tab shows exactly what the server has. CLARION_SEEDS=100-5000 runs others.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ClarionClient } from "../../notifications/javascript/client.js";
import { Server } from "./server.mjs";
import { World, settle } from "./world.mjs";

const LATER = "2030-02-01T00:00:00.000Z";
const [FIRST, LAST] = (process.env.CLARION_SEEDS ?? "1-60").split("-").map(Number);

async function run(seed) {
  let state = seed;
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
  const pick = (list) => list[Math.floor(random() * list.length)];
  const world = new World();
  world.time = seed; // no two alike
  const server = new Server(world);
  const tabs = (world.tabs = []);
  const waiting = [];
  let calm = false;

  world.lost = () => !calm && random() < 0.05;
  world.server = ({ method, url, body }) => {
    if (!calm && random() < 0.1) return undefined;
    return new Promise((resolve) => waiting.push({ fail: resolve, go: () => {
      const { pathname, searchParams } = new URL(url, "http://h");
      const answer = method === "GET" ? server.page(searchParams.get("before")) : server.perform(pathname.split("/").at(-1), body);
      // It may come long after the frame, or before; or never, though it was done.
      const arrives = calm || random() > 0.1;
      waiting.push({ fail: resolve, go: () => resolve(arrives ? answer : undefined) });
    } }));
  };

  const open = () => {
    const tab = world.tab({ locks: true });
    tab.client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/", person: "ada" }, tab.env);
    for (const type of ["change", "items", "counts", "notification", "status", "error"]) {
      tab.client.addEventListener(type, () => !calm && random() < 0.01 && (tab.client.stop(), tab.client.start()));
    }
    tab.client.start();
    tabs.push(tab);
  };
  const running = () => tabs.filter((tab) => !tab.closed && !tab.frozen);
  const someId = () => String(Math.max(1, server.lastId - Math.floor(random() * 12)));
  const expiring = () => (random() < 0.3 ? { expires_at: new Date(world.time + Math.floor(random() * 60_000)).toISOString() } : {});
  const act = (client) => pick([
    () => pick([client.markRead, client.markUnread, client.markSeen, client.archive, client.unarchive, client.unsnooze]).call(client, [someId()]),
    () => client.markRead(Array.from({ length: 8 }, someId)),
    () => client.snooze([someId()], LATER),
    () => pick([client.readAll, client.seenAll, client.archiveRead]).call(client, pick([undefined, { category: "general" }])),
  ])();
  const answered = () => waiting.splice(Math.floor(random() * waiting.length), 1)[0]?.go();
  const delivered = () => server.sessions.size && server.deliver(pick([...server.sessions.keys()]));

  const restore = () => {
    server.restore();
    for (const { fail } of waiting.splice(0)) fail(); // what was asked of the other database gets no answer
  };

  open();
  for (let step = 0; step < 150; step += 1) {
    const tab = pick(running());
    pick([
      () => server.notify(expiring()),
      () => server.broadcast(expiring()),
      () => server.update(someId(), `Title ${step}`),
      () => random() < 0.4 && server.retract(someId()),
      () => server.perform(pick(["read", "unread", "archive", "unarchive"]), { ids: [someId()] }),
      () => pick([() => server.wake(), () => server.expire(), () => server.page(null)])(),
      () => act(tab.client),
      () => act(tab.client),
      () => tab.client.loadOlder().catch(() => {}),
      () => tabs.length < 5 && open(),
      () => pick([
        () => running().length > 1 && tab.close(),
        () => running().length > 1 && tab.freeze({ told: random() < 0.5 }),
        () => running().length > 1 && (tab.client.stop(), tab.client.start()),
        () => random() < 0.2 && restore(),
        () => tab.hear("online"),
        () => (server.blocked = random() < 0.2),
        () => tab.hear("visible"),
        () => server.sessions.size && server.drop(pick([...server.sessions.keys()])),
      ])(),
      () => tabs.find((each) => each.frozen && !each.closed)?.thaw(),
      ...Array(4).fill(answered),
      ...Array(6).fill(delivered),
      () => server.heartbeat(),
      () => world.advance(random() * (random() < 0.1 ? 20_000 : 500)),
    ])();
    await settle();
    for (const { client } of running()) assert.ok(client.counts.unread >= 0 && client.counts.unseen >= 0);
  }

  calm = true;
  server.blocked = seed % 4 === 0;
  if (server.blocked) for (const socket of [...server.sessions.keys()]) server.drop(socket);
  for (const tab of tabs) if (tab.frozen && !tab.closed) await tab.thaw();
  server.wake();
  for (let second = 0; second < (server.blocked ? 260 : 130); second += 1) {
    while (waiting.length) {
      waiting.shift().go();
      await settle();
    }
    server.expire();
    if (second % 30 === 0) server.heartbeat();
    for (const socket of [...server.sessions.keys()]) while (server.deliver(socket)) await settle();
    await world.advance(1_000);
  }

  assert.ok(world.open.length === 1 || (server.blocked && world.open.length === 0));
  const { unread, unseen } = server.counters();
  const listed = server.listed;
  const coming = listed.filter((entry) => entry.seq === null).length;
  for (const { client } of running()) {
    assert.equal(client.status, server.blocked ? "reconnecting" : "live");
    assert.equal(client.cursor, `${server.epoch}.${server.seq}.${server.position}`);
    const oldest = client.hasOlder ? Number(client.items.at(-1)?.id ?? Infinity) : 0;
    const brief = ({ id, title, seen_at, read_at }) => [id, title, Boolean(seen_at), Boolean(read_at)];
    assert.deepEqual(client.items.map(brief), listed.filter(({ id }) => Number(id) >= oldest).map(brief));
    assert.deepEqual(client.counts, { unread: unread + coming, unseen: unseen + coming });
  }
  for (const { client } of tabs) client.stop();
}

test("tabs, devices, the log and the network at random: every tab shows what the server has", async () => {
  for (let seed = FIRST; seed <= LAST; seed += 1) {
    try {
      await run(seed);
    } catch (error) {
      error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
});
