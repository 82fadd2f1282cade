// What the elements decide without a document.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { View, cappedCount, collapse, isShortcut, safeAddress, wasMissed, writes } from "../../notifications/javascript/inbox/rules.js";
import { Words, firstLanguage, presets } from "../../notifications/javascript/inbox/words.js";
import { item } from "./world.mjs";

const NOW = Date.parse("2030-01-10T12:00:00Z");
const before = (seconds) => new Date(NOW - seconds * 1_000).toISOString();
const GERMAN = {
  and_others: { 1: "{actor} und {count} weitere Person", 2: "{actor} und {count} weitere" },
  arrived_many: { 1: "{count} neue Benachrichtigung", 2: "{count} neue Benachrichtigungen" },
};

describe("times", () => {
  for (const [seconds, english, german] of [
    [-5, "now", "jetzt"], // clocks differ
    [44, "now", "jetzt"],
    [50, "1 minute ago", "vor 1 Minute"],
    [300, "5 minutes ago", "vor 5 Minuten"],
    [3_569, "59 minutes ago", "vor 59 Minuten"],
    [3_571, "1 hour ago", "vor 1 Stunde"],
    [7_200, "2 hours ago", "vor 2 Stunden"],
    [86_399, "yesterday", "gestern"],
    [5 * 86_400, "5 days ago", "vor 5 Tagen"],
    [30 * 86_400, "Dec 11, 2029", "11.12.2029"],
  ]) {
    test(english, () => {
      assert.equal(new Words("en").ago(before(seconds), NOW), english);
      assert.equal(new Words("de").ago(before(seconds), NOW), german);
    });
  }

  // As calendars have it, and not by rounding: both hours are of this clock's zone.
  for (const [then, now, english, german] of [
    [[8, 14], [10, 1], "2 days ago", "vorgestern"], // 35 hours
    [[8, 9], [9, 23], "yesterday", "gestern"], // 38 hours
    [[9, 0, 10], [9, 23, 55], "24 hours ago", "vor 24 Stunden"],
    [[8, 23, 55], [9, 12], "12 hours ago", "vor 12 Stunden"],
    [[3, 9], [10, 23], "7 days ago", "vor 7 Tagen"],
    [[2, 23], [10, 1], "Jan 2, 2030", "02.01.2030"],
  ]) {
    test(`${english}, at ${now[1]} o'clock`, () => {
      const [time, at] = [then, now].map((parts) => new Date(2030, 0, ...parts));
      assert.equal(new Words("en").ago(time.toISOString(), at.getTime()), english);
      assert.equal(new Words("de").ago(time.toISOString(), at.getTime()), german);
    });
  }

  test("until when to snooze", () => {
    const local = (date) => [date.getFullYear(), date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes()];
    const at = (...parts) => presets(new Date(...parts)).map(([, until]) => local(until));
    // A Thursday, a Sunday, a Monday, and the last day of a year.
    assert.deepEqual(at(2030, 0, 10, 15, 20), [[2030, 1, 10, 18, 20], [2030, 1, 11, 8, 0], [2030, 1, 14, 8, 0]]);
    assert.deepEqual(at(2030, 0, 13, 23, 0).slice(1), [[2030, 1, 14, 8, 0], [2030, 1, 14, 8, 0]]);
    assert.deepEqual(at(2030, 0, 14, 7, 0).slice(1), [[2030, 1, 15, 8, 0], [2030, 1, 21, 8, 0]]);
    assert.deepEqual(at(2029, 11, 31, 22, 0), [[2030, 1, 1, 1, 0], [2030, 1, 1, 8, 0], [2030, 1, 7, 8, 0]]);
  });
});

