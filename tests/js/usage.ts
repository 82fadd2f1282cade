// Compiled, never run: what client.d.ts allows, and what it does not.
import { CLOSE_CODES, ClarionClient, ClarionError, Mailbox, afterClose, backoff } from "../../notifications/static/clarion/client.js";
import type { Choices, Counts, Item, Page, Status, Topic } from "../../notifications/static/clarion/client.js";

const client = new ClarionClient({ socketUrl: "wss://h/ws/", apiUrl: "/api/", person: "7", language: "en", keep: false, csrfToken: () => "", csrfHeader: "X-CSRFToken", ticketUrl: "/t" });
const standing = new ClarionClient({ socketUrl: "wss://h/ws/", apiUrl: "/api/", person: 7 }, { now: () => 0, random: () => 0.5, openChannel: () => null, locks: undefined });
standing.networkChanged(false);
standing.woke();

client.addEventListener("notification", ({ detail: { item, replayed } }) => {
  const news: [string, string | null, boolean] = [item.title, item.read_at, replayed];
  console.log(news, item.actions[0]?.label, item.actors.length, item.data["order"]);
});
client.addEventListener("items", ({ detail: { items, removed, partial, emptied } }) => {
  const shown: Item[] = items.map((item) => client.asShown(item));
  console.log(shown, removed.length, partial || emptied);
});
client.markRead("7");
client.addEventListener("counts", ({ detail }) => detail.unread + detail.unseen);
client.addEventListener("error", ({ detail }) => detail.error instanceof ClarionError && detail.error.retryAfter);
client.addEventListener("status", ({ detail }) => {
  const status: Status = detail.status;
  // @ts-expect-error -- there is no such status
  if (status === "asleep") return;
});
client.addEventListener("change", () => {
  const counts: Counts = client.counts;
  const items: readonly Item[] = client.items;
  // @ts-expect-error -- items are never changed in place
  items[0].read_at = null;
  // @ts-expect-error -- nor is the list
  client.items.push(items[0]);
  // @ts-expect-error -- nor what the client says of itself
  client.isLeader = true;
  console.log(counts, client.cursor, client.hasOlder, client.isLeader);
});

async function use(): Promise<void> {
  client.start();
  const { ids } = { ids: new Set(["1"]) };
  await client.markSeen(ids);
  await client.markRead(["1"]);
  await client.markUnread(["1"]);
  await client.archive(["1"]);
  await client.unarchive(["1"]);
  await client.snooze(["1"], new Date());
  await client.unsnooze(["1"]);
  await client.seenAll();
  await client.readAll({ category: "orders" });
  await client.archiveRead({ thread: "order-7" });
  // @ts-expect-error -- ids are texts
  await client.markRead([1]);
  // @ts-expect-error -- without an end there is no snooze
  await client.snooze(["1"]);

  await client.loadOlder();
  const { items, next }: Page = await client.list({ archived: true, limit: 20 });
  await client.list({ snoozed: true, unread: true, category: "a", thread: "b", before: next ?? undefined });
  console.log(items);

  const choices: Choices = await client.choices();
  await client.optOut(choices.categories[0].key);
  await client.optIn("news");
  await client.mute({ category: "news", until: new Date() });
  await client.mute({ thread: "order-7" });
  await client.unmute({ thread: "order-7" });
  // @ts-expect-error -- of a category or of a thread
  await client.mute({ category: "news", thread: "order-7" });
  const topics: Topic[] = await client.topics();
  console.log(topics.map(({ key, subscribed }) => [key, subscribed]));
  await client.subscribe("cooking");
  await client.unsubscribe("cooking");
  client.forget();
  client.stop();
}

const mailbox = new Mailbox();
mailbox.load({ items: [], next: null, cursor: "e.0.0", unread: 0, unseen: 0, taken: 0 });
const { arrived, behind, items, removed } = mailbox.apply({ type: "heartbeat", seq: 1, position: 0 }, Date.now());
console.log(arrived, items, removed, behind?.seq, mailbox.list(0), mailbox.counts(0), afterClose(4401), backoff(0), CLOSE_CODES.too_many.number, use);
