// State changes: shown at once, confirmed or taken back, whatever frames come meanwhile.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { ClarionClient } from "../../notifications/javascript/client.js";
import { T0, World, counters, ids, item, page, said, settle } from "./world.mjs";

const LATER = "2030-02-01T00:00:00.000Z";

let world;
let client;
let errors;
/** Lets the request that waits be answered. */
let answer;

beforeEach(() => {
  world = new World();
  client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/", csrfToken: () => "token" }, world.tab().env);
  errors = [];
  client.addEventListener("error", ({ detail }) => errors.push(detail));
});

async function live(items, counts = counters(items.filter((entry) => !entry.read_at).length), next = null) {
  world.answers.push(page(items, "e.10.5", counts, next));
  client.start();
  await settle();
  world.hello();
  world.server = () => new Promise((resolve) => (answer = resolve));
}

const change = (since, seq, counts, items = [], more = {}) => ({ items, removed: [], since, seq, ...counts, ...more });
const shown = () => client.items.map((entry) => [Number(entry.id), Boolean(entry.seen_at), Boolean(entry.read_at)]);

describe("shown at once", () => {
  for (const [name, act, expected, counts] of [
    ["read", () => client.markRead(["1"]), [[2, false, false], [1, true, true]], [1, 1]],
    ["seen", () => client.markSeen(["1"]), [[2, false, false], [1, true, false]], [2, 1]],
    ["archive", () => client.archive(["2"]), [[1, false, false]], [1, 1]],
    ["snooze", () => client.snooze(["2"], LATER), [[1, false, false]], [1, 1]],
    ["read-all", () => client.readAll(), [[2, true, true], [1, true, true]], [0, 0]],
    ["seen-all", () => client.seenAll(), [[2, true, false], [1, true, false]], [2, 0]],
    ["read-all of a category", () => client.readAll({ category: "a" }), [[2, true, true], [1, false, false]], [1, 1]],
    ["seen-all of a thread", () => client.seenAll({ thread: "t" }), [[2, false, false], [1, true, false]], [2, 1]],
  ]) {
    test(name, async () => {
      await live([item(2, 10, { category: "a" }), item(1, 9, { thread: "t" })]);
      act();
      assert.deepEqual(shown(), expected);
      assert.deepEqual(client.counts, { unread: counts[0], unseen: counts[1] });
      await settle();
      answer({ status: 503 });
      await settle();
      assert.deepEqual(shown(), [[2, false, false], [1, false, false]]);
      assert.deepEqual(client.counts, { unread: 2, unseen: 2 });
      assert.equal(errors.length, 1);
    });
  }

  test("of one item, by its id alone", async () => {
    await live([item(12, 10), item(2, 9), item(1, 8)]);
    client.archive("12");
    assert.deepEqual(ids(client.items), [2, 1]);
    await settle();
    assert.deepEqual(world.requests.at(-1).body, { ids: ["12"] });
  });

  test("unread", async () => {
    await live([item(1, 9, { seen_at: T0, read_at: T0 })], counters(0));
    client.markUnread(["1"]);
    assert.deepEqual(shown(), [[1, true, false]]);
    assert.deepEqual(client.counts, { unread: 1, unseen: 0 });
  });

  test("what was put away comes back", async () => {
    await live([item(2, 10), item(1, 9)]);
    client.archive(["1"]);
    await settle();
    answer(change(10, 11, counters(1), [item(1, 11, { archived_at: T0 })]));
    await settle();
    assert.deepEqual(ids(client.items), [2]);
    const news = [];
    client.addEventListener("notification", ({ detail }) => news.push(detail));
    client.unarchive(["1"]);
    assert.deepEqual(ids(client.items), [2, 1]);
    assert.deepEqual(client.counts, { unread: 2, unseen: 2 });
    await settle();
    answer(change(11, 12, counters(2), [item(1, 12)]));
    await settle();
    client.snooze(["1"], new Date(LATER));
    assert.deepEqual(world.requests.at(-1).body, { ids: ["1"], until: LATER });
    await settle();
    answer(change(12, 13, counters(1), [item(1, 13, { snoozed_until: LATER })]));
    await settle();
    client.unsnooze(["1"]);
    assert.deepEqual(ids(client.items), [2, 1]);
    assert.deepEqual(news, [], "what one did oneself is no news");
  });

  test("archive-read takes what has been read, and nothing else", async () => {
    await live([item(3, 10), item(2, 9, { seen_at: T0, read_at: T0, category: "a" }), item(1, 8, { seen_at: T0, read_at: T0 })], counters(1));
    client.archiveRead({ category: "a" });
    assert.deepEqual(ids(client.items), [3, 1]);
    client.archiveRead();
    assert.deepEqual(ids(client.items), [3]);
    assert.deepEqual(client.counts, { unread: 1, unseen: 1 });
    await settle();
    assert.deepEqual(world.requests.slice(-2).map(({ url, body }) => [url, body]), [
      ["/inbox/archive-read", { cursor: "e.10.5", category: "a" }],
      ["/inbox/archive-read", { cursor: "e.10.5" }],
    ]);
  });

  test("all read includes what is not loaded here, and nothing that came since", async () => {
    await live([item(9, 10)], counters(40), "9");
    client.readAll();
    assert.deepEqual(client.counts, { unread: 0, unseen: 0 });
    world.frame({ type: "notifications", items: [item(12, 11)], since: 10, seq: 11, ...counters(41) });
    world.frame({ type: "broadcast", kind: "new", item: said(13, 6), position: 6 });
    assert.deepEqual(client.counts, { unread: 2, unseen: 2 });
    client.markRead(["12"]);
    assert.deepEqual(client.counts, { unread: 1, unseen: 1 });
    assert.deepEqual(shown(), [[13, false, false], [12, true, true], [9, true, true]]);
  });
});

