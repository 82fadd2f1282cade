// Several tabs of one browser: one socket, whoever closes, freezes or falls silent.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { ClarionClient } from "../../notifications/javascript/client.js";
import { T0, World, counters, ids, item, page, said, settle } from "./world.mjs";

let world;
let tabs;

beforeEach(() => {
  world = new World();
  tabs = world.tabs = [];
  world.server = ({ method }) => (method === "GET" ? page([item(1, 10)], "e.10.5", counters(1)) : undefined);
});

async function open(options = {}, person = "ada") {
  const tab = world.tab({ locks: true, ...options });
  tab.client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/", csrfToken: () => "token", person }, tab.env);
  tab.news = [];
  tab.statuses = [];
  tab.client.addEventListener("notification", ({ detail }) => tab.news.push([Number(detail.item.id), detail.replayed]));
  tab.client.addEventListener("status", ({ detail }) => tab.statuses.push(detail.status));
  tabs.push(tab);
  tab.client.start();
  await settle();
  return tab;
}

async function openLive(count) {
  const opened = [await open()];
  world.hello();
  while (opened.length < count) opened.push(await open());
  return opened;
}

const notify = (id, seq, more = {}) => ({ type: "notifications", items: [item(id, seq)], since: seq - 1, seq, ...counters(seq - 9), ...more });
const lists = (...which) => which.map(({ client }) => ids(client.items));
const leaders = () => tabs.filter((tab) => !tab.closed && tab.client.isLeader);

