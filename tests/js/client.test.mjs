// The browser client without a browser: merge rules, cursor, and the connection's decisions under a clock of ours.
import assert from "node:assert/strict";
import { test, describe, beforeEach } from "node:test";

import { CLOSE_CODES, Mailbox, ClarionClient, afterClose, backoff } from "../../notifications/javascript/client.js";
import { T0, World, counters, ids, item, page, said, settle } from "./world.mjs";

function loaded(items = [], cursor = "e.10.5", counts = counters(items.length), next = null) {
  const mailbox = new Mailbox();
  mailbox.load(page(items, cursor, counts, next));
  return mailbox;
}

describe("Mailbox", () => {
  test("a frame that follows the cursor moves it and brings the counters", () => {
    const mailbox = loaded([item(1, 10)]);
    const { arrived, behind } = mailbox.apply({ type: "notifications", items: [item(2, 11)], since: 10, seq: 11, ...counters(2) });
    assert.deepEqual(ids(arrived), [2]);
    assert.equal(behind, null);
    assert.equal(mailbox.cursor, "e.11.5");
    assert.deepEqual(mailbox.counts(0), { unread: 2, unseen: 2 });
    assert.deepEqual(ids(mailbox.list(0)), [2, 1]);
  });

  test("the same frame twice changes nothing", () => {
    const mailbox = loaded();
    const frame = { type: "notifications", items: [item(2, 11)], since: 10, seq: 11, ...counters(1) };
    mailbox.apply(frame);
    const { arrived } = mailbox.apply(frame);
    assert.deepEqual(arrived, []);
    assert.deepEqual(ids(mailbox.list(0)), [2]);
    assert.equal(mailbox.cursor, "e.11.5");
  });

  test("an older frame leaves cursor and counters, and brings nothing that the page would have had", () => {
    const mailbox = loaded([item(1, 4)], "e.10.5", counters(7));
    const { arrived } = mailbox.apply({ type: "notifications", items: [item(3, 8), item(1, 8, { body: "new" })], since: 7, seq: 8, ...counters(1) });
    assert.equal(mailbox.cursor, "e.10.5");
    assert.equal(mailbox.counts(0).unread, 7);
    assert.deepEqual(mailbox.list(0).map(({ id, body }) => [id, body]), [["1", "new"]], "the other had left before the page was read");
    assert.deepEqual(arrived, []);
    mailbox.append(page([item(0, 2)], "e.10.5", counters(7)));
    assert.deepEqual(ids(mailbox.list(0)), [1, 0]);
  });

  test("of two states of an item the higher seq wins, in either order", () => {
    for (const order of [[11, 12], [12, 11]]) {
      const mailbox = loaded([item(1, 10)]);
      for (const seq of order) {
        mailbox.apply({ type: "change", items: [item(1, seq, { body: `state ${seq}` })], removed: [], since: seq - 1, seq, ...counters(1) });
      }
      assert.equal(mailbox.list(0)[0].body, "state 12");
    }
  });

  test("a gap keeps the cursor and says how far the server is", () => {
    const mailbox = loaded();
    const { behind } = mailbox.apply({ type: "notifications", items: [item(3, 13)], since: 12, seq: 13, ...counters(3) });
    assert.equal(behind.seq, 13);
    assert.equal(mailbox.cursor, "e.10.5");
    mailbox.apply({ type: "sync", items: [item(2, 12), item(3, 13)], removed: [], seq: 13, position: 5, more: false, ...counters(2) });
    assert.equal(mailbox.cursor, "e.13.5");
    assert.deepEqual(mailbox.counts(0), { unread: 2, unseen: 2 });
  });

  test("a frame that overlaps the cursor moves it on", () => {
    const mailbox = loaded();
    mailbox.apply({ type: "notifications", items: [item(3, 12)], since: 8, seq: 12, ...counters(2) });
    assert.equal(mailbox.cursor, "e.12.5");
  });

  test("what left the list is not brought back by a late frame, but by a newer one", () => {
    const mailbox = loaded([item(1, 10)]);
    mailbox.apply({ type: "change", items: [item(1, 11, { archived_at: T0 })], removed: [], since: 10, seq: 11, ...counters(0) });
    assert.deepEqual(mailbox.list(0), []);
    mailbox.apply({ type: "notifications", items: [item(1, 9)], since: 8, seq: 9, ...counters(1) });
    assert.deepEqual(mailbox.list(0), []);
    mailbox.apply({ type: "change", items: [item(1, 12)], removed: [], since: 11, seq: 12, ...counters(1) });
    assert.deepEqual(ids(mailbox.list(0)), [1]);
  });

  test("removed ids leave the list, unless a newer state is known", () => {
    const mailbox = loaded([item(1, 9), item(2, 10)], "e.10.5");
    mailbox.apply({ type: "change", items: [item(2, 12)], removed: [], since: 11, seq: 12, ...counters(2) });
    mailbox.apply({ type: "change", items: [], removed: ["1", "2"], since: 10, seq: 11, ...counters(0) });
    assert.deepEqual(ids(mailbox.list(0)), [2]);
  });

  test("a broadcast counts until the inbox has taken it in, once", () => {
    const mailbox = loaded([], "e.10.5", counters(1, 1, 5));
    mailbox.apply({ type: "broadcast", kind: "new", item: said(9, 6), position: 6 });
    mailbox.apply({ type: "broadcast", kind: "new", item: said(9, 6), position: 6 });
    assert.equal(mailbox.cursor, "e.10.6");
    assert.deepEqual(mailbox.counts(0), { unread: 2, unseen: 2 });
    mailbox.apply({ type: "change", items: [item(9, 11, { position: 6 })], removed: [], since: 10, seq: 11, ...counters(2, 2, 6) });
    assert.deepEqual(mailbox.counts(0), { unread: 2, unseen: 2 });
    assert.deepEqual(ids(mailbox.list(0)), [9]);
    mailbox.apply({ type: "broadcast", kind: "new", item: said(9, 6), position: 6 });
    assert.equal(mailbox.list(0)[0].seq, 11);
  });

  test("an expired broadcast does not count", () => {
    const mailbox = loaded([], "e.0.0", counters(0));
    mailbox.apply({ type: "broadcast", kind: "new", item: said(9, 1, { expires_at: T0 }), position: 1 });
    assert.equal(mailbox.counts(Date.parse(T0) - 1).unread, 1);
    assert.equal(mailbox.counts(Date.parse(T0)).unread, 0);
  });

  test("the position goes back only with a sync, which catches up with a topic that was joined", () => {
    const mailbox = loaded([], "e.0.5");
    mailbox.apply({ type: "broadcast", kind: "new", item: said(2, 8), position: 8 });
    mailbox.apply({ type: "broadcast", kind: "new", item: said(1, 7), position: 7 });
    assert.equal(mailbox.cursor, "e.0.8");
    mailbox.apply({ type: "sync", items: [said(3, 6)], removed: [], seq: 0, position: 6, more: true, ...counters(0) });
    assert.equal(mailbox.cursor, "e.0.6");
  });

  test("what was updated in the log meanwhile comes with a sync, and stays read", () => {
    const mailbox = loaded([item(1, 10)], "e.10.8");
    mailbox.apply({ type: "broadcast", kind: "new", item: said(2, 9, { read_at: T0 }), position: 9 });
    const items = [said(2, 9, { body: "new" }), said(1, 3, { body: "from the log" })];
    const { arrived } = mailbox.apply({ type: "sync", items, removed: [], seq: 10, position: 12, more: false, ...counters(1) });
    assert.deepEqual(ids(arrived), []);
    const [two, one] = mailbox.list(0);
    assert.deepEqual([two.body, two.seq, two.position, two.read_at], ["new", null, 9, T0]);
    assert.notEqual(one.body, "from the log", "what the inbox has taken in is changed as an item");
  });

  test("all_up_to reaches what it says and nothing newer", () => {
    const mailbox = loaded([item(1, 9), item(2, 10)], "e.10.5", counters(2, 2, 5));
    mailbox.apply({ type: "broadcast", kind: "new", item: said(3, 6), position: 6 });
    mailbox.apply({ type: "broadcast", kind: "new", item: said(4, 7), position: 7 });
    mailbox.apply({ type: "notifications", items: [item(5, 11)], since: 10, seq: 11, ...counters(3, 3, 5) });
    const before = mailbox.list(0);
    mailbox.apply({
      type: "change", items: [], removed: [], since: 11, seq: 14, ...counters(1, 1, 6),
      all_up_to: { seq: 10, position: 6, seen_at: T0, read_at: T0 },
    });
    assert.deepEqual(mailbox.list(0).map((entry) => [Number(entry.id), entry.seq, entry.read_at]),
      [[5, 11, null], [4, null, null], [3, null, T0], [2, 14, T0], [1, 14, T0]]);
    assert.deepEqual(mailbox.counts(0), { unread: 2, unseen: 2 });
    assert.equal(before.at(-1).read_at, null, "a list handed out earlier stays as it was");
  });

  test("all_up_to leaves the seq of what was so already: another one, from before, reaches it", () => {
    const mailbox = loaded([item(2, 10), item(1, 9, { seen_at: T0, read_at: T0 })], "e.10.5", counters(1));
    const all = (since, seq, more) => mailbox.apply({ type: "change", items: [], removed: [], since, seq, ...counters(0), all_up_to: { seq: 10, position: 5, ...more } });
    all(10, 11, { seen_at: T0, read_at: T0 });
    assert.deepEqual(mailbox.list(0).map(({ seq }) => seq), [11, 9]);
    all(11, 12, { archived_at: T0, only_read: true });
    assert.deepEqual(ids(mailbox.list(0)), [2], "it was not read as of then");
  });

  test("all_up_to waits for a gap before it to be filled, and does not count twice", () => {
    const mailbox = loaded([item(1, 5)], "e.5.0", counters(1));
    const all = {
      type: "change", items: [], removed: [], since: 9, seq: 10, ...counters(0), all_up_to: { seq: 9, position: 0, read_at: T0 },
    };
    assert.deepEqual(mailbox.apply(all).behind, { seq: 10, position: 0 });
    assert.equal(mailbox.list(0)[0].read_at, null, "it may have changed after the seq known here");
    mailbox.apply({ type: "sync", items: [item(1, 12)], removed: [], seq: 12, position: 0, more: false, ...counters(1) });
    mailbox.apply(all);
    assert.equal(mailbox.list(0)[0].read_at, null, "it was marked unread after all were read");
  });

  test("hello never moves the cursor and only sets counters that are unknown", () => {
    const mailbox = new Mailbox();
    mailbox.apply({ type: "hello", epoch: "e", seq: 99, position: 99, heartbeat_seconds: 30, ...counters(4) });
    assert.equal(mailbox.cursor, null);
    assert.equal(mailbox.counts(0).unread, 4);
    mailbox.apply({ type: "hello", epoch: "e", seq: 99, position: 99, heartbeat_seconds: 30, ...counters(5) });
    assert.equal(mailbox.counts(0).unread, 4);
  });

  test("a heartbeat further on asks for a resume; an equal one corrects the counters", () => {
    const mailbox = loaded([], "e.10.5", counters(3));
    assert.deepEqual(mailbox.apply({ type: "heartbeat", seq: 11, position: 5, ...counters(9) }).behind, { seq: 11, position: 5 });
    assert.equal(mailbox.counts(0).unread, 3);
    assert.equal(mailbox.apply({ type: "heartbeat", seq: 10, position: 5, ...counters(2) }).behind, null);
    assert.equal(mailbox.counts(0).unread, 2);
    assert.equal(mailbox.apply({ type: "heartbeat", seq: 10, position: 9, ...counters(2) }).behind, null);
    assert.equal(mailbox.cursor, "e.10.9", "what passed by without a frame was for others");
    assert.equal(mailbox.apply({ type: "heartbeat", seq: 9, position: 5, ...counters(8) }).behind, null);
    assert.equal(mailbox.counts(0).unread, 2);
  });

  test("pages of a resume move the cursor one after the other", () => {
    const mailbox = loaded([item(1, 10)]);
    mailbox.apply({ type: "sync", items: [item(2, 11)], removed: ["1"], seq: 11, position: 5, more: true, ...counters(2) });
    assert.equal(mailbox.cursor, "e.11.5");
    mailbox.apply({ type: "sync", items: [item(3, 12)], removed: [], seq: 12, position: 9, more: false, ...counters(2) });
    assert.equal(mailbox.cursor, "e.12.9");
    assert.deepEqual(ids(mailbox.list(0)), [3, 2]);
  });

  test("an item older than the pages loaded is not listed before its page is", () => {
    const mailbox = loaded([item(20, 10), item(19, 9)], "e.10.5", counters(3), "19");
    mailbox.apply({ type: "change", items: [item(3, 11, { read_at: T0 })], removed: [], since: 10, seq: 11, ...counters(2) });
    assert.deepEqual(ids(mailbox.list(0)), [20, 19]);
    mailbox.append(page([item(18, 8), item(3, 2)], "e.11.5", counters(2)));
    assert.deepEqual(ids(mailbox.list(0)), [20, 19, 18, 3]);
    assert.equal(mailbox.list(0).at(-1).read_at, T0);
  });

  test("ids sort as numbers", () => {
    assert.deepEqual(ids(loaded([item(9, 1), item(10, 2), item(100, 3)]).list(0)), [100, 10, 9]);
  });

  test("an update that was overtaken does not undo the newer one; nor does what was retracted come back", () => {
    const mailbox = loaded([], "e.10.5");
    const told = (kind, position, title) => mailbox.apply({ type: "broadcast", kind, item: said(9, 6, { title }), id: "9", position });
    told("new", 6, "first");
    told("update", 8, "third");
    told("update", 7, "second");
    assert.deepEqual(mailbox.list(0).map(({ title }) => title), ["third"]);
    told("retract", 9);
    told("new", 6, "first");
    assert.deepEqual(mailbox.list(0), []);
    mailbox.apply({ type: "broadcast", kind: "retract", id: "11", position: 12 });
    mailbox.apply({ type: "broadcast", kind: "new", item: said(11, 10), position: 10 });
    assert.deepEqual(mailbox.list(0), [], "the retraction came first");
  });

  test("an update keeps what was read and where it was said", () => {
    const mailbox = loaded([], "e.10.5", counters(0, 0, 5));
    mailbox.apply({ type: "broadcast", kind: "new", item: said(9, 6), position: 6 });
    mailbox.apply({ type: "change", items: [], removed: [], since: 10, seq: 11, ...counters(0, 0, 6), all_up_to: { seq: 10, position: 6, seen_at: T0, read_at: T0 } });
    mailbox.apply({ type: "broadcast", kind: "update", item: said(9, 7), position: 7 });
    assert.deepEqual(mailbox.counts(0), { unread: 0, unseen: 0 });
    assert.equal(mailbox.list(0)[0].read_at, T0);
  });

  test("a snapshot is enough to go on from, and as short as it may be", () => {
    const mailbox = loaded([item(4, 10), item(3, 9), item(2, 8, { expires_at: T0 }), item(1, 7)], "e.10.5", counters(4), "1");
    mailbox.apply({ type: "change", items: [item(3, 11, { archived_at: T0 })], removed: ["4"], since: 10, seq: 11, ...counters(2) });
    const other = new Mailbox();
    other.restore(structuredClone(mailbox.snapshot(50, 0)));
    assert.deepEqual([other.cursor, other.next, other.list(0), other.counts(0)], [mailbox.cursor, "1", mailbox.list(0), mailbox.counts(0)]);
    other.apply({ type: "notifications", items: [item(4, 10), item(3, 10)], since: 9, seq: 10, ...counters(9) });
    assert.deepEqual(ids(other.list(0)), [2, 1], "late frames bring nothing back");
    other.restore(mailbox.snapshot(1, 0));
    assert.deepEqual([ids(other.list(0)), other.next], [[2], "2"]);
  });

  test("frames of a later version are ignored", () => {
    const mailbox = loaded();
    assert.deepEqual(mailbox.apply({ type: "hologram", seq: 99 }), { arrived: [], behind: null, items: [], removed: [] });
    mailbox.apply({ type: "broadcast", kind: "sing", id: "4", position: 6 });
    assert.equal(mailbox.cursor, "e.10.6");
  });
});