describe("confirmed or taken back", () => {
  test("nothing flickers when the answer comes", async () => {
    await live([item(1, 10)]);
    const seen = [];
    client.addEventListener("change", () => seen.push(client.counts.unread));
    client.markRead(["1"]);
    await settle();
    answer(change(10, 11, counters(0), [item(1, 11, { seen_at: T0, read_at: T0 })]));
    await settle();
    world.frame({ type: "change", ...change(10, 11, counters(0), [item(1, 11, { seen_at: T0, read_at: T0 })]) });
    assert.deepEqual(new Set(seen), new Set([0]));
    assert.equal(client.items[0].read_at, T0, "the server's time");
  });

  test("nothing flickers when the frame overtakes the answer", async () => {
    await live([item(1, 10)]);
    const seen = [];
    client.addEventListener("change", () => seen.push(client.counts.unread));
    client.markRead(["1"]);
    await settle();
    const confirmed = change(10, 11, counters(0), [item(1, 11, { seen_at: T0, read_at: T0 })]);
    world.frame({ type: "change", ...confirmed });
    answer(confirmed);
    await settle();
    assert.deepEqual(new Set(seen), new Set([0]));
  });

  describe("nothing flickers when the answer overtakes", () => {
    let seen;
    const watch = () => {
      seen = [];
      for (const event of ["change", "items"]) client.addEventListener(event, () => seen.push([client.counts.unread, client.items.filter((entry) => !entry.read_at).length]));
    };

    test("the broadcasts that the inbox took in for it", async () => {
      await live([item(1, 10)], counters(1, 1, 5));
      world.frame({ type: "broadcast", kind: "new", item: said(2, 6), position: 6 });
      watch();
      const done = client.readAll();
      await settle();
      const all = change(11, 13, counters(0, 0, 6), [], { all_up_to: { seq: 10, position: 6, seen_at: T0, read_at: T0 } });
      answer(all);
      await done;
      world.frame({ type: "change", ...change(10, 11, counters(2, 2, 6), [item(2, 11, { position: 6 })]) });
      world.frame({ type: "change", ...all });
      assert.deepEqual([...new Set(seen.map(String))], ["0,0"]);
      assert.equal(client.items[0].read_at, T0, "the server's time");
      world.frame({ type: "notifications", items: [item(3, 14)], since: 13, seq: 14, ...counters(1, 1, 6) });
      world.frame({ type: "change", ...change(14, 15, counters(2, 2, 6), [item(1, 15)]) });
      assert.deepEqual([client.counts.unread, shown().filter(([, , isRead]) => !isRead).length], [2, 2], "and it is over");
    });

    test("what is too much for a frame", async () => {
      await live([item(1, 10)]);
      watch();
      const done = client.markRead(["1"]);
      await settle();
      answer(change(50, 50, counters(0)));
      await done;
      world.frame({ type: "sync", items: [item(7, 40, { read_at: T0 })], removed: [], seq: 40, position: 5, more: true, ...counters(0) });
      world.frame({ type: "sync", items: [item(1, 50, { read_at: T0 })], removed: [], seq: 50, position: 5, more: false, ...counters(0) });
      assert.deepEqual([...new Set(seen.map(String))], ["0,0"]);
      assert.equal(client.items.at(-1).read_at, T0);
    });

    test("a reset", async () => {
      await live([item(1, 10)]);
      watch();
      const done = client.markRead(["1"]);
      await settle();
      answer(change(900, 901, counters(0), [item(1, 901, { read_at: T0 })]));
      await done;
      world.frame({ type: "reset", reason: "epoch" });
      await settle();
      answer(page([item(1, 3)], "f.3.0", counters(1)));
      await settle();
      assert.deepEqual(seen.at(-1), [1, 1], "another database knows nothing of it");
      assert.deepEqual([...new Set(seen.slice(0, -2).map(String))], ["0,0"]);
    });
  });

  test("another device that did the contrary later wins", async () => {
    await live([item(1, 10)]);
    client.markRead(["1"]);
    await settle();
    world.frame({ type: "change", ...change(10, 11, counters(0), [item(1, 11, { seen_at: T0, read_at: T0 })]) });
    world.frame({ type: "change", ...change(11, 12, counters(1, 0), [item(1, 12, { seen_at: T0 })]) });
    answer(change(10, 11, counters(0), [item(1, 11, { seen_at: T0, read_at: T0 })]));
    await settle();
    assert.deepEqual(shown(), [[1, true, false]]);
    assert.deepEqual(client.counts, { unread: 1, unseen: 0 });
  });

  test("a refusal takes back its own change only, over whatever came since", async () => {
    await live([item(2, 10), item(1, 9)]);
    const refused = client.archive(["1"]);
    await settle();
    const refuse = answer;
    client.markRead(["2"]);
    world.frame({ type: "notifications", items: [item(3, 11)], since: 10, seq: 11, ...counters(3) });
    await settle();
    assert.deepEqual(ids(client.items), [3, 2]);
    refuse({ status: 422, detail: "no" });
    await assert.rejects(refused, { name: "ClarionError", status: 422 });
    assert.deepEqual(shown(), [[3, false, false], [2, true, true], [1, false, false]]);
    assert.deepEqual(client.counts, { unread: 2, unseen: 2 });
    assert.deepEqual(errors.map(({ action, ids: which, error }) => [action, which, error.status]), [["archive", ["1"], 422]]);
  });

  test("without a network the change is taken back, and whoever does not ask hears of it all the same", async () => {
    await live([item(1, 10)]);
    world.server = () => undefined;
    client.markRead(["1"]);
    assert.equal(client.counts.unread, 0);
    await settle();
    assert.equal(client.counts.unread, 1);
    assert.equal(errors[0].error.message, "network");
  });

  test("an answer that comes while a first page is loaded follows it", async () => {
    await live([item(1, 10)]);
    client.markRead(["1"]);
    await settle();
    const mark = answer;
    world.frame({ type: "reset", reason: "too_far" });
    await settle();
    mark(change(700, 701, counters(0), [item(1, 701, { seen_at: T0, read_at: T0 })]));
    await settle();
    assert.equal(client.counts.unread, 0);
    answer(page([item(1, 700)], "e.700.5", counters(1)));
    await settle();
    assert.deepEqual(client.counts, { unread: 0, unseen: 0 });
    assert.equal(client.cursor, "e.701.5");
  });

  test("an answer that comes while a first page is loaded does not bring back what was archived after it", async () => {
    await live([item(1, 10)]);
    client.markRead(["1"]);
    await settle();
    const mark = answer;
    world.frame({ type: "reset", reason: "too_far" });
    await settle();
    mark(change(700, 701, counters(0), [item(1, 701, { seen_at: T0, read_at: T0 })]));
    answer(page([item(2, 703)], "e.703.5", counters(1)));
    await settle();
    assert.deepEqual(shown(), [[2, false, false]]);
  });

  test("an answer that comes while a first page is loaded stays shown though the page fails", async () => {
    await live([item(2, 10), item(1, 9)]);
    world.frame({ type: "reset", reason: "too_far" });
    const page503 = answer;
    const done = client.archive(["1"]);
    await settle();
    answer(change(20, 21, counters(1), [item(1, 21, { archived_at: T0 })]));
    await done;
    page503({ status: 503 });
    await settle();
    client.markSeen(["2"]);
    assert.deepEqual(ids(client.items), [2]);
    world.answers.push(page([item(2, 10), item(1, 22)], "e.22.5", counters(2)));
    await world.advance(3_000);
    assert.deepEqual(ids(client.items), [2, 1], "another device took it out again");
  });

  test("lists that were handed out stay as they were", async () => {
    await live([item(1, 10)]);
    const before = client.items;
    client.markRead(["1"]);
    assert.equal(before[0].read_at, null);
    assert.notEqual(client.items, before);
    assert.equal(client.items, client.items, "and are made once");
  });

  test("counts are told when they change, and only then", async () => {
    const told = [];
    client.addEventListener("counts", ({ detail }) => told.push(detail));
    await live([item(1, 10)]);
    client.markRead(["1"]);
    world.frame({ type: "heartbeat", seq: 10, position: 5, ...counters(1) });
    assert.deepEqual(told, [{ unread: 1, unseen: 1 }, { unread: 0, unseen: 0 }]);
  });
});

