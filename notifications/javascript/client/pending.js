/** State changes that are shown before the server has confirmed them: a layer over the mailbox, which they never touch. */

import { isWithin } from "./mailbox.js";

const seen = (item, { at }) => ({ seen_at: item.seen_at ?? at });
const read = (item, { at }) => ({ seen_at: item.seen_at ?? at, read_at: item.read_at ?? at });
const archive = (item, { at }) => ({ archived_at: item.archived_at ?? at, snoozed_until: null });

/** What each action makes of an item, by its path below the inbox's. */
const EFFECTS = {
  seen,
  read,
  unread: () => ({ read_at: null }),
  archive,
  unarchive: () => ({ archived_at: null }),
  snooze: (item, { at, until }) => ({ seen_at: item.seen_at ?? at, archived_at: null, snoozed_until: until }),
  unsnooze: () => ({ snoozed_until: null }),
  "seen-all": seen,
  "read-all": read,
  "archive-read": archive,
};

/** What has been seen stays so, whatever else happens to it. */
const isSeen = ({ action }) => action === "seen" || action === "seen-all";

/** In whichever order: twice the same is once, but the later moment of two counts. */
const goTogether = (one, other) => isSeen(one) || isSeen(other) || (one.action === other.action && one.action !== "snooze");

const mayMeet = (one, other) => !one.ids || !other.ids || [...one.ids].some((id) => other.ids.has(id));

export class Pending {
  /** In the order in which they were begun. */ #operations = new Set();

  add(operation) {
    this.#operations.add(operation);
  }

  /** It was refused. */
  delete(operation) {
    this.#operations.delete(operation);
  }

  /** The mailbox has got to `seq`: those that were confirmed as of it, or before (`until`), are in there. */
  settle(seq) {
    for (const operation of this.#operations) if (operation.until <= seq) this.#operations.delete(operation);
  }

  /** Those begun before this one of which it matters whether they come first: they may concern the same items. */
  before(operation) {
    const all = [...this.#operations];
    return all.slice(0, all.indexOf(operation)).filter((other) => !goTogether(operation, other) && mayMeet(operation, other));
  }

  /** An item as it will be; the same object if nothing concerns it. */
  apply(item) {
    for (const operation of this.#operations) {
      const concerned = operation.ids ? operation.ids.has(item.id) : isWithin(item, operation.bound);
      if (concerned) item = { ...item, ...EFFECTS[operation.action](item, operation) };
    }
    return item;
  }

  /** Whether everything up to some point is being marked: `read_at` or `seen_at`. */
  covers(state) {
    for (const { action, bound } of this.#operations) {
      const unlimited = bound && bound.category === undefined && bound.thread === undefined;
      if (unlimited && (action === "read-all" || (action === "seen-all" && state === "seen_at"))) return true;
    }
    return false;
  }
}