describe("texts", () => {
  const people = (count, ...labels) => ({ actor: { label: labels[0] }, actors: labels.map((label) => ({ label })), actor_count: count });

  test("who", () => {
    const english = new Words("en");
    assert.equal(english.actors({ actor: null, actors: [], actor_count: 0 }), "");
    assert.equal(english.actors({ actor: { label: "Ada" } }), "Ada"); // of a server that does not count
    assert.equal(english.actors(people(1, "Ada")), "Ada");
    assert.equal(english.actors(people(2, "Ada", "Bob")), "Ada and Bob");
    assert.equal(english.actors(people(3, "Ada", "Bob", "Eve")), "Ada and 2 others");
    assert.equal(english.actors(people(1_301, "Ada", "Bob", "Eve")), "Ada and 1,300 others");
    assert.equal(new Words("de", GERMAN).actors(people(1_301, "Ada", "Bob")), "Ada und 1.300 weitere");
  });

  test("numbers bend them", () => {
    const many = (language, count, texts) => new Words(language, texts).say("arrived_many", { count });
    assert.equal(many("en", 1), "1 new notification");
    assert.equal(many("en", 17), "17 new notifications");
    assert.equal(many("de", 1, GERMAN), "1 neue Benachrichtigung");
    assert.equal(many("de", 17, GERMAN), "17 neue Benachrichtigungen");
    // Three forms: each number takes that of the sample which its language treats alike.
    const polish = { arrived_many: { 1: "{count} nowe", 2: "{count} nowe (few)", 0: "{count} nowych" } };
    assert.deepEqual([1, 3, 5, 22, 25].map((count) => many("pl", count, polish)), ["1 nowe", "3 nowe (few)", "5 nowych", "22 nowe (few)", "25 nowych"]);
  });

  test("their language is the first that there is", () => {
    assert.equal(firstLanguage(undefined, "", "en_US", "de"), "en-US"); // as POSIX writes it
    assert.equal(firstLanguage("en-US@posix", "no language!", "de-at"), "de-AT");
    assert.equal(firstLanguage(undefined, ""), "en");
    assert.equal(new Words(firstLanguage("zh_Hans_CN")).say("see_all"), "See all");
  });

  test("what a text has no form for", () => {
    assert.equal(new Words("ar", { arrived_many: { 1: "one", 2: "many" } }).say("arrived_many", { count: 11 }), "many");
    assert.equal(new Words("en").say("level_info"), "");
  });

  test("braces in a title stay", () => assert.equal(new Words("en").say("arrived", { title: "{title} $&" }), "New notification: {title} $&"));

  test("the badge", () => assert.deepEqual([1, 99, 100, 5_000].map(cappedCount), ["1", "99", "99+", "99+"]));
});

describe("addresses", () => {
  const base = "https://here.example/page/";
  for (const [text, expected] of [
    ["/orders/7/", "https://here.example/orders/7/"],
    ["http://there.example/", "http://there.example/"],
    ["//there.example/x", "https://there.example/x"],
    ["", null],
    ["javascript:alert(1)", null],
    [" JaVa\tScript:alert(1)", null],
    ["data:text/html,<script>alert(1)</script>", null],
    ["vbscript:x", null],
    ["http://[", null],
  ]) {
    test(text || "none", () => assert.equal(safeAddress(text, base)?.href ?? null, expected));
  }
});