describe("older pages", () => {
  for (const [name, happens] of [
    ["all was read", () => world.frame({ type: "change", ...change(10, 12, counters(0), [], { all_up_to: { seq: 10, position: 5, seen_at: T0, read_at: T0 } }) })],
    ["a reset", async () => {
      world.answers.push(page([item(9, 900)], "e.900.5", counters(0), "9"));
      world.frame({ type: "reset", reason: "too_far" });
      await settle();
    }],
  ]) {
    test(`that were read before ${name} are asked for again`, async () => {
      await live([item(9, 10)], counters(2), "9");
      let first;
      world.answers.push(new Promise((resolve) => (first = resolve)));
      const done = client.loadOlder();
      await happens();
      world.answers.push(page([item(4, 700, { title: "as it is now" })], "e.900.5", counters(0)));
      first(page([item(5, 5), item(4, 4)], "e.10.5", counters(2), "4"));
      await done;
      assert.deepEqual(client.items.slice(1).map(({ title }) => title), ["as it is now"]);
      assert.equal(client.hasOlder, false);
    });
  }
});

describe("in order", () => {
  const asked = () => world.requests.slice(1).map(({ url, body }) => [url.split("/").at(-1), body.ids]);

  test("what concerns the same item is asked for when the earlier is done, however often one changes one's mind", async () => {
    await live([item(2, 10), item(1, 9)]);
    client.archive(["1"]);
    client.unarchive(["1"]);
    client.archive(["1", "2"]);
    assert.deepEqual(ids(client.items), []);
    await settle();
    assert.deepEqual(asked(), [["archive", ["1"]]]);
    answer({ status: 503 });
    await settle();
    assert.deepEqual(asked().slice(1), [["unarchive", ["1"]]], "also after one that was refused");
    answer(change(10, 10, counters(2)));
    await settle();
    assert.deepEqual(asked().slice(2), [["archive", ["1", "2"]]]);
    answer(change(10, 11, counters(0), [item(2, 11, { archived_at: T0 }), item(1, 12, { archived_at: T0 })]));
    await settle();
    assert.deepEqual(ids(client.items), []);
  });

  test("all of them are among those that concern an item", async () => {
    await live([item(2, 10), item(1, 9)]);
    client.readAll();
    client.markUnread(["1"]);
    await settle();
    assert.equal(asked().length, 1);
    answer(change(10, 12, counters(0), [item(2, 11, { read_at: T0, seen_at: T0 }), item(1, 12, { read_at: T0, seen_at: T0 })]));
    await settle();
    assert.deepEqual(asked().at(-1), ["unread", ["1"]]);
    assert.deepEqual(client.counts.unread, 1);
  });

  test("nobody waits for what concerns others, or what has merely been seen", async () => {
    await live([item(2, 10), item(1, 9)]);
    client.seenAll();
    client.markRead(["1"]);
    client.archive(["2"]);
    client.markSeen(["1"]);
    assert.equal(asked().length, 4, "at once: whoever clicked may be leaving the page");
  });

  test("what waits is not asked for by the next login", async () => {
    await live([item(1, 9)]);
    client.archive(["1"]);
    const second = client.unarchive(["1"]);
    await settle();
    answer({ status: 401 });
    await settle();
    await second;
    assert.equal(asked().length, 1);
    assert.equal(client.status, "signed_out");
  });
});

