// Pages of other origins: a token in place of cookies.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { ClarionClient } from "../../notifications/javascript/client.js";
import { World, counters, item, page, settle } from "./world.mjs";

const OPTIONS = { socketUrl: "wss://c.example/ws/notifications/", apiUrl: "https://c.example/api/v1/inbox/" };

let world;
let client;
let given; // what the own backend answers, in order; the last one stays
let asked;

beforeEach(() => {
  world = new World();
  asked = 0;
  given = [{ token: "a~1", expires_in: 900 }, { token: "b~2", expires_in: 900 }];
  const getToken = async () => {
    asked += 1;
    const answer = given.length > 1 ? given.shift() : given[0];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  client = new ClarionClient({ ...OPTIONS, csrfToken: () => "csrf", ticketUrl: "https://c.example/api/v1/ticket", getToken }, world.tab().env);
});

async function live() {
  world.answers.push(page([item(1, 10)], "e.10.5", counters(1)));
  client.start();
  await settle();
  world.hello({ unread: 1, unseen: 1 });
}

const shown = (request) => [request.headers.Authorization, request.headers["X-CSRFToken"], request.credentials];

describe("a token", () => {
  test("goes with every request and into the handshake, and never into an address", async () => {
    await live();
    world.answers.push({ items: [], removed: [], since: 10, seq: 10, ...counters(1) });
    await client.markSeen(["1"]);
    assert.equal(asked, 1);
    assert.equal(world.requests.length, 2);
    for (const request of world.requests) assert.deepEqual(shown(request), ["Bearer a~1", undefined, "omit"]);
    assert.deepEqual(world.socket.protocols, ["clarion.v1", "token.a~1"]);
    for (const { url } of [...world.requests, world.socket]) assert.ok(!url.includes("a~1"));
  });

  for (const expires_in of [undefined, "soon", 0, -5]) {
    test(`that lasts ${expires_in} seconds serves once, and the backend is not asked without end`, async () => {
      given = [{ token: "a~1", expires_in }, { token: "a~1", expires_in }, new Error("once more")];
      await live();
      assert.equal(client.status, "live");
      assert.equal(asked, 1);
    });
  }

  test("that has run out is followed by a new one; what is listed stays", async () => {
    await live();
    world.socket.onclose({ code: 4001 });
    assert.equal(client.status, "reconnecting");
    assert.equal(client.items.length, 1);
    await world.advance(2_000);
    assert.deepEqual(world.socket.protocols, ["clarion.v1", "token.b~2"]);
    assert.equal(asked, 2);
  });

  test("is not shown any more shortly before its end", async () => {
    await live();
    await world.advance(900_000 - 30_000);
    world.answers.push({ items: [], removed: [], since: 10, seq: 10, ...counters(1) });
    await client.markSeen(["1"]);
    assert.equal(world.requests.at(-1).headers.Authorization, "Bearer b~2");
  });

  test("that is refused is fetched anew, once", async () => {
    await live();
    world.answers.push({ status: 401 }, { items: [], removed: [], since: 10, seq: 10, ...counters(1) });
    await client.markSeen(["1"]);
    assert.deepEqual(world.requests.slice(1).map((request) => request.headers.Authorization), ["Bearer a~1", "Bearer b~2"]);
    world.answers.push({ status: 401 }, { status: 401 });
    await assert.rejects(client.markSeen(["1"]), { status: 401 });
    assert.equal(client.status, "signed_out");
    assert.deepEqual(client.items, []);
  });

  test("that is not accepted any more where a socket opens is fetched anew, once", async () => {
    await live();
    world.socket.onclose({ code: 1012 });
    await world.advance(2_000);
    world.socket.onclose({ code: 4401 });
    await world.advance(5_000);
    assert.deepEqual([client.status, client.items.length, asked], ["reconnecting", 1, 2]);
    assert.deepEqual(world.socket.protocols, ["clarion.v1", "token.b~2"]);
    world.hello({ unread: 1, unseen: 1 });
    world.socket.onclose({ code: 1012 });
    for (let count = 0; count < 2; count += 1) {
      await world.advance(9_000);
      world.socket.onclose({ code: 4401 });
    }
    assert.deepEqual([client.status, client.items, asked], ["signed_out", [], 3]);
  });

  test("that many requests are refused for at once is fetched anew once", async () => {
    await live();
    const refusals = [];
    world.server = ({ headers }) => headers.Authorization === "Bearer a~1" ? new Promise((resolve) => refusals.push(() => resolve({ status: 401 }))) : { categories: [] };
    const all = Promise.all(Array.from({ length: 10 }, () => client.choices()));
    await settle();
    for (const refuse of refusals) {
      refuse();
      await settle();
    }
    await all;
    assert.deepEqual([refusals.length, asked, client.status], [10, 2, "live"]);
  });

  test("is fetched once for all who ask at the same time", async () => {
    await live();
    await world.advance(900_000);
    const answer = { items: [], removed: [], since: 10, seq: 10, ...counters(1) };
    world.answers.push(answer, answer, answer);
    await Promise.all([client.markSeen(["1"]), client.markRead(["1"]), client.markUnread(["1"])]);
    assert.equal(asked, 2);
  });
});

describe("without a token", () => {
  test("nobody is signed in", async () => {
    given = [null];
    client.start();
    await settle();
    assert.equal(client.status, "signed_out");
    assert.deepEqual([world.requests, world.sockets], [[], []]);
    await world.advance(600_000);
    assert.equal(asked, 1);
  });

  for (const bad of [{ status: 429, code: "rate_limited" }, { token: "" }, { token: null }, { token: 5 }]) {
    test(`of ${JSON.stringify(bad)} nothing is made but another question`, async () => {
      given = [bad, { token: "a~1", expires_in: 900 }];
      world.answers.push(page([item(1, 10)], "e.10.5", counters(1)));
      client.start();
      await settle();
      assert.deepEqual([client.status, world.requests], ["reconnecting", []]);
      await world.advance(2_000);
      world.hello();
      given = [bad];
      await world.advance(870_000);
      world.socket.onclose({ code: 4001 });
      await world.advance(60_000);
      assert.deepEqual([client.status, client.items.length], ["reconnecting", 1]);
      given = [{ token: "b~2", expires_in: 900 }];
      await world.advance(20_000);
      assert.deepEqual(world.socket.protocols, ["clarion.v1", "token.b~2"]);
    });
  }

  test("a backend that fails, or does not answer, is asked again", async () => {
    given = [new TypeError("network"), { token: "a~1", expires_in: 900 }];
    world.answers.push(page([], "e.10.5", counters(0)));
    client.start();
    await settle();
    assert.equal(client.status, "reconnecting");
    await world.advance(2_000);
    assert.deepEqual(world.socket.protocols, ["clarion.v1", "token.a~1"]);

    client.stop();
    const silent = new ClarionClient({ ...OPTIONS, getToken: () => new Promise(() => {}) }, world.tab().env);
    silent.start();
    await world.advance(10_000);
    assert.equal(silent.status, "reconnecting");
    silent.stop();
  });
});