describe("one socket", () => {
  test("for all tabs; what comes is shown and told in each", async () => {
    const [first, second, third] = await openLive(3);
    assert.equal(world.sockets.length, 1);
    assert.equal(world.requests.length, 1, "a new tab takes what the leader has");
    assert.deepEqual(lists(second, third), [[1], [1]]);
    assert.deepEqual(leaders(), [first]);
    assert.deepEqual(tabs.map(({ client }) => client.status), ["live", "live", "live"]);
    world.frame(notify(2, 11));
    world.frame({ type: "broadcast", kind: "new", item: said(3, 6), position: 6 });
    await settle();
    assert.deepEqual(lists(...tabs), [[3, 2, 1], [3, 2, 1], [3, 2, 1]]);
    assert.deepEqual(tabs.map(({ client }) => client.cursor), ["e.11.6", "e.11.6", "e.11.6"]);
    assert.deepEqual(tabs.map(({ news }) => news), [[[2, false], [3, false]], [[2, false], [3, false]], [[2, false], [3, false]]]);
    assert.deepEqual(tabs.map(({ client }) => client.counts), [first.client.counts, first.client.counts, first.client.counts]);
  });

  test("a tab that opens before the leader has a page gets it with the others", async () => {
    let arrive;
    world.answers.push(new Promise((resolve) => (arrive = resolve)));
    const first = await open();
    const second = await open();
    assert.deepEqual(lists(second), [[]]);
    arrive(page([item(7, 10)], "e.10.5", counters(1)));
    await settle();
    assert.deepEqual(lists(first, second), [[7], [7]]);
    assert.equal(world.requests.length, 1);
  });

  test("a leader of before that hears of the end of a login only when it goes on does not leave the next one empty", async () => {
    const [first, second] = await openLive(2);
    const { socket } = world;
    first.freeze({ told: false });
    await world.advance(60_000);
    world.hello();
    await settle();
    world.socket.onclose({ code: 4401 }); // the same person has signed in anew
    await world.advance(1_000);
    world.hello();
    assert.deepEqual([second.client.isLeader, lists(second)], [true, [[1]]]);
    first.frozen = false;
    socket.onclose({ code: 4401 });
    await first.thaw();
    await world.advance(1_000);
    world.hello();
    await settle();
    assert.deepEqual([first, second].map(({ client }) => [client.isLeader, client.status, ids(client.items)]), [[false, "live", [1]], [true, "live", [1]]]);
    assert.equal(world.open.length, 1);
  });

  test("the status of the leader is that of all", async () => {
    const [, second] = await openLive(2);
    world.socket.onclose({ code: 1006 });
    await settle();
    assert.equal(second.client.status, "reconnecting");
    await world.advance(2_000);
    world.hello();
    await settle();
    assert.equal(second.client.status, "live");
    assert.deepEqual(second.statuses, ["connecting", "live", "reconnecting", "live"]);
  });

  test("a reset is one first page for all", async () => {
    const [first, second] = await openLive(2);
    world.server = () => page([item(9, 500)], "e.500.9", counters(1));
    world.frame({ type: "reset", reason: "too_far" });
    world.frame({ type: "notifications", items: [item(10, 501)], since: 500, seq: 501, ...counters(2) });
    await settle();
    assert.deepEqual(lists(first, second), [[10, 9], [10, 9]]);
    assert.equal(second.client.cursor, "e.501.9");
    assert.equal(world.requests.length, 2);
  });

  test("a change in any tab is shown there at once, and in all when it is confirmed", async () => {
    const [first, second, third] = await openLive(3);
    let answer;
    world.answers.push(new Promise((resolve) => (answer = resolve)));
    second.client.markRead(["1"]);
    assert.deepEqual([first, second, third].map(({ client }) => client.counts.unread), [1, 0, 1]);
    await settle();
    answer({ items: [item(1, 11, { seen_at: T0, read_at: T0 })], removed: [], since: 10, seq: 11, ...counters(0) });
    await settle();
    assert.deepEqual([first, second, third].map(({ client }) => [client.counts.unread, client.cursor]), [[0, "e.11.5"], [0, "e.11.5"], [0, "e.11.5"]]);
    world.frame({ type: "notifications", items: [item(2, 12)], since: 11, seq: 12, ...counters(1) });
    await settle();
    assert.deepEqual(lists(first, second, third), [[2, 1], [2, 1], [2, 1]]);
  });

  test("a tab that its own answer carried past what the leader knows is not set back", async () => {
    const [, second] = await openLive(2);
    world.lost = ({ kind }) => kind === "change";
    world.answers.push({ items: [item(1, 11, { seen_at: T0, read_at: T0 })], removed: [], since: 10, seq: 11, ...counters(0) });
    await second.client.markRead(["1"]);
    second.freeze({ told: true });
    await second.thaw();
    assert.equal(second.client.cursor, "e.11.5");
    assert.equal(second.client.counts.unread, 0);
  });

  test("a cursor that the server does not know starts all over, by whichever tab it was shown", async () => {
    const [first, second] = await openLive(2);
    world.server = () => page([item(5, 2)], "f.2.0", counters(1));
    world.answers.push({ status: 409, code: "cursor_invalid" });
    await assert.rejects(second.client.readAll(), { code: "cursor_invalid" });
    await settle();
    assert.deepEqual([first.client.cursor, second.client.cursor], ["f.2.0", "f.2.0"]);
    assert.equal(world.open.length, 1);
  });

  for (const [name, options] of [["locks", { locks: false, channel: true }], ["channels", { locks: true, channel: false }]]) {
    test(`without ${name} each tab has its own`, async () => {
      await open(options);
      await open(options);
      assert.equal(world.open.length, 2);
      assert.equal(leaders().length, 2);
    });
  }

  test("where locks are forbidden each tab has its own", async () => {
    for (let count = 0; count < 2; count += 1) {
      const tab = world.tab({ locks: true });
      tab.env.locks = { request: async () => { throw new DOMException("", "SecurityError"); } };
      new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/", person: "ada" }, tab.env).start();
      await settle();
    }
    assert.equal(world.open.length, 2);
  });

  test("two people never share", async () => {
    const adas = await open();
    world.hello();
    world.server = () => page([item(70, 3)], "e.3.5", counters(1));
    const bobs = await open({ storage: false }, "bob");
    world.frame({ type: "notifications", items: [item(71, 4)], since: 3, seq: 4, ...counters(2) });
    await settle();
    assert.equal(world.open.length, 2);
    assert.deepEqual(lists(adas, bobs), [[1], [71, 70]]);
  });
});