describe("time", () => {
  const at = (ms) => new Date(ms).toISOString();

  test("what expires leaves the list by itself, one timer for all", async () => {
    await live([item(3, 10, { expires_at: at(50_000) }), item(2, 9, { expires_at: at(5_000) }), item(1, 8, { expires_at: at(0) })], counters(3));
    world.frame({ type: "broadcast", kind: "new", item: said(4, 6, { expires_at: at(5_000) }), position: 6 });
    assert.deepEqual(ids(client.items), [4, 3, 2]);
    assert.equal(client.counts.unread, 4);
    const changes = [];
    client.addEventListener("change", () => changes.push(ids(client.items)));
    await world.advance(4_999);
    assert.deepEqual(changes, []);
    await world.advance(1);
    assert.deepEqual(changes, [[3]]);
    assert.equal(client.counts.unread, 3, "the server settles what its inbox has");
    assert.equal(world.timers.filter((timer) => timer.at === 50_000).length, 1);
  });

  test("a broadcast that is counted, but older than the list, is not counted any more", async () => {
    await live([item(9, 10)], counters(1, 1, 5), "9");
    world.frame({ type: "broadcast", kind: "new", item: said(4, 6, { expires_at: at(5_000) }), position: 6 });
    assert.deepEqual([ids(client.items), client.counts.unread], [[9], 2]);
    const told = [];
    client.addEventListener("counts", ({ detail }) => told.push(detail.unread));
    await world.advance(5_000);
    assert.deepEqual(told, [1]);
  });

  test("nothing is left running by an answer to a client that has stopped", async () => {
    await live([item(1, 10, { expires_at: at(90_000) })]);
    client.markSeen(["1"]);
    await settle();
    client.stop();
    answer(change(10, 11, counters(1, 0), [item(1, 11, { seen_at: T0, expires_at: at(90_000) })]));
    await settle();
    assert.equal(client.cursor, "e.11.5");
    assert.deepEqual(world.timers, []);
  });

  test("what is far away does not end at once", async () => {
    await live([item(1, 10, { expires_at: "2100-01-01T00:00:00Z" })]);
    const before = world.timers.length;
    assert.ok(world.timers.every((timer) => timer.at - world.time < 2 ** 31));
    await world.advance(10);
    assert.equal(world.timers.length, before);
    assert.deepEqual(ids(client.items), [1]);
  });

  test("what wakes up from a snooze is news; what is unarchived elsewhere is not", async () => {
    const news = [];
    client.addEventListener("notification", ({ detail }) => news.push(Number(detail.item.id)));
    await live([item(2, 10), item(1, 9)]);
    world.frame({ type: "change", ...change(10, 12, counters(0), [item(1, 11, { snoozed_until: at(90_000) }), item(2, 12, { archived_at: T0 })]) });
    await world.advance(20_000);
    world.frame({ type: "change", ...change(12, 13, counters(1), [item(2, 13)]) });
    world.frame({ type: "change", ...change(13, 14, counters(2), [item(5, 14, { seen_at: T0 })]) });
    assert.deepEqual(news, []);
    await world.advance(70_000);
    world.frame({ type: "change", ...change(14, 15, counters(2), [item(1, 15)]) });
    assert.deepEqual(news, [1]);
    assert.deepEqual(ids(client.items), [5, 2, 1]);
  });
});