test("any order of late, repeated and reordered frames ends in the same list", () => {
  // Eight state changes of three items, each one frame; afterwards one resume from wherever the cursor got stuck.
  const history = [1, 2, 3, 1, 2, 3, 1, 2].map((id, index) =>
    item(id, index + 1, { body: `state ${index + 1}`, archived_at: index === 5 ? T0 : null }));
  const final = new Map(history.map((entry) => [entry.id, entry]));
  const random = generator(42);
  for (let round = 0; round < 300; round += 1) {
    const mailbox = loaded([], "e.0.0", counters(0));
    const frames = history.map((entry) => ({ type: "change", items: [entry], removed: [], since: entry.seq - 1, seq: entry.seq, ...counters(entry.seq) }));
    const stream = frames.filter(() => random() < 0.8).concat(frames.filter(() => random() < 0.3)).sort(() => random() - 0.5);
    for (const frame of stream) mailbox.apply(frame);
    const from = mailbox.point.seq;
    mailbox.apply({ type: "sync", items: [...final.values()].filter((entry) => entry.seq > from), removed: [], seq: 8, position: 0, more: false, ...counters(2) });
    assert.deepEqual(mailbox.list(0).map((entry) => [entry.id, entry.body]), [["2", "state 8"], ["1", "state 7"]]);
    assert.equal(mailbox.cursor, "e.8.0");
    assert.equal(mailbox.counts(0).unread, from === 8 ? mailbox.counts(0).unread : 2);
  }
});