describe("a tab that is open for weeks", () => {
  test("begins anew with a first page when it has come to know very many, and with it all others", async () => {
    const [first, second] = await openLive(2);
    const arrive = (from, to) => {
      for (let seq = from; seq <= to; seq += 100) {
        const items = Array.from({ length: 100 }, (_, index) => item(seq + index, seq + index));
        world.frame({ type: "notifications", items, since: seq - 1, seq: seq + 99, ...counters(1) });
      }
    };
    world.server = () => page([item(12_010, 12_010), item(12_009, 12_009)], "e.12010.5", counters(12_001), "12009");
    arrive(11, 11_811);
    await settle();
    assert.equal(world.requests.length, 1);
    arrive(11_911, 12_011);
    await settle();
    assert.equal(world.requests.length, 2);
    for (const { client, news } of [first, second]) {
      assert.equal(client.items.length, 102, "the page, and what came beside it");
      assert.equal(client.cursor, "e.12110.5");
      assert.equal(new Set(news.map(([id]) => id)).size, news.length, "no news twice");
    }
    assert.equal(world.open.length, 1, "on the same socket");
  });

  test("forgets what has left, too", async () => {
    const [first] = await openLive(1);
    const removed = Array.from({ length: 12_000 }, (_, index) => String(100_000 + index));
    world.frame({ type: "change", items: [], removed, since: 10, seq: 11, ...counters(1) });
    await settle();
    assert.equal(world.requests.length, 2);
    assert.deepEqual(lists(first), [[1]]);
  });
});