describe("asking", () => {
  test("lists of another kind leave the list alone", async () => {
    await live([item(1, 10)]);
    world.answers.push(page([item(7, 3, { archived_at: T0 })], "e.10.5", counters(1), "7"));
    const { items, next } = await client.list({ archived: true, unread: false, category: "a b", limit: 20 });
    assert.deepEqual([ids(items), next], [[7], "7"]);
    assert.equal(world.requests.at(-1).url, "/inbox/?archived=true&category=a+b&limit=20");
    assert.deepEqual(ids(client.items), [1]);
  });

  test("choices and topics", async () => {
    await live([]);
    world.server = () => ({ ok: true });
    await client.optOut("news");
    await client.optIn("news");
    await client.mute({ thread: "t" });
    await client.mute({ category: "news", until: new Date(LATER) });
    await client.unmute({ category: "news" });
    await client.subscribe("cooking");
    await client.unsubscribe("cooking");
    await client.choices();
    await client.topics();
    const sent = world.requests.slice(1).map(({ method, url, body }) => [method, url, body && JSON.parse(JSON.stringify(body))]);
    assert.deepEqual(sent, [
      ["POST", "/inbox/opt-out", { category: "news" }],
      ["POST", "/inbox/opt-in", { category: "news" }],
      ["POST", "/inbox/mute", { thread: "t", until: null }],
      ["POST", "/inbox/mute", { category: "news", until: LATER }],
      ["POST", "/inbox/unmute", { category: "news" }],
      ["POST", "/inbox/topics/subscribe", { topic: "cooking" }],
      ["POST", "/inbox/topics/unsubscribe", { topic: "cooking" }],
      ["GET", "/inbox/choices", undefined],
      ["GET", "/inbox/topics", undefined],
    ]);
  });

  test("an answer without content is none", async () => {
    await live([]);
    world.server = () => ({ status: 204 });
    assert.equal(await client.optOut("news"), null);
  });
});