describe("a storm", () => {
  const news = (...ids) => ids.map((id) => item(id, id));
  const urgent = (...ids) => ids.map((id) => item(id, id, { priority: "urgent" }));
  const shown = (toasts) => toasts.map(({ items, urgent: hurry }) => [hurry ? "urgent" : "calm", ...items.map(({ id }) => Number(id))]);

  test("three stay by themselves", () => {
    const first = collapse([], news(1, 2));
    const toasts = collapse(first, news(3));
    assert.deepEqual(shown(toasts), [["calm", 1], ["calm", 2], ["calm", 3]]);
    assert.equal(toasts[0], first[0]);
  });

  test("more become one, which takes in what follows", () => {
    const storm = collapse(collapse([], news(1, 2, 3)), news(4));
    assert.deepEqual(shown(storm), [["calm", 1, 2, 3, 4]]);
    assert.deepEqual(shown(collapse(storm, news(5))), [["calm", 1, 2, 3, 4, 5]]);
    assert.deepEqual(shown(collapse([], news(...Array(17).keys()))).map(({ length }) => length - 1), [17]);
  });

  test("what is urgent stays by itself as long as there is room", () => {
    const toasts = collapse(collapse([], urgent(1)), news(2, 3, 4));
    assert.deepEqual(shown(toasts), [["urgent", 1], ["calm", 2, 3, 4]]);
    assert.deepEqual(shown(collapse(toasts, urgent(5))), [["urgent", 1], ["urgent", 5], ["calm", 2, 3, 4]]);
    assert.deepEqual(shown(collapse(toasts, urgent(5, 6))), [["urgent", 1, 5, 6], ["calm", 2, 3, 4]]);
  });
});

test("what was missed", () => {
  const missed = (replayed, since) => wasMissed({ replayed }, NOW, since);
  assert.equal(missed(false, Infinity), false);
  assert.equal(missed(true, Infinity), true); // not connected
  assert.equal(missed(true, NOW - 1_000), true); // just connected
  assert.equal(missed(true, NOW - 60_000), false); // so many at once that they come as a page
});