describe("hand-over", () => {
  test("a leader that is closed is followed at once, from where the others are", async () => {
    const [first, second, third] = await openLive(3);
    world.frame(notify(2, 11));
    await settle();
    await first.close();
    assert.deepEqual(leaders(), [second]);
    assert.equal(world.open.length, 1);
    assert.equal(world.socket.url, "ws://h/ws/?cursor=e.11.5");
    assert.equal(world.requests.length, 1, "no page is loaded anew");
    world.hello({ seq: 11 });
    world.frame(notify(3, 12));
    await settle();
    assert.deepEqual(lists(second, third), [[3, 2, 1], [3, 2, 1]]);
    assert.equal(third.client.status, "live");
  });

  test("one that stops hands over too, and may come back", async () => {
    const [first, second] = await openLive(2);
    first.client.stop();
    await settle();
    assert.deepEqual(leaders(), [second]);
    first.client.start();
    await settle();
    world.hello();
    world.frame(notify(2, 11));
    await settle();
    assert.deepEqual(lists(first, second), [[2, 1], [2, 1]]);
    assert.equal(world.open.length, 1);
  });

  test("a leader that is told that it freezes lets go, and follows when it thaws", async () => {
    const [first, second] = await openLive(2);
    first.freeze({ told: true });
    await settle();
    assert.deepEqual(leaders(), [second]);
    assert.equal(world.open.length, 1);
    world.hello();
    world.frame(notify(2, 11));
    await settle();
    await first.thaw();
    assert.deepEqual(leaders(), [second]);
    assert.deepEqual(lists(first, second), [[2, 1], [2, 1]]);
    assert.equal(first.client.status, "live");
    assert.equal(world.open.length, 1);
  });

  test("a tab that is frozen is not the next to lead", async () => {
    const [first, second, third] = await openLive(3);
    second.freeze({ told: true });
    await first.close();
    assert.deepEqual(leaders(), [third]);
    await third.close();
    await second.thaw();
    assert.deepEqual(leaders(), [second]);
  });

  test("a leader that falls silent loses the lock, and learns so when it thaws", async () => {
    const [first, second, third] = await openLive(3);
    first.freeze({ told: false });
    await world.advance(14_999);
    assert.equal(world.sockets.length, 1);
    await world.advance(10_000);
    const held = leaders().filter((tab) => tab !== first);
    assert.equal(held.length, 1, "one of those who noticed");
    const mine = world.open.filter((socket) => socket.tab !== first);
    assert.equal(mine.length, 1);
    world.hello();
    world.frame(notify(2, 11));
    await settle();
    // What was on its way to it meanwhile, and then the news that another tab leads.
    world.frame(notify(2, 11), world.sockets[0]);
    await first.thaw();
    await settle();
    assert.deepEqual(leaders(), held);
    assert.equal(world.sockets[0].closed, true);
    assert.equal(world.open.length, 1);
    world.frame(notify(3, 12));
    await settle();
    assert.deepEqual(lists(first, second, third), [[3, 2, 1], [3, 2, 1], [3, 2, 1]]);
    assert.equal(first.client.status, "live");
  });

  test("a leader that answers keeps the lock for as long as it likes", async () => {
    const [first] = await openLive(3);
    for (let minute = 0; minute < 60; minute += 1) {
      await world.advance(29_000);
      world.frame({ type: "heartbeat", seq: 10, position: 5, ...counters(1) });
      await world.advance(31_000);
      world.frame({ type: "heartbeat", seq: 10, position: 5, ...counters(1) });
    }
    assert.deepEqual(leaders(), [first]);
    assert.equal(world.sockets.length, 1);
  });

  test("one that is silent is asked at once by whoever comes to the front", async () => {
    const [first, second] = await openLive(2);
    first.freeze({ told: false });
    second.hear("visible");
    await world.advance(6_000);
    assert.equal(world.open.filter((socket) => socket.tab === second).length, 1);
  });

  test("waking up in any tab has the leader connect at once", async () => {
    const [, second] = await openLive(2);
    world.socket.onclose({ code: 1006 });
    second.hear("visible");
    await settle();
    assert.equal(world.sockets.length, 2);
  });

  test("the back-forward cache: a tab alone leaves its socket, and comes back with a new one", async () => {
    const [only] = await openLive(1);
    only.freeze({ told: true });
    await settle();
    assert.equal(world.open.length, 0);
    await only.thaw();
    assert.equal(world.open.length, 1);
    assert.equal(world.socket.url, "ws://h/ws/?cursor=e.10.5");
  });

  test("tabs at random: one socket, nothing missing, whatever closes, freezes and thaws", async () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      world = new World();
      tabs = world.tabs = [];
      const random = generator(seed);
      let seq = 10;
      world.server = () => page(Array.from({ length: seq - 9 }, (_, index) => item(seq - 9 - index, seq - index)), `e.${seq}.5`, counters(seq - 9));
      await openLive(1);
      for (let step = 0; step < 30; step += 1) {
        const running = tabs.filter((tab) => !tab.closed && !tab.frozen);
        const one = running[Math.floor(random() * running.length)];
        const dice = random();
        if (dice < 0.25) await open();
        else if (dice < 0.4 && running.length > 1) await one.close();
        else if (dice < 0.55 && running.length > 1) one.freeze({ told: random() < 0.5 });
        else if (dice < 0.75) for (const tab of tabs.filter((each) => each.frozen && !each.closed)) await tab.thaw();
        await settle();
        seq += 1;
        // Each open socket gets what it has not had, as the server sends it.
        for (const socket of world.open.filter((each) => !each.tab.frozen)) {
          const from = Number(socket.url.split(".")[1]);
          socket.seq ??= from;
          if (!socket.greeted) world.frame({ type: "hello", epoch: "e", seq, position: 5, heartbeat_seconds: 30, ...counters(0) }, socket);
          socket.greeted = true;
          const items = Array.from({ length: seq - socket.seq }, (_, index) => item(socket.seq + index - 8, socket.seq + index + 1));
          world.frame({ type: "sync", items, removed: [], seq, position: 5, more: false, ...counters(seq - 9) }, socket);
          socket.seq = seq;
        }
        await world.advance(random() * 20_000);
      }
      for (const tab of tabs.filter((each) => each.frozen && !each.closed)) await tab.thaw();
      await world.advance(60_000);
      assert.equal(leaders().length, 1, `seed ${seed}`);
      while (world.open.length === 0) await world.advance(1_000); // nobody greeted the last one
      assert.equal(world.open.length, 1, `seed ${seed}`);
      seq += 1;
      world.hello({ seq });
      const [leader] = leaders();
      const from = Number(leader.client.cursor.split(".")[1]);
      const items = Array.from({ length: seq - from }, (_, index) => item(from + index - 8, from + index + 1));
      world.frame({ type: "sync", items, removed: [], seq, position: 5, more: false, ...counters(seq - 9) });
      await world.advance(1_000);
      world.frame({ type: "heartbeat", seq, position: 5, ...counters(seq - 9) });
      await world.advance(1_000);
      for (const tab of tabs.filter((each) => !each.closed)) {
        assert.equal(tab.client.cursor, `e.${seq}.5`, `seed ${seed}`);
        assert.deepEqual(ids(tab.client.items), ids(leader.client.items), `seed ${seed}`);
      }
    }
  });
});

function generator(seed) {
  return () => (seed = (seed * 16807) % 2147483647) / 2147483647;
}