describe("a server that is overloaded", () => {
  test("says when to come back, and neither timers nor people are quicker", async () => {
    for (const [value, wait] of [["30", 30_000], [new Date(45_000).toUTCString(), 45_000], ["100000", 600_000]]) {
      world = new World();
      client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/" }, world.tab().env);
      world.answers.push({ status: 503, headers: { "Retry-After": value } });
      client.start();
      await settle();
      world.server = () => page([], "e.10.5", counters(0));
      await world.advance(wait - 1);
      client.woke();
      client.networkChanged(true);
      await settle();
      assert.equal(world.requests.length, 1, value);
      await world.advance(2_000);
      assert.equal(world.requests.length, 2, value);
      assert.equal(world.sockets.length, 1);
    }
  });

  test("also when it is the ticket that it has no time for", async () => {
    client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/", ticketUrl: "/ticket", csrfToken: () => "token" }, world.tab().env);
    world.answers.push(page([], "e.10.5", counters(0)), { status: 429, headers: { "Retry-After": "30" } });
    client.start();
    await settle();
    assert.equal(world.sockets.length, 0);
    world.answers.push({ ticket: "a~b" });
    await world.advance(32_000);
    assert.deepEqual(world.socket.protocols, ["clarion.v1", "ticket.a~b"]);
  });

  test("refuses a change with the time after which to try again", async () => {
    await live([item(1, 10)]);
    world.answers.push({ status: 429, headers: { "Retry-After": "7" }, code: "too_many", detail: "Slowly." });
    await assert.rejects(client.markRead(["1"]), { status: 429, code: "too_many", message: "Slowly.", retryAfter: 7_000 });
  });
});

/** An inbox that does what clients ask for, as the server does, and tells of it. */
class Inbox {
  seq = 0;
  items = new Map();

  counters() {
    const listed = [...this.items.values()].filter((entry) => !entry.archived_at && !entry.snoozed_until);
    return counters(listed.filter((entry) => !entry.read_at).length, listed.filter((entry) => !entry.seen_at).length);
  }

  arrive() {
    const id = this.items.size + 1;
    return this.#tell([item(id, 0, { category: id % 2 ? "a" : "b" })], "notifications");
  }

