// The rules by which frames change a list, from the same files as those for the client in Python.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { Mailbox } from "../../notifications/javascript/client.js";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, FIXTURES), "utf8"));
const BASE = read("item.json");

const whole = (item) => ({ ...BASE, ...item });
const complete = (frame) => ({ ...frame, ...(frame.items && { items: frame.items.map(whole) }), ...(frame.item && { item: whole(frame.item) }) });

for (const file of readdirSync(new URL("frames/", FIXTURES))) {
  const { name, given, frames, expected } = read(`frames/${file}`);
  test(name, () => {
    const mailbox = new Mailbox();
    mailbox.load(complete(given));
    let behind = null;
    for (const frame of frames) behind = mailbox.apply(complete(frame), 0).behind;
    const list = mailbox.list(0);
    assert.deepEqual(list.map(({ id }) => id), expected.ids);
    assert.deepEqual(list.filter((item) => item.read_at).map(({ id }) => id), expected.read);
    if (expected.titles) assert.deepEqual(list.map(({ title }) => title), expected.titles);
    assert.equal(mailbox.cursor, expected.cursor);
    assert.deepEqual(mailbox.counts(0), { unread: expected.unread, unseen: expected.unseen });
    assert.equal(behind !== null, expected.behind);
  });
}