describe("what gets lost between tabs", () => {
  for (const [name, frames] of [
    ["a notification", [notify(2, 11), notify(3, 12)]],
    ["a broadcast", [{ type: "broadcast", kind: "new", item: said(2, 6), position: 6 }, { type: "broadcast", kind: "new", item: said(3, 7), position: 7 }]],
    ["before a page of a resume", [notify(2, 11), { type: "sync", items: [item(3, 12)], removed: [], seq: 12, position: 5, more: false, ...counters(3) }]],
    ["before a heartbeat", [{ type: "notifications", items: [item(2, 11), item(3, 12)], since: 10, seq: 12, ...counters(3) }, { type: "heartbeat", seq: 12, position: 5, ...counters(3) }]],
  ]) {
    test(`is healed by the leader: ${name}`, async () => {
      const [first, second] = await openLive(2);
      world.lost = ({ kind }) => kind === "frame";
      world.frame(frames[0]);
      await settle();
      world.lost = () => false;
      assert.deepEqual(lists(second), [[1]]);
      world.frame(frames[1]);
      await settle();
      assert.deepEqual(lists(first, second), [[3, 2, 1], [3, 2, 1]]);
      assert.equal(second.client.cursor, first.client.cursor);
      assert.deepEqual(second.client.counts, first.client.counts);
      assert.deepEqual(second.news.map(([id]) => id).sort(), [2, 3], "and is told after all");
      assert.equal(world.requests.length, 1);
    });
  }

  test("news of the status: the next frame has it", async () => {
    const [, second] = await openLive(2);
    world.socket.onclose({ code: 1006 });
    await settle();
    world.lost = () => true;
    await world.advance(2_000);
    world.hello();
    await settle();
    world.lost = () => false;
    assert.equal(second.client.status, "reconnecting");
    world.frame({ type: "heartbeat", seq: 10, position: 5, ...counters(1) });
    await settle();
    assert.equal(second.client.status, "live");
  });

  test("an answer to the first question does not come: the tab asks again", async () => {
    world.lost = ({ kind }) => kind === "state";
    const [, second] = await openLive(2);
    assert.deepEqual(lists(second), [[]]);
    world.lost = () => false;
    await world.advance(1_500);
    world.frame({ type: "heartbeat", seq: 10, position: 5, ...counters(1) });
    await settle();
    assert.deepEqual(lists(second), [[1]]);
  });
});

describe("signing out", () => {
  test("ends all tabs, and nothing is left to be seen or kept", async () => {
    await openLive(3);
    await world.advance(1_000);
    assert.ok(world.stored.size);
    world.server = () => ({ status: 401 });
    world.socket.onclose({ code: 4401 });
    await settle();
    assert.deepEqual(lists(...tabs), [[], [], []]);
    assert.equal(world.stored.size, 0);
    await world.advance(500);
    assert.deepEqual(tabs.map(({ client }) => client.status), ["signed_out", "signed_out", "signed_out"]);
    await world.advance(600_000);
    assert.equal(world.sockets.length, 1);
    assert.deepEqual(world.timers, []);
    assert.deepEqual(world.channels, []);
    assert.equal(world.locks.holders.size + world.locks.queue.length, 0);
  });

  test("is noticed by whichever tab asks over HTTP", async () => {
    const [, second] = await openLive(3);
    world.answers.push({ status: 401 });
    await assert.rejects(second.client.markRead(["1"]), { status: 401 });
    await settle();
    assert.deepEqual(tabs.map(({ client }) => client.status), ["signed_out", "signed_out", "signed_out"]);
    assert.equal(world.open.length, 0);
  });

  test("a server that wants nobody of us stops all tabs", async () => {
    await openLive(2);
    world.socket.onclose({ code: 4429 });
    await settle();
    assert.deepEqual(tabs.map(({ client }) => client.status), ["stopped", "stopped"]);
    assert.deepEqual(world.timers, []);
  });

  test("an answer to somebody who has gone changes nothing", async () => {
    const [first] = await openLive(1);
    let answer;
    world.answers.push(new Promise((resolve) => (answer = resolve)));
    first.client.markRead(["1"]);
    world.socket.onclose({ code: 4401 });
    world.server = () => page([item(7, 3)], "e.3.5", counters(1));
    await world.advance(500);
    answer({ items: [item(1, 11, { read_at: T0 })], removed: [], since: 10, seq: 11, ...counters(0) });
    await settle();
    assert.deepEqual(lists(first), [[7]]);
    assert.equal(first.client.cursor, "e.3.5");
  });
});
