// What a client tells those who show lists of their own, and changes of more items than the server takes at once.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { ClarionClient, Mailbox } from "../../notifications/javascript/client.js";
import { View } from "../../notifications/javascript/inbox/rules.js";
import { T0, World, counters, ids, item, page, said, settle } from "./world.mjs";

let world;
let client;
let told;

beforeEach(() => {
  world = new World();
  client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/", csrfToken: () => "token" }, world.tab().env);
  told = listen(client);
});

function listen(to) {
  const heard = [];
  to.addEventListener("items", ({ detail: { items, removed, marked, ...more } }) => heard.push({ items: ids(items), removed: removed.map(Number), ...more }));
  return heard;
}

async function live(items) {
  world.answers.push(page(items, "e.10.5", counters(items.length)));
  client.start();
  await settle();
  world.hello();
}

const change = (since, seq, items, more = {}) => ({ type: "change", items, removed: [], since, seq, ...counters(0), ...more });
const what = (items, removed = []) => ({ items, removed, partial: false, emptied: false });
const EVERYTHING = { items: [], removed: [], partial: true, emptied: false };

describe("lists of one's own", () => {
  test("hear of nothing before there is something to change, nor of what changes nothing", async () => {
    await live([item(1, 10)]);
    world.frame({ type: "heartbeat", seq: 10, position: 6, ...counters(1) });
    world.frame(change(9, 10, [item(1, 9, { read_at: T0 })]));
    assert.deepEqual(told, []);
  });

  test("hear of each kind of frame, also of what the list does not show", async () => {
    await live([item(1, 10)]);
    world.frame({ type: "notifications", items: [item(2, 11)], since: 10, seq: 11, ...counters(2) });
    world.frame({ type: "broadcast", kind: "new", item: said(3, 6), position: 6 });
    world.frame({ type: "broadcast", kind: "update", item: said(3, 6, { title: "Right" }), position: 7 });
    world.frame({ type: "broadcast", kind: "retract", id: "3", position: 8 });
    world.frame(change(11, 13, [item(1, 12, { archived_at: T0 }), item(99, 13, { archived_at: T0 })]));
    world.frame(change(13, 14, [], { removed: ["99"] }));
    world.frame({ type: "sync", items: [item(98, 15, { snoozed_until: T0 })], removed: ["2"], seq: 16, position: 8, more: false, ...counters(0) });
    assert.deepEqual(told, [what([2]), what([3]), what([3]), what([], [3]), what([1, 99]), what([], [99]), what([98], [2])]);
  });

  test("have the new state at hand when they hear", async () => {
    await live([item(1, 10)]);
    const seen = [];
    client.addEventListener("items", () => seen.push([ids(client.items), client.counts.unread]));
    client.addEventListener("notification", () => seen.push([ids(client.items), client.counts.unread]));
    world.frame({ type: "notifications", items: [item(2, 11)], since: 10, seq: 11, ...counters(2) });
    assert.deepEqual(seen, [[[2, 1], 2], [[2, 1], 2]]);
  });

  test("hear of the answer to a change of their own; before it, what it makes of an item", async () => {
    await live([item(1, 10)]);
    const theirs = item(50, 3, { archived_at: T0 });
    world.answers.push(change(10, 11, [item(50, 11)]));
    const done = client.unarchive(["50"]);
    assert.equal(client.asShown(theirs).archived_at, null);
    assert.equal(client.asShown(client.items[0]), client.items[0]);
    await done;
    assert.equal(client.asShown(theirs), theirs);
    assert.deepEqual(told, [what([50])]);
    await assert.rejects(client.unarchive(["50"]));
    assert.equal(client.asShown(theirs), theirs);
    assert.equal(told.length, 1, "what is taken back has not changed");
  });

  test("are to ask again after a reset", async () => {
    await live([item(2, 10), item(1, 9)]);
    world.server = () => page([item(3, 900)], "e.900.5", counters(1));
    world.frame({ type: "reset", reason: "too_far" });
    await settle();
    assert.deepEqual(told, [EVERYTHING]);
  });

  test("hear what 'all' makes of the items of their pages", async () => {
    const read = (since, seq, bound = {}) => change(since, seq, [], { all_up_to: { seq: 10, position: 5, read_at: T0, ...bound } });
    let marked;
    client.addEventListener("items", ({ detail }) => (marked = detail.marked));
    await live([item(2, 10), item(1, 9)]);
    world.frame(read(10, 12));
    assert.deepEqual(told, [what([2, 1])]);
    assert.deepEqual(marked(item(50, 3)), item(50, 12, { read_at: T0 }));
    for (const other of [item(51, 11), item(50, 3, { archived_at: T0 }), item(50, 3, { read_at: T0 })]) assert.equal(marked(other), other);
    world.frame(read(12, 13, { seq: 12, category: "a" }));
    assert.equal(marked(item(52, 3)).read_at, null);
    assert.deepEqual(told.slice(1), [what([])], "also where nothing that is known here has changed");
    // Which ones have come into the archive nobody says.
    world.frame(read(13, 14, { read_at: undefined, archived_at: T0, seq: 13, only_read: true }));
    assert.deepEqual(told.slice(2), [{ ...what([2, 1]), partial: true }]);
    assert.equal(marked(item(52, 3, { read_at: T0 })).archived_at, T0);
    // With a gap before it, what is here may be older than that.
    world.frame(read(15, 16, { seq: 15 }));
    assert.deepEqual([told.slice(3), marked], [[EVERYTHING], null]);
  });

  test("do not take back what 'all' marked when the answer comes", async () => {
    await live([item(2, 10)]);
    const view = new View("unread");
    client.addEventListener("items", ({ detail }) => view.tell(detail));
    world.answers.push(page([item(2, 10), item(1, 9)], "e.10.5", counters(2)));
    await view.ask(client);
    const shown = () => ids(view.list(client.items, (entry) => client.asShown(entry), 0));
    assert.deepEqual(shown(), [2, 1]);
    world.answers.push(change(10, 12, [], { all_up_to: { seq: 10, position: 5, read_at: T0 } }));
    const done = client.readAll();
    assert.deepEqual(shown(), []);
    await done;
    assert.deepEqual(shown(), []);
  });

  test("are emptied with the login", async () => {
    await live([item(1, 10)]);
    world.answers.push({ status: 401 });
    await assert.rejects(client.list({ archived: true }));
    assert.deepEqual(told, [{ ...EVERYTHING, emptied: true }]);
  });

  test("hear the same in tabs that follow", async () => {
    const tabs = [];
    for (let count = 0; count < 2; count += 1) {
      const tab = world.tab({ locks: true });
      tabs.push(tab);
      tab.client = new ClarionClient({ socketUrl: "ws://h/ws/", apiUrl: "/inbox/", person: "ada", keep: false }, tab.env);
      tab.told = listen(tab.client);
      world.server = () => page([item(1, 10)], "e.10.5", counters(1));
      tab.client.start();
      await settle();
      if (!count) world.hello();
    }
    await settle();
    world.frame(change(10, 11, [item(7, 11, { archived_at: T0 })]));
    await settle();
    for (const tab of tabs) assert.deepEqual(tab.told, [what([7])]);
    // It missed a frame, and takes what the leader knows.
    world.lost = ({ kind, frame }) => kind === "frame" && frame.seq === 12;
    world.frame(change(11, 12, [item(8, 12, { archived_at: T0 })]));
    world.frame(change(12, 13, [item(9, 13, { archived_at: T0 })]));
    await settle();
    assert.deepEqual(tabs[0].told.slice(1), [what([8]), what([9])]);
    assert.deepEqual(tabs[1].told.slice(1), [EVERYTHING]);
  });
});

