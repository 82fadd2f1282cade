// Surroundings that do not do their part, and listeners that do what they like.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { ClarionClient } from "../../notifications/javascript/client.js";
import { T0, World, counters, ids, item, page, settle } from "./world.mjs";

const OPTIONS = { socketUrl: "ws://h/ws/", apiUrl: "/inbox/", csrfToken: () => "token" };

let world;

beforeEach(() => {
  world = new World();
  world.tabs = [];
  serve(1);
});

/** So many items, the newest with a seq that tells how many. */
function serve(count) {
  world.server = ({ method }) => method === "GET" ? page(Array.from({ length: count }, (_, index) => item(count - index, 10 + count)), `e.${10 + count}.5`, counters(count)) : undefined;
}

async function open(options = {}, change = () => {}) {
  const tab = world.tab({ locks: true });
  change(tab.env);
  world.tabs.push(tab);
  tab.client = new ClarionClient({ ...OPTIONS, person: "ada", ...options }, tab.env);
  tab.client.start();
  await settle();
  return tab;
}

/** No socket says anything for so long: each is closed by something on the way, or hangs. */
async function blocked(ms, { closes }) {
  for (const until = world.time + ms; world.time < until; await world.advance(500)) {
    if (closes && world.socket && !world.socket.closed) world.socket.onclose({ code: 1006 });
  }
}

async function blockedUntil(condition, closes = true) {
  for (let step = 0; !condition(); step += 1) {
    assert.ok(step < 500, "it does not come to this");
    await blocked(500, { closes });
  }
}

describe("where no socket gets through", () => {
  for (const closes of [true, false]) {
    const how = closes ? "they are closed" : "they hang";
    test(`and ${how}, each visit, and each minute of it, shows what there is`, async () => {
      for (const count of [1, 4, 7]) {
        serve(count);
        world.requests.length = 0;
        const { client } = await open();
        await blocked(15_000, { closes });
        assert.equal(client.items.length, count);
        assert.equal(world.requests.length, 1);
        serve(count + 1);
        await blocked(90_000, { closes });
        assert.equal(client.items.length, count + 1);
        await blocked(510_000, { closes });
        assert.ok(world.requests.length <= 11, "once a minute");
        assert.equal(client.status, "reconnecting");
        await world.tabs.pop().close();
      }
    });
  }

  test("all tabs are told, and older pages stay while there is nothing new", async () => {
    const { client: first } = await open();
    const { client: second } = await open();
    world.server = () => page([item(2, 12)], "e.12.5", counters(2), "2");
    await blocked(90_000, { closes: true });
    assert.deepEqual([ids(first.items), ids(second.items)], [[2], [2]]);
    world.answers.push(page([item(1, 11)], "e.12.5", counters(2)));
    await first.loadOlder();
    const before = world.requests.length;
    await blocked(120_000, { closes: true });
    assert.ok(world.requests.length > before);
    assert.deepEqual(ids(first.items), [2, 1]);
  });

  test("a page that was asked for before a change does not undo it", async () => {
    const { client } = await open();
    let arrive;
    const asked = async () => {
      arrive = null;
      await blockedUntil(() => arrive);
    };
    world.server = () => new Promise((resolve) => (arrive = resolve));
    await asked();
    world.answers.push({ items: [item(1, 12, { seen_at: T0 })], removed: [], since: 11, seq: 12, ...counters(1, 0) });
    await client.markSeen(["1"]);
    arrive(page([item(1, 11)], "e.11.5", counters(1)));
    await settle();
    assert.deepEqual([client.counts.unseen, client.cursor], [0, "e.12.5"]);
    await asked();
    // Something came in between, so this answer has to wait.
    world.answers.push({ items: [item(1, 15, { seen_at: T0, read_at: T0 })], removed: [], since: 14, seq: 15, ...counters(1, 1) });
    await client.markRead(["1"]);
    arrive(page([item(2, 14), item(1, 12, { seen_at: T0 })], "e.14.5", counters(2, 1)));
    await settle();
    assert.deepEqual(client.items.map(({ id, read_at }) => [id, Boolean(read_at)]), [["2", false], ["1", true]]);
    assert.deepEqual([client.counts.unread, client.cursor], [1, "e.14.5"]);
  });

  test("a server that says when to come back is left alone", async () => {
    await open();
    world.server = () => ({ status: 503, headers: { "Retry-After": "300" } });
    await blockedUntil(() => world.requests.length === 2);
    const sockets = world.sockets.length;
    await blocked(299_000, { closes: true });
    assert.deepEqual([world.sockets.length, world.requests.length], [sockets, 2]);
    await blocked(5_000, { closes: true });
    assert.ok(world.sockets.length > sockets);
  });

  test("what is asked for over HTTP does not disturb a socket that gets through after all", async () => {
    const { client } = await open();
    let fail;
    world.server = () => new Promise((resolve) => (fail = resolve));
    await blockedUntil(() => fail);
    await blockedUntil(() => world.open.length, false);
    world.hello({ seq: 11 });
    const { socket } = world;
    fail({ status: 503, headers: { "Retry-After": "300" } });
    await settle();
    assert.deepEqual([client.status, world.open], ["live", [socket]]);
  });
});