function generator(seed) {
  return () => (seed = (seed * 16807) % 2147483647) / 2147483647;
}

test("jitter stays between half a second and twenty, and grows", () => {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    assert.equal(backoff(attempt, () => 0), 500);
    assert.ok(backoff(attempt, () => 0.999999) <= 20_000);
  }
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((attempt) => Math.round(backoff(attempt, () => 1))), [2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
});

test("close codes", () => {
  for (const code of [1000, 1001, 1006, 1011, 1012, 4000, 4399, 4500]) assert.equal(afterClose(code), "reconnect");
  for (const code of [4400, 4402, 4499]) assert.equal(afterClose(code), "stopped");
  assert.equal(afterClose(4401), "signed_out");
  for (const { number, reconnect } of Object.values(CLOSE_CODES)) assert.equal(afterClose(number) === "reconnect", reconnect);
});

describe("ClarionClient", () => {
  let world;
  let client;
  let statuses;

  beforeEach(() => {
    world = new World();
    client = new ClarionClient({ socketUrl: "ws://h/ws/notifications/", apiUrl: "/api/v1/inbox/", csrfToken: () => "token" }, world.tab().env);
    statuses = [];
    client.addEventListener("status", (event) => statuses.push(event.detail.status));
  });

  async function live(items = []) {
    world.answers.push(page(items, "e.10.5", counters(items.length)));
    client.start();
    await settle();
    world.hello();
  }

  test("loads the first page, then connects with its cursor", async () => {
    await live([item(1, 10)]);
    assert.equal(world.socket.url, "ws://h/ws/notifications/?cursor=e.10.5");
    assert.deepEqual(world.socket.protocols, ["clarion.v1"]);
    assert.deepEqual(statuses, ["connecting", "live"]);
    assert.deepEqual(ids(client.items), [1]);
  });

  test("comes back with jitter and resumes from the cursor it has", async () => {
    await live();
    world.frame({ type: "notifications", items: [item(2, 11)], since: 10, seq: 11, ...counters(1) });
    world.socket.onclose({ code: 1006 });
    assert.equal(client.status, "reconnecting");
    await world.advance(1_249);
    assert.equal(world.sockets.length, 1);
    await world.advance(1);
    assert.equal(world.sockets.length, 2);
    assert.equal(world.socket.url, "ws://h/ws/notifications/?cursor=e.11.5");
    assert.equal(world.requests.length, 1, "no second page load");
  });

  test("failures in a row wait longer; a connection that lasted starts over", async () => {
    await live();
    const waits = [];
    const fail = async () => {
      const from = world.time;
      const count = world.sockets.length;
      world.socket.onclose({ code: 1012 });
      while (world.sockets.length === count) await world.advance(50);
      waits.push(Math.round((world.time - from) / 50) * 50);
    };
    await fail();
    await fail();
    await fail();
    world.hello();
    await world.advance(15_000);
    await fail();
    assert.deepEqual(waits, [1_250, 2_250, 4_250, 1_250]);
  });

  test("a first page that cannot be had is tried again", async () => {
    client.start();
    await settle();
    assert.equal(client.status, "reconnecting");
    world.answers.push(page([], "e.1.1", counters(0)));
    await world.advance(2_000);
    assert.equal(world.sockets.length, 1);
  });

  test("stays away when told so", async () => {
    world.answers.push(page([], "e.10.5", counters(0)));
    client.start();
    await settle();
    world.socket.onclose({ code: 4401 });
    assert.equal(client.status, "signed_out");
    client.networkChanged(true);
    client.woke();
    await world.advance(600_000);
    assert.equal(world.sockets.length, 1);
    assert.deepEqual(world.timers, []);
  });

  test("a login session that ends under way leaves nothing to be seen, and HTTP says that nobody is here", async () => {
    await live([item(1, 10)]);
    world.socket.onclose({ code: 4401 });
    assert.deepEqual(client.items, []);
    assert.equal(client.status, "reconnecting");
    world.answers.push({ status: 401, detail: "Unauthorized" });
    await world.advance(500);
    assert.equal(client.status, "signed_out");
    await world.advance(600_000);
    assert.equal(world.sockets.length, 1);
    assert.deepEqual(world.timers, []);
  });

  test("whoever has a new login session, perhaps somebody else, begins anew; but not for ever", async () => {
    await live([item(1, 10)]);
    world.socket.onclose({ code: 4401 });
    world.answers.push(page([item(7, 3)], "e.3.5", counters(1)));
    await world.advance(500);
    assert.equal(world.socket.url, "ws://h/ws/notifications/?cursor=e.3.5");
    assert.deepEqual(ids(client.items), [7]);
    world.socket.onclose({ code: 4401 });
    assert.equal(client.status, "signed_out");
  });

  test("a 401 to what an earlier login asked for does not end the new one", async () => {
    await live([item(1, 10)]);
    let answer;
    world.answers.push(new Promise((resolve) => (answer = resolve)));
    const asked = client.markRead(["1"]);
    world.socket.onclose({ code: 4401 });
    answer({ status: 401 });
    await assert.rejects(asked, { status: 401 });
    world.answers.push(page([item(1, 10)], "e.10.5", counters(1)));
    await world.advance(500);
    world.hello();
    assert.equal(client.status, "live");
  });

  describe("with tickets", () => {
    const options = { socketUrl: "ws://h/ws/notifications/", apiUrl: "/api/v1/inbox/", ticketUrl: "/api/v1/ticket" };
    const start = async (token, ...answers) => {
      client = new ClarionClient({ ...options, csrfToken: () => token }, world.tab().env);
      world.answers.push(page([], "e.10.5", counters(0)), ...answers);
      client.start();
      await settle();
    };

    test("each connection shows a new one", async () => {
      await start("token", { ticket: "a~b", expires_in: 30 });
      assert.deepEqual(world.socket.protocols, ["clarion.v1", "ticket.a~b"]);
      const { method, url, headers, body } = world.requests.at(-1);
      assert.deepEqual([method, url, headers["X-CSRFToken"], body], ["POST", "/api/v1/ticket", "token", undefined]);
      world.hello();
      world.answers.push({ ticket: "c~d", expires_in: 30 });
      world.socket.onclose({ code: 1012 });
      await world.advance(2_000);
      assert.deepEqual(world.socket.protocols, ["clarion.v1", "ticket.c~d"]);
    });

    test("the token goes into the header that the site looks into", async () => {
      client = new ClarionClient({ ...options, csrfToken: () => "token", csrfHeader: "X-XSRF-Token" }, world.tab().env);
      world.answers.push(page([], "e.10.5", counters(0)), { ticket: "a~b", expires_in: 30 });
      client.start();
      await settle();
      const { headers } = world.requests.at(-1);
      assert.deepEqual([headers["X-XSRF-Token"], headers["X-CSRFToken"]], ["token", undefined]);
    });

    test("without a ticket the cookie has to do", async () => {
      for (const answer of [undefined, { status: 403, detail: "CSRF" }, { status: 500 }]) {
        await start("token", answer);
        assert.deepEqual(world.socket.protocols, ["clarion.v1"]);
      }
      await start("");
      assert.deepEqual(world.socket.protocols, ["clarion.v1"]);
      assert.equal(world.requests.at(-1).method, "GET", "nobody asks without the token");
    });

    test("one that is too late does not open a second socket", async () => {
      let arrive;
      await start("token", new Promise((resolve) => (arrive = resolve)));
      world.answers.push({ ticket: "c~d", expires_in: 30 });
      client.networkChanged(true);
      await settle();
      arrive({ ticket: "a~b", expires_in: 30 });
      await settle();
      assert.deepEqual(world.sockets.map((socket) => socket.protocols[1]), ["ticket.c~d"]);
    });

    test("nobody signed in, nobody connects", async () => {
      await start("token", { status: 401, detail: "Unauthorized" });
      assert.equal(client.status, "signed_out");
      assert.equal(world.sockets.length, 0);
    });
  });

  test("a protocol error stops it until it is started again", async () => {
    await live();
    world.socket.onclose({ code: 4400 });
    assert.equal(client.status, "stopped");
    client.start();
    await settle();
    assert.equal(world.sockets.length, 2);
  });

  test("HTTP that says 401 ends it", async () => {
    world.answers.push({ status: 401, detail: "Unauthorized" });
    client.start();
    await settle();
    assert.equal(client.status, "signed_out");
    assert.deepEqual(world.timers, []);
  });

  test("two heartbeats of silence mean a new connection; any frame counts", async () => {
    await live();
    await world.advance(45_000);
    world.frame({ type: "heartbeat", seq: 10, position: 5, ...counters(0) });
    await world.advance(59_999);
    assert.equal(world.sockets.length, 1);
    await world.advance(2_000);
    assert.equal(world.sockets[0].closed, true);
    assert.equal(world.sockets.length, 2);
  });

  describe("a clock that is put back by a day", () => {
    const DAY = 86_400_000;

    test("does not hide that a connection is dead", async () => {
      world.time = DAY;
      await live();
      world.frame({ type: "heartbeat", seq: 10, position: 5, ...counters(0) });
      world.setClock(-DAY);
      await world.advance(122_000);
      assert.equal(world.sockets[0].closed, true);
      assert.equal(world.sockets.length, 2);
    });

    test("does not keep from asking for what is missing", async () => {
      world.time = DAY;
      await live();
      const resumes = () => world.socket.sent.filter(({ type }) => type === "resume").length;
      const behind = { type: "heartbeat", seq: 11, position: 5, ...counters(1) };
      world.frame(behind);
      await world.advance(250);
      assert.equal(resumes(), 1);
      world.setClock(-DAY);
      world.frame(behind);
      await world.advance(5_500);
      assert.equal(resumes(), 2);
    });
  });

  test("a connection that never says hello is given up", async () => {
    world.answers.push(page([], "e.1.1", counters(0)));
    client.start();
    await settle();
    await world.advance(10_000);
    assert.equal(world.socket.closed, true);
    assert.equal(client.status, "reconnecting");
  });

  test("frames of a socket that was given up are not heard", async () => {
    await live();
    const old = world.socket;
    client.networkChanged(true);
    await settle();
    old.onmessage({ data: JSON.stringify({ type: "notifications", items: [item(2, 11)], since: 10, seq: 11, ...counters(1) }) });
    old.onclose({ code: 4401 });
    assert.equal(client.cursor, "e.10.5");
    assert.equal(client.status, "reconnecting");
  });

  test("offline is said at once, a frame proves otherwise, and online connects at once", async () => {
    await live();
    client.networkChanged(false);
    assert.equal(client.status, "offline");
    world.frame({ type: "heartbeat", seq: 10, position: 5, ...counters(0) });
    assert.equal(client.status, "live");
    client.networkChanged(false);
    world.socket.onclose({ code: 1006 });
    assert.equal(client.status, "offline");
    client.networkChanged(true);
    await settle();
    assert.equal(world.sockets.length, 2);
    world.hello();
    assert.equal(client.status, "live");
  });

  test("waking up after sleep does not wait for timers", async () => {
    await live();
    client.woke();
    assert.equal(world.sockets.length, 1, "a short absence is none");
    world.time += 3_600_000;
    client.woke();
    await settle();
    assert.equal(world.sockets.length, 2);
  });

  test("a gap asks for a resume, but not if it closes by itself, and not twice in five seconds", async () => {
    await live();
    world.frame({ type: "notifications", items: [item(3, 12)], since: 11, seq: 12, ...counters(2) });
    world.frame({ type: "notifications", items: [item(2, 11)], since: 10, seq: 11, ...counters(1) });
    world.frame({ type: "sync", items: [], removed: [], seq: 12, position: 5, more: false, ...counters(2) });
    await world.advance(900);
    assert.deepEqual(world.socket.sent, []);
    world.frame({ type: "heartbeat", seq: 14, position: 5, ...counters(4) });
    await world.advance(250);
    world.frame({ type: "heartbeat", seq: 15, position: 6, ...counters(4) });
    await world.advance(5_000);
    const resumes = () => world.socket.sent.filter((frame) => frame.type === "resume");
    assert.deepEqual(resumes(), [{ type: "resume", epoch: "e", seq: 12, position: 5 }]);
    await world.advance(1_000);
    assert.equal(resumes().length, 2);
  });

  test("acknowledgements are coalesced", async () => {
    await live();
    for (let seq = 11; seq <= 20; seq += 1) world.frame({ type: "notifications", items: [item(seq, seq)], since: seq - 1, seq, ...counters(1) });
    await world.advance(1_000);
    await world.advance(60_000 - 2_000);
    assert.deepEqual(world.socket.sent, [{ type: "ack", seq: 20, position: 5 }]);
  });

  test("reset loads a first page and lets what came meanwhile follow", async () => {
    await live([item(1, 10)]);
    let arrive;
    world.answers.push(new Promise((resolve) => (arrive = resolve)));
    world.frame({ type: "reset", reason: "too_far" });
    world.frame({ type: "notifications", items: [item(8, 501)], since: 500, seq: 501, ...counters(2) });
    await settle();
    assert.deepEqual(ids(client.items), [1], "the old list stays until the new one is here");
    arrive(page([item(7, 500)], "e.500.9", counters(1)));
    await settle();
    assert.deepEqual(ids(client.items), [8, 7]);
    assert.equal(client.cursor, "e.501.9");
    assert.equal(client.status, "live");
  });

  test("of two resets only the page of the last one counts, and nothing that came after it is lost", async () => {
    for (const order of [[0, 1], [1, 0]]) {
      world = new World();
      client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/" }, world.tab().env);
      await live([item(1, 10)]);
      const pages = [];
      world.server = () => new Promise((resolve) => pages.push(() => resolve(page([item(1, 10)], "e.10.5", counters(1, 1, 5)))));
      world.frame({ type: "reset", reason: "left" });
      world.frame({ type: "reset", reason: "choices" });
      await settle();
      pages[order[0]]();
      await settle();
      world.frame({ type: "broadcast", kind: "new", item: said(2, 6), position: 6 });
      pages[order[1]]();
      await settle();
      assert.deepEqual(ids(client.items), [2, 1]);
    }
  });

  test("a reset whose page fails starts over", async () => {
    await live();
    world.frame({ type: "reset", reason: "epoch" });
    await settle();
    assert.equal(client.status, "reconnecting");
    assert.equal(world.socket.closed, true);
    world.answers.push(page([item(1, 3)], "f.3.0", counters(1)));
    await world.advance(2_000);
    assert.equal(world.socket.url, "ws://h/ws/notifications/?cursor=f.3.0");
  });

  test("state changes go over HTTP and count once, whether answer or frame is first", async () => {
    await live([item(1, 10)]);
    const change = { items: [item(1, 11, { read_at: T0 })], removed: [], since: 10, seq: 11, ...counters(0) };
    world.answers.push(change);
    await client.markRead(["1"]);
    world.frame({ type: "change", ...change });
    assert.deepEqual(client.counts, { unread: 0, unseen: 0 });
    assert.equal(client.items[0].read_at, T0);
    assert.deepEqual(world.requests.at(-1).body, { ids: ["1"] });
    assert.equal(world.requests.at(-1).headers["X-CSRFToken"], "token");
  });

  test("read-all sends the cursor; one that the server does not know is refused and starts over", async () => {
    await live([item(1, 10)]);
    world.answers.push({ status: 409, code: "cursor_invalid" }, page([item(5, 2)], "f.2.0", counters(1)));
    await assert.rejects(client.readAll(), { code: "cursor_invalid" });
    await settle();
    assert.deepEqual(world.requests[1].body, { cursor: "e.10.5" });
    assert.equal(client.cursor, "f.2.0");
    assert.equal(world.socket.url, "ws://h/ws/notifications/?cursor=f.2.0");
  });

  test("a refused change is told to the caller", async () => {
    await live();
    world.answers.push({ status: 422, detail: "no ids" });
    await assert.rejects(client.markRead([]), { name: "ClarionError", status: 422 });
    assert.equal(client.status, "live");
  });

  test("older pages are appended until there is none", async () => {
    world.answers.push(page([item(9, 9)], "e.10.5", counters(2), "9"));
    client.start();
    await settle();
    assert.equal(client.hasOlder, true);
    world.answers.push(page([item(4, 4)], "e.10.5", counters(2)));
    await client.loadOlder();
    assert.equal(world.requests.at(-1).url, "/api/v1/inbox/?before=9");
    assert.deepEqual(ids(client.items), [9, 4]);
    assert.equal(client.hasOlder, false);
  });

  test("news is told once, and says if it was caught up with", async () => {
    const news = [];
    client.addEventListener("notification", (event) => news.push([event.detail.item.id, event.detail.replayed]));
    await live([item(1, 10)]);
    const frame = { type: "notifications", items: [item(2, 11)], since: 10, seq: 11, ...counters(2) };
    world.frame(frame);
    world.frame(frame);
    world.frame({ type: "sync", items: [item(2, 11), item(3, 12), item(4, 13, { read_at: T0 })], removed: [], seq: 13, position: 5, more: false, ...counters(3) });
    assert.deepEqual(news, [["2", false], ["3", true]]);
  });

  test("what a reset passed over is news, too, and nothing else is", async () => {
    const news = [];
    client.addEventListener("notification", (event) => news.push([event.detail.item.id, event.detail.replayed, client.counts.unread]));
    await live([item(5, 10), item(4, 9, { archived_at: T0 }), item(3, 8)]);
    world.server = () => page([item(9, 900), item(8, 800, { read_at: T0 }), item(7, 10), item(5, 700), item(2, 2)], "e.900.5", counters(4));
    world.frame({ type: "reset", reason: "too_far" });
    await settle();
    assert.deepEqual(news, [["9", true, 4], ["7", true, 4]]);
  });

  test("a new login is greeted with no news", async () => {
    await live([item(1, 10)]);
    client.addEventListener("notification", () => assert.fail());
    world.socket.onclose({ code: 4401 });
    world.answers.push(page([item(7, 3)], "e.3.5", counters(1)));
    await world.advance(500);
    assert.deepEqual(ids(client.items), [7]);
  });
});
