// What a browser keeps between visits: shown before the network answers, and never to anybody else.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { ClarionClient } from "../../notifications/javascript/client.js";
import { World, counters, ids, item, page, settle } from "./world.mjs";

const PLACE = "clarion:/inbox/";

let world;

beforeEach(() => {
  world = new World();
  world.tabs = [];
});

async function open(options = {}, tabOptions = {}) {
  const tab = world.tab({ locks: true, ...tabOptions });
  world.tabs.push(tab);
  tab.client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/", csrfToken: () => "token", person: "ada", ...options }, tab.env);
  tab.client.start();
  await settle();
  return tab;
}

/** A visit that leaves something: two items, at e.11.5. */
async function visit(options) {
  world.server = () => page([item(1, 10)], "e.10.5", counters(1));
  const tab = await open(options);
  world.hello();
  world.frame({ type: "notifications", items: [item(2, 11)], since: 10, seq: 11, ...counters(2) });
  await world.advance(1_000);
  await tab.close();
  world.server = () => undefined;
  world.requests.length = 0;
}

describe("the next visit", () => {
  test("shows at once what was kept, and connects from there", async () => {
    await visit();
    const tab = await open();
    assert.deepEqual(ids(tab.client.items), [2, 1]);
    assert.deepEqual(tab.client.counts, { unread: 2, unseen: 2 });
    assert.equal(tab.client.status, "connecting");
    assert.equal(world.socket.url, "ws://h/ws/?cursor=e.11.5");
    assert.equal(world.requests.length, 0);
    const news = [];
    tab.client.addEventListener("notification", ({ detail }) => news.push([detail.item.id, detail.replayed]));
    world.hello({ seq: 12 });
    world.frame({ type: "sync", items: [item(3, 12)], removed: ["1"], seq: 12, position: 5, more: false, ...counters(2) });
    assert.deepEqual(ids(tab.client.items), [3, 2]);
    assert.deepEqual(news, [["3", true]]);
  });

  test("begins with fifty, and the rest is older", async () => {
    const many = Array.from({ length: 60 }, (_, index) => item(100 - index, 10));
    world.server = () => page(many, "e.10.5", counters(60));
    await (await open()).client.stop();
    const tab = await open();
    assert.equal(tab.client.items.length, 50);
    world.server = () => page(many.slice(50), "e.10.5", counters(60));
    await tab.client.loadOlder();
    assert.equal(world.requests.at(-1).url, "/inbox/?before=51");
    assert.deepEqual([tab.client.items.length, tab.client.hasOlder], [60, false]);
  });

  test("is not shown what has not been confirmed", async () => {
    await visit();
    const tab = await open();
    world.hello({ seq: 11 });
    world.server = () => new Promise(() => {});
    tab.client.archive(["2"]);
    assert.deepEqual(ids(tab.client.items), [1]);
    await world.advance(1_000);
    await tab.close();
    assert.deepEqual(ids((await open()).client.items), [2, 1]);
  });

  test("what a page that is hidden has just got is kept at once", async () => {
    world.server = () => page([item(1, 10)], "e.10.5", counters(1));
    const tab = await open();
    tab.hear("hidden");
    await tab.close();
    assert.deepEqual(ids((await open()).client.items), [1]);
  });

  for (const [name, options] of [["of another language", { language: "de" }], ["if told to keep nothing", { keep: false }], ["without a person", { person: "" }]]) {
    test(`has nothing ${name}`, async () => {
      await visit();
      assert.deepEqual(ids((await open(options)).client.items), []);
    });
  }

  test("has nothing that is spoilt or of another version", async () => {
    await visit();
    const good = world.stored.get(PLACE);
    const spoil = (change) => {
      const kept = JSON.parse(good);
      change(kept, kept.snapshot);
      return JSON.stringify(kept);
    };
    for (const text of [
      "", "{", "null", "[]", "7", '"text"',
      spoil((kept) => (kept.version = 0)),
      spoil((kept) => delete kept.snapshot),
      spoil((_, snapshot) => (snapshot.cursor = "e.1")),
      spoil((_, snapshot) => (snapshot.cursor = null)),
      spoil((_, snapshot) => (snapshot.counters.unread = "2")),
      spoil((_, snapshot) => delete snapshot.counters),
      spoil((_, snapshot) => (snapshot.next = "x")),
      spoil((_, snapshot) => (snapshot.removed = null)),
      spoil((_, snapshot) => (snapshot.removed = [1])),
      spoil((_, snapshot) => (snapshot.items = {})),
      spoil((_, snapshot) => (snapshot.items[0] = null)),
      spoil((_, snapshot) => delete snapshot.items[0].id),
      spoil((_, snapshot) => (snapshot.items[0].seq = "11")),
    ]) {
      world.stored.set(PLACE, text);
      const tab = await open();
      assert.deepEqual(tab.client.items, [], text);
      assert.ok(!world.stored.get(PLACE).includes("Title"), text);
      await tab.close();
    }
    world.stored.set(PLACE, good);
    assert.deepEqual(ids((await open()).client.items), [2, 1]);
  });
});