describe("where tabs may not talk", () => {
  test("each has a socket", async () => {
    const forbid = (env) => {
      env.openChannel = () => {
        throw new DOMException("", "SecurityError");
      };
    };
    const both = [await open({}, forbid), await open({}, forbid)];
    for (const socket of world.open) world.frame({ type: "hello", epoch: "e", seq: 11, position: 5, heartbeat_seconds: 30, ...counters(1) }, socket);
    assert.deepEqual(both.map(({ client }) => [client.status, client.isLeader, ids(client.items)]), [["live", true, [1]], ["live", true, [1]]]);
  });
});

describe("what the page brings may throw", () => {
  const fails = () => {
    throw new TypeError("of the page");
  };

  test("without a CSRF token the cookie opens the socket, and changes are refused", async () => {
    const { client } = await open({ ticketUrl: "/t", csrfToken: fails });
    world.hello({ seq: 11 });
    assert.deepEqual([client.status, world.socket.protocols], ["live", ["clarion.v1"]]);
    await assert.rejects(client.archive(["1"]), TypeError);
    assert.deepEqual(ids(client.items), [1]);
  });

  test("a function for tokens that throws at once is asked again, and leaves nothing behind", async () => {
    let asked = 0;
    const getToken = () => (asked += 1) === 1 ? fails() : Promise.resolve({ token: "a~1", expires_in: 900 });
    const { client } = await open({ getToken });
    await world.advance(2_000);
    world.hello({ seq: 11 });
    await world.advance(10_000);
    assert.deepEqual([client.status, asked], ["live", 2]);
  });

  test("a socket that cannot be opened is tried again", async () => {
    const opens = [fails, fails];
    const { client } = await open({}, (env) => {
      const { openSocket } = env;
      env.openSocket = (...args) => (opens.shift() ?? openSocket)(...args);
    });
    assert.equal(client.status, "reconnecting");
    await world.advance(10_000);
    assert.equal(world.sockets.length, 1);
  });
});

describe("stop() is the end wherever it is called", () => {
  const hangUp = (code) => () => world.open.at(-1).onclose({ code });
  const cases = {
    "when it begins": ["status", ({ status }) => status === "connecting", []],
    "at the first page": ["change", (_, { items }) => items.length, []],
    "when it is live": ["status", ({ status }) => status === "live", [() => world.hello()]],
    "when the connection is lost": ["status", ({ status }) => status === "reconnecting", [() => world.hello(), hangUp(1006)]],
    "when it is replaced": ["status", ({ status }) => status === "reconnecting", [() => world.hello(), (tab) => tab.hear("online")]],
    "when the login ends": ["items", ({ emptied }) => emptied, [() => world.hello(), hangUp(4401)]],
    "after the login has ended": ["status", ({ status }) => status === "reconnecting", [() => world.hello(), hangUp(4401)]],
    "at a first page after a reset": ["items", ({ partial }) => partial, [() => world.hello(), () => world.frame({ type: "reset" })]],
    "at an arrival": ["notification", () => true, [() => world.hello(), () => world.frame({ type: "notifications", items: [item(9, 12)], since: 11, seq: 12, ...counters(2) })]],
  };

  for (const [when, [type, matches, steps]] of Object.entries(cases)) {
    for (const again of [false, true]) {
      test(`${when}${again ? ", and start() follows" : ""}`, async () => {
        const tab = world.tab({ locks: true });
        const client = new ClarionClient({ ...OPTIONS, person: again ? "" : "ada" }, tab.env);
        let heard = 0;
        client.addEventListener(type, ({ detail }) => {
          if (heard || !matches(detail, client)) return;
          heard += 1;
          client.stop();
          if (again) client.start();
        });
        client.start();
        await settle();
        for (const step of steps) {
          step(tab);
          await settle();
        }
        assert.equal(heard, 1);
        await world.advance(5_000);
        if (again) {
          world.hello({ seq: 12 });
          assert.deepEqual([client.status, world.open.length], ["live", 1]);
          client.stop();
        }
        assert.deepEqual([client.status, client.isLeader, world.open, world.timers], ["stopped", false, [], []]);
      });
    }
  }

  test("in a tab that takes over", async () => {
    const { client: first } = await open();
    world.hello({ seq: 11 });
    const { client: second } = await open();
    second.addEventListener("status", ({ detail }) => detail.status === "reconnecting" && second.stop());
    first.stop();
    await world.advance(60_000);
    assert.deepEqual([second.status, second.isLeader, world.open], ["stopped", false, []]);
  });
});