  perform(action, body) {
    const chosen = body.ids ? body.ids.map((id) => this.items.get(id)) : [...this.items.values()].filter((entry) => entry.seq <= Number(body.cursor.split(".")[1]));
    const isAway = (entry) => entry.archived_at || entry.snoozed_until;
    const concerned = chosen.filter((entry) => (body.ids || !isAway(entry)) && (body.category ? entry.category === body.category : true) && (action === "archive-read" ? entry.read_at : true));
    const after = concerned.map((entry) => ({ ...entry, ...this.#effect(action, entry, body) }));
    const changed = after.filter((entry) => JSON.stringify(entry) !== JSON.stringify(this.items.get(entry.id)));
    return this.#tell(changed, "change");
  }

  #effect(action, entry, { until }) {
    const seen = { seen_at: entry.seen_at ?? T0 };
    const read = { ...seen, read_at: entry.read_at ?? T0 };
    const archive = { archived_at: entry.archived_at ?? T0, snoozed_until: null };
    const snooze = { ...seen, archived_at: null, snoozed_until: until };
    return {
      seen, read, archive, "seen-all": seen, "read-all": read, "archive-read": archive,
      unread: { read_at: null }, unarchive: { archived_at: null }, snooze, unsnooze: { snoozed_until: null },
    }[action];
  }

  #tell(items, type) {
    const since = this.seq;
    for (const entry of items) {
      this.seq += 1;
      this.items.set(entry.id, { ...entry, seq: this.seq });
    }
    return { type, items: items.map(({ id }) => this.items.get(id)), removed: [], since, seq: this.seq, ...this.counters() };
  }
}

test("people on two devices do everything at once: in the end both show what the server has", async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    let state = seed;
    const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
    const pick = (list) => list[Math.floor(random() * list.length)];
    world = new World();
    const inbox = new Inbox();
    for (let count = 0; count < 4; count += 1) inbox.arrive();
    const waiting = [];
    const delayed = [];
    world.server = ({ method, url, body }) => {
      if (method === "GET") return page([...inbox.items.values()].reverse(), `e.${inbox.seq}.0`, inbox.counters());
      if (random() < 0.2) return { status: 500 };
      return new Promise((resolve) => waiting.push(() => {
        const told = inbox.perform(url.split("/").at(-1), body);
        delayed.push(told);
        // The answer may come long after the frame, or before.
        waiting.push(() => resolve(told));
      }));
    };
    client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/" }, world.tab().env);
    client.start();
    await settle();
    world.hello({ seq: inbox.seq });
    for (let step = 0; step < 60; step += 1) {
      const id = String(1 + Math.floor(random() * inbox.items.size));
      pick([
        () => delayed.push(inbox.arrive()),
        () => delayed.push(inbox.perform(pick(["read", "unread", "archive", "unarchive"]), { ids: [id] })),
        () => pick([client.markRead, client.markUnread, client.markSeen, client.archive, client.unarchive, client.unsnooze]).call(client, [id]),
        () => client.snooze([id], LATER),
        () => pick([client.readAll, client.seenAll, client.archiveRead]).call(client, pick([undefined, { category: "a" }])),
        () => waiting.splice(Math.floor(random() * waiting.length), 1)[0]?.(),
        () => waiting.splice(Math.floor(random() * waiting.length), 1)[0]?.(),
        () => delayed.length && world.frame(delayed.shift()),
      ])();
      await settle();
      const { unread } = client.counts;
      assert.ok(unread >= 0 && unread <= inbox.items.size, `seed ${seed}`);
    }
    while (waiting.length || delayed.length) {
      waiting.shift()?.();
      if (delayed.length) world.frame(delayed.shift());
      await settle();
    }
    await world.advance(300);
    const listed = [...inbox.items.values()].filter((entry) => !entry.archived_at && !entry.snoozed_until).reverse();
    assert.deepEqual(client.items, listed, `seed ${seed}`);
    assert.deepEqual(client.counts, (({ unread, unseen }) => ({ unread, unseen }))(inbox.counters()), `seed ${seed}`);
    assert.equal(client.cursor, `e.${inbox.seq}.0`);
    client.stop();
  }
});