describe("a storage that does not work", () => {
  test("is done without when it is forbidden", async () => {
    world.server = () => page([item(1, 10)], "e.10.5", counters(1));
    const tab = await open({}, { storage: false });
    world.hello();
    await world.advance(2_000);
    assert.deepEqual([ids(tab.client.items), tab.client.status], [[1], "live"]);
  });

  test("keeps nothing rather than something old when it is full", async () => {
    await visit();
    const tab = await open();
    world.hello({ seq: 11 });
    world.room = 100;
    world.frame({ type: "notifications", items: [item(3, 12)], since: 11, seq: 12, ...counters(3) });
    await world.advance(2_000);
    assert.equal(tab.client.status, "live");
    assert.equal(world.stored.has(PLACE), false);
  });

  test("does not keep what was another's, even if there is no room for anything", async () => {
    await visit();
    world.room = 0;
    world.server = () => page([], "e.3.5", counters(0));
    const tab = await open({ person: "bob" });
    assert.deepEqual(tab.client.items, []);
    assert.equal(world.stored.has(PLACE), false);
  });
});

describe("another person", () => {
  test("is shown nothing of the first, whose tabs are emptied", async () => {
    await visit();
    const adas = [await open(), await open()];
    world.hello({ seq: 11 });
    world.server = () => page([item(70, 3)], "e.3.5", counters(1));
    const shown = [];
    const bob = world.tab({ locks: true });
    world.tabs.push(bob);
    bob.client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/", person: "bob" }, bob.env);
    bob.client.addEventListener("change", () => shown.push(ids(bob.client.items)));
    bob.client.start();
    await settle();
    assert.deepEqual(shown.at(-1), [70]);
    assert.ok(shown.every((list) => !list.includes(1)));
    assert.deepEqual(adas.map(({ client }) => [client.status, client.items]), [["signed_out", []], ["signed_out", []]]);
    await world.advance(2_000);
    assert.equal(world.open.length, 1);
    assert.equal(JSON.parse(world.stored.get(PLACE)).person, "bob");
    assert.ok(!world.stored.get(PLACE).includes("Title 1\""));
  });

  test("keeps the place, whatever a tab of the first still hears", async () => {
    await visit();
    await open();
    const socket = world.socket;
    world.hello({ seq: 11 });
    world.tabs = []; // the news of it is on its way
    world.server = () => page([item(70, 3)], "e.3.5", counters(1));
    await open({ person: "bob" });
    world.frame({ type: "notifications", items: [item(3, 12)], since: 11, seq: 12, ...counters(3) }, socket);
    await world.advance(2_000);
    assert.equal(JSON.parse(world.stored.get(PLACE)).person, "bob");
  });

  test("is not driven out by an old page of the first, as `back` shows it", async () => {
    world.server = () => ({ ...page([item(70, 3)], "e.3.5", counters(1)), person: "bob" });
    const bobs = [await open({ person: "bob" }), await open({ person: "bob" })];
    world.hello({ person: "bob" });
    await world.advance(1_000);
    const kept = world.stored.get(PLACE);
    const adas = [await open(), await open()];
    assert.deepEqual(adas.map(({ client }) => [client.status, client.items]), [["signed_out", []], ["signed_out", []]]);
    assert.deepEqual(bobs.map(({ client }) => [client.status, ids(client.items)]), [["live", [70]], ["live", [70]]]);
    assert.equal(world.stored.get(PLACE), kept);
  });

  test("is noticed by a tab that followed one that had displaced another", async () => {
    await visit({ person: "bob" });
    let answer;
    world.server = () => new Promise((resolve) => (answer = resolve));
    const adas = [await open(), await open()];
    answer({ ...page([item(1, 10)], "e.10.5", counters(1)), person: "ada" });
    await settle();
    adas[1].freeze({ told: false });
    world.server = () => page([item(70, 3)], "e.3.5", counters(1));
    world.lost = () => true;
    world.tabs = [];
    await open({ person: "bob" });
    await adas[1].thaw();
    assert.deepEqual([adas[1].client.status, adas[1].client.items], ["signed_out", []]);
  });

  test("is noticed by a tab that slept through it", async () => {
    await visit();
    const adas = await open();
    world.hello({ seq: 11 });
    adas.freeze({ told: false });
    world.server = () => page([item(70, 3)], "e.3.5", counters(1));
    await open({ person: "bob" });
    world.tabs = [];
    await adas.thaw();
    assert.equal(adas.client.status, "signed_out");
    assert.deepEqual(adas.client.items, []);
  });

  test("has come while a tab waited to lead: it lets the lock go at once", async () => {
    await visit();
    const first = await open();
    const second = await open();
    world.tabs = [];
    world.server = () => page([item(70, 3)], "e.3.5", counters(1));
    const bobs = await open({ person: "bob" });
    await first.close();
    assert.equal(second.client.status, "signed_out");
    assert.deepEqual([...world.locks.holders.values()].map((holder) => holder.tab), [bobs]);
  });

  test("is noticed by what the server says of whose page and socket it is", async () => {
    world.server = () => ({ ...page([item(70, 3)], "e.3.5", counters(1)), person: "bob" });
    const first = await open();
    assert.deepEqual([first.client.status, first.client.items], ["signed_out", []]);
    world.stored.clear();
    await visit();
    const second = await open();
    world.hello({ seq: 11, person: "bob" });
    assert.deepEqual([second.client.status, second.client.items], ["signed_out", []]);
    assert.equal(world.open.length, 0);
    assert.equal(world.stored.size, 0);
  });

  for (const [name, ask] of [["an older page", (client) => client.loadOlder()], ["a list", (client) => client.list({ archived: true })]]) {
    test(`is noticed by whose ${name} is, before any of it is shown`, async () => {
      world.server = () => ({ ...page([item(9, 10)], "e.10.5", counters(2), "9"), person: "ada" });
      const { client } = await open();
      world.hello({ person: "ada" });
      world.server = () => ({ ...page([item(4, 3)], "e.3.5", counters(1)), person: "bob" });
      const answer = await ask(client).catch((error) => error.status);
      assert.ok([undefined, 401].includes(answer));
      assert.deepEqual([client.status, client.items], ["signed_out", []]);
    });
  }

  test("a list that was asked for before a login ended shows nothing after it", async () => {
    world.server = () => page([item(1, 10)], "e.10.5", counters(1));
    const { client } = await open();
    world.hello();
    let answer;
    world.answers.push(new Promise((resolve) => (answer = resolve)));
    const asked = client.list({ archived: true });
    world.socket.onclose({ code: 4401 });
    answer(page([item(4, 3)], "e.3.5", counters(1)));
    await assert.rejects(asked, { status: 401 });
  });

  test("is noticed where nobody said before whose the page is", async () => {
    world.server = () => ({ ...page([item(1, 10)], "e.10.5", counters(1)), person: "ada" });
    const tab = await open({ person: "" });
    world.hello({ person: "ada" });
    assert.equal(tab.client.status, "live");
    world.socket.onclose({ code: 1006 });
    await world.advance(2_000);
    world.hello({ person: "bob" });
    assert.deepEqual([tab.client.status, tab.client.items], ["signed_out", []]);
  });

  test("who may have come when a login ended: nothing is kept until it is known who it is", async () => {
    for (const [person, kept] of [[undefined, false], ["ada", true]]) {
      world = new World();
      world.tabs = [];
      await visit();
      const tab = await open();
      world.hello({ seq: 11 });
      world.server = () => ({ ...page([item(70, 3)], "e.3.5", counters(1)), person });
      world.socket.onclose({ code: 4401 });
      assert.equal(world.stored.has(PLACE), false);
      await world.advance(500);
      assert.deepEqual(ids(tab.client.items), [70]);
      await world.advance(2_000);
      assert.equal(world.stored.has(PLACE), kept);
    }
  });

  test("finds nothing in the browser's own cache either", async () => {
    world.server = () => page([item(1, 10)], "e.10.5", counters(1));
    const tab = await open();
    await tab.client.list({ archived: true });
    assert.deepEqual(world.requests.map(({ cache }) => cache), ["no-store", "no-store"]);
  });

  test("who signs out here says so before", async () => {
    await visit();
    const tab = await open();
    world.hello({ seq: 11 });
    tab.client.forget();
    assert.equal(world.stored.has(PLACE), false);
    world.frame({ type: "notifications", items: [item(3, 12)], since: 11, seq: 12, ...counters(3) });
    await world.advance(2_000);
    tab.client.stop();
    assert.equal(world.stored.has(PLACE), false);
  });
});