describe("more ids than the server takes", () => {
  const many = Array.from({ length: 250 }, (_, index) => item(250 - index, index + 1));
  const all = many.map(({ id }) => id);
  const unread = () => client.items.filter((entry) => !entry.read_at).map(({ id }) => id);
  const asked = () => world.requests.filter(({ method }) => method === "POST").map(({ body }) => body.ids);

  async function begin() {
    world.answers.push(page(many, "e.250.5", counters(250)));
    client.start();
    await settle();
    world.hello({ seq: 250 });
  }

  /** As the server answers: these have been read. */
  function read(body, since) {
    const items = body.ids.map((id, index) => item(id, since + 1 + index, { seen_at: T0, read_at: T0 }));
    return { items, removed: [], since, seq: since + items.length, ...counters(250 - (since + items.length - 250)) };
  }

  test("go in three requests, one after the other, and are shown as one", async () => {
    await begin();
    const shown = [];
    client.addEventListener("change", () => shown.push(unread().length));
    const waiting = [];
    world.server = ({ body }) => new Promise((resolve) => waiting.push(() => resolve(read(body, 250 + 100 * (asked().length - 1)))));
    const done = client.markRead(new Set(all));
    assert.deepEqual(shown, [0]);
    assert.deepEqual(client.counts, { unread: 0, unseen: 0 });
    for (let count = 1; count <= 3; count += 1) {
      await settle();
      assert.equal(asked().length, count);
      waiting[count - 1]();
    }
    await done;
    assert.deepEqual(asked().map(({ length }) => length), [100, 100, 50]);
    assert.deepEqual(asked().flat(), all);
    assert.deepEqual(new Set(shown), new Set([0]));
    assert.deepEqual(client.counts, { unread: 0, unseen: 0 });
    assert.equal(client.cursor, "e.500.5");
  });

  test("only what is refused is taken back", async () => {
    await begin();
    const errors = [];
    client.addEventListener("error", ({ detail }) => errors.push(detail));
    let since = 250;
    world.server = ({ body }) => {
      if (asked().length === 2) return { status: 422, detail: "no" };
      const answer = read(body, since);
      since = answer.seq;
      return answer;
    };
    await assert.rejects(client.markRead(all), { status: 422 });
    assert.equal(asked().length, 3);
    assert.deepEqual(unread(), all.slice(100, 200));
    assert.deepEqual(errors.map(({ action, ids: which }) => [action, which]), [["read", all.slice(100, 200)]]);
    assert.equal(client.counts.unread, 100);
  });

  test("none are asked for when the login is over, and an empty list is refused as before", async () => {
    await begin();
    world.server = () => ({ status: 401 });
    await assert.rejects(client.markRead(all), { status: 401 });
    assert.equal(asked().length, 1);
  });
});