describe("a view", () => {
  const NONE = { items: [], removed: [] };
  const asIs = (entry) => entry;
  const ids = (view, live = [], asShown = asIs) => view.list(live, asShown, NOW).map(({ id }) => Number(id));
  /** What is asked for is answered with this page; `meanwhile` happens while it is on its way. */
  const ask = async (view, items, next = null, { again = false, meanwhile = () => {} } = {}) => {
    let query;
    await view.ask(async (given) => {
      query = given;
      meanwhile();
      return { items, next };
    }, again);
    return query;
  };
  const READ = "2030-01-01T00:00:00Z";
  const archived = (id, seq, more) => item(id, seq, { archived_at: READ, ...more });

  test("of everything is the client's own list", () => {
    const live = [item(2, 2), item(1, 1)];
    assert.equal(new View().list(live, asIs, NOW), live);
    assert.equal(new View("all", "a").isLive, false);
  });

  test("of unread ones: what is live goes before what was asked for", async () => {
    const view = new View("unread");
    assert.equal(view.next, undefined);
    await ask(view, [item(3, 3), item(1, 1)], "1");
    assert.equal(view.next, "1");
    assert.deepEqual(ids(view, [item(4, 6), item(3, 5, { read_at: READ }), item(2, 2, { read_at: READ })]), [4, 1]);
  });

  test("of a category", async () => {
    const view = new View("all", "a");
    const query = await ask(view, [item(1, 1, { category: "a" })]);
    assert.deepEqual(ids(view, [item(3, 3, { category: "a" }), item(2, 2)]), [3, 1]);
    assert.deepEqual(new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString(), "category=a");
  });

  test("without what has expired", async () => {
    const view = new View("archived");
    await ask(view, [archived(2, 2, { expires_at: before(1) }), archived(1, 1, { expires_at: before(-1) })]);
    assert.deepEqual(ids(view), [1]);
  });

  test("of archived ones shows a change that is under way", async () => {
    const view = new View("archived");
    await ask(view, [archived(2, 2), archived(1, 1)]);
    assert.deepEqual(ids(view, [], (entry) => (entry.id === "2" ? { ...entry, archived_at: null } : entry)), [1]);
    assert.deepEqual(ids(view), [2, 1], "and takes it back");
    assert.deepEqual(ids(view, [item(1, 3)]), [2], "the other is back in the inbox");
  });

  test("follows what is told, as far down as there are pages", async () => {
    const view = new View("archived");
    view.tell({ items: [archived(8, 20)], removed: [] });
    assert.deepEqual(ids(view), [], "nothing was asked for yet");
    await ask(view, [archived(9, 9), archived(7, 7)], "7");
    view.tell({ items: [archived(8, 21), archived(3, 22), item(4, 23), archived(9, 8, { title: "late" })], removed: [] });
    assert.deepEqual(ids(view), [9, 8, 7]);
    assert.equal(view.list([], asIs, NOW)[0].title, "Title 9");
    view.tell({ items: [item(9, 24)], removed: ["7"] });
    assert.deepEqual(ids(view), [8]);
    await ask(view, [archived(3, 22)]);
    assert.deepEqual(ids(view), [8, 3]);
    view.tell({ items: [archived(1, 25)], removed: [] });
    assert.deepEqual(ids(view), [8, 3, 1], "all pages are there");
  });

  test("what is told of a broadcast", async () => {
    const view = new View("all", "general");
    await ask(view, [item(2, null, { position: 5 })]);
    view.tell({ items: [item(2, null, { position: 5, title: "Right" })], removed: [] });
    assert.equal(view.list([], asIs, NOW)[0].title, "Right");
    view.tell({ items: [item(2, 30, { position: 5, title: "Taken in" })], removed: [] });
    view.tell({ items: [item(2, null, { position: 5, title: "Late" })], removed: [] });
    assert.equal(view.list([], asIs, NOW)[0].title, "Taken in");
  });

  for (const again of [false, true]) {
    test(`a page that was overtaken by what was told${again ? ", asked for again" : ""}`, async () => {
      const view = new View("archived");
      if (again) await ask(view, [archived(6, 6)]);
      const meanwhile = () => view.tell({ items: [archived(9, 20), item(8, 21), archived(5, 4)], removed: ["7"] });
      await ask(view, [archived(8, 8), archived(7, 7), archived(6, 6), archived(5, 5)], null, { again, meanwhile });
      assert.deepEqual(ids(view), [9, 6, 5]);
      assert.equal(view.list([], asIs, NOW)[2].seq, 5);
    });
  }

  test("a page that does not come", async () => {
    const view = new View("archived");
    await assert.rejects(view.ask(async () => { throw new TypeError("network"); }), TypeError);
    assert.equal(view.next, undefined);
    view.tell(NONE);
  });

  test("asked for again keeps older pages, and drops what has left", async () => {
    const view = new View("snoozed");
    const away = (id) => item(id, id, { snoozed_until: "2031-01-01T00:00:00Z" });
    const again = { again: true };
    await ask(view, [away(9), away(7)], "7");
    assert.equal((await ask(view, [away(5), away(3)], "3")).before, "7");
    assert.equal((await ask(view, [away(9), away(8)], "8", again)).before, undefined);
    assert.deepEqual(ids(view), [9, 8, 7, 5, 3]);
    assert.equal(view.next, "3");
    await ask(view, [away(8)], null, again);
    assert.deepEqual(ids(view), [8]);
    assert.equal(view.next, null);
    await ask(view, [], null, again);
    assert.deepEqual(ids(view), []);
  });
});

test("shortcuts, as aria-keyshortcuts writes them", () => {
  const press = (key, held = {}) => ({ key, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...held });
  assert.ok(isShortcut(press("F8"), "F8"));
  assert.ok(isShortcut(press("m", { ctrlKey: true }), "Control+M"));
  assert.ok(isShortcut(press("T", { altKey: true, shiftKey: true }), "Alt+Shift+T"));
  assert.ok(!isShortcut(press("F8", { shiftKey: true }), "F8"));
  assert.ok(!isShortcut(press("m"), "Control+M"));
  assert.ok(!isShortcut(press("F8"), ""));
  assert.ok(writes(press("t")) && writes(press("†", { altKey: true })));
  assert.ok(!writes(press("F8")) && !writes(press("m", { ctrlKey: true })) && !writes(press("Enter")));
});