test("a primary key may be a number", async () => {
  world.server = () => ({ ...page([item(1, 10)], "e.10.5", counters(1)), person: "7" });
  const { client } = await open({ person: 7 });
  world.hello({ person: "7" });
  assert.deepEqual([client.status, ids(client.items)], ["live", [1]]);
  await world.advance(1_000);
  assert.equal(JSON.parse(world.stored.get(PLACE)).person, "7");
  const nobody = await open({ person: null });
  assert.deepEqual([nobody.client.status, world.channels.length], ["connecting", 1]);
});

describe("forget() in one tab", () => {
  const kept = () => world.stored.get(PLACE)?.includes("Title 1") ?? false;

  async function both() {
    world.server = () => page([item(1, 10)], "e.10.5", counters(1));
    const leader = await open();
    world.hello();
    const other = await open();
    await world.advance(1_000);
    assert.ok(kept());
    other.client.forget();
    await settle();
    assert.ok(!kept());
    return [leader, other];
  }

  test("holds in all of them, however the browser is closed", async () => {
    const [leader, other] = await both();
    world.frame({ type: "notifications", items: [item(2, 11)], since: 10, seq: 11, ...counters(2) });
    world.socket.onclose({ code: 1006 });
    await world.advance(1_000);
    leader.hear("hidden");
    other.hear("hidden");
    await other.close();
    leader.client.stop();
    assert.ok(!kept());
  });

  test("ends when the server says that they are still here, but not in this one", async () => {
    const [leader] = await both();
    world.socket.onclose({ code: 1006 });
    await world.advance(2_000);
    world.hello({ person: "ada" });
    await world.advance(1_000);
    assert.ok(kept());
    world.stored.clear();
    await leader.close();
    await world.advance(2_000);
    world.hello({ person: "ada" });
    await world.advance(1_000);
    assert.equal(world.open.length, 1);
    assert.ok(!kept());
  });
});