describe("a snapshot", () => {
  test("of much that has been put away is short, and lets nothing come back", () => {
    const mailbox = new Mailbox();
    const listed = Array.from({ length: 80 }, (_, index) => item(2_000 - index, 10));
    mailbox.load(page(listed, "e.10.0", counters(80)));
    for (let id = 1; id <= 400; id += 1) mailbox.apply(change(9 + id, 10 + id, [item(3_000 + id, 10 + id, { archived_at: T0 })], counters(80)));
    const snapshot = structuredClone(mailbox.snapshot(50, 0));
    assert.equal(snapshot.items.length, 100);
    assert.equal(snapshot.removed.length, 350);
    const other = new Mailbox();
    other.restore(snapshot);
    for (let id = 1; id <= 400; id += 1) other.apply({ type: "notifications", items: [item(3_000 + id, 9 + id)], since: 8 + id, seq: 9 + id, ...counters(80) });
    assert.deepEqual(ids(other.list(0)), ids(listed.slice(0, 50)), "late frames bring nothing back");
    assert.deepEqual(other.counts(0), mailbox.counts(0));
  });

  test("counts broadcasts that are not taken in, however many", () => {
    const mailbox = new Mailbox();
    mailbox.load(page([item(1, 10)], "e.10.0", counters(1)));
    for (let id = 2; id <= 100; id += 1) mailbox.apply({ type: "broadcast", kind: "new", item: said(id, id), position: id });
    const other = new Mailbox();
    other.restore(structuredClone(mailbox.snapshot(50, 0)));
    assert.equal(other.list(0).length, 50);
    assert.deepEqual(other.counts(0), { unread: 100, unseen: 100 });
  });
});
