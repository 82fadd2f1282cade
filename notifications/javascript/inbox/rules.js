/** What the elements decide, without a document. */

/** An address that is safe to follow, or null: a `javascript:` in a notification must not run on this page. */
export function safeAddress(text, base) {
  if (!text) return null;
  try {
    const url = new URL(text, base);
    return /^https?:$/.test(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

const MODIFIERS = { Alt: "altKey", Control: "ctrlKey", Meta: "metaKey", Shift: "shiftKey" };

/** Whether a key event is a shortcut, which is written as in `aria-keyshortcuts`: "F8", "Control+M". */
export function isShortcut(event, shortcut) {
  const names = shortcut.split("+");
  const key = names.pop();
  return event.key.toLowerCase() === key.toLowerCase() && Object.entries(MODIFIERS).every(([name, held]) => event[held] === names.includes(name));
}

/** Whether a key writes something, given where text is: Alt does so on some keyboards. */
export const writes = ({ key, ctrlKey, metaKey }) => key.length === 1 && !ctrlKey && !metaKey;

export const cappedCount = (count) => (count > 99 ? "99+" : String(count));

const CALM = 5_000; // ms

/**
 * Whether something was missed, and not news. What is caught up with was, unless one has been connected and looking for a while: many
 * at once come that way, too.
 */
export const wasMissed = ({ replayed }, now, since) => replayed && now - since < CALM;

const MOST = 3; // toasts at a time

/**
 * The toasts when these items arrive: each is `{items, urgent}`, and the same object where nothing changes. Of more than three, those
 * that are not urgent become one, and if that is not enough, the urgent ones too.
 */
export function collapse(toasts, arrived) {
  const all = [...toasts, ...arrived.map((item) => ({ items: [item], urgent: item.priority === "urgent" }))];
  let calm = all.filter(({ urgent }) => !urgent);
  let urgent = all.filter((toast) => toast.urgent);
  if (all.length > MOST || calm.some(isMany)) calm = joined(calm);
  if (calm.length + urgent.length > MOST || urgent.some(isMany)) urgent = joined(urgent);
  return [...urgent, ...calm];
}

const isMany = ({ items }) => items.length > 1;

function joined(toasts) {
  return toasts.length < 2 ? toasts : [{ items: toasts.flatMap(({ items }) => items), urgent: toasts[0].urgent }];
}

const isAway = (item) => item.archived_at || item.snoozed_until;

const SHOWN = {
  all: (item) => !isAway(item),
  unread: (item) => !isAway(item) && !item.read_at,
  archived: (item) => item.archived_at,
  snoozed: (item) => item.snoozed_until && !item.archived_at,
};
export const FILTERS = Object.keys(SHOWN);

/** What a filter shows: pages that were asked for, and over them what is known live, which is newer. */
export class View {
  #items = new Map();
  next; // `before` of the next page; undefined until the first has come

  constructor(filter = "all", category = "") {
    this.filter = filter;
    this.category = category;
  }

  /** Whether it is the client's own list, as it is. */
  get isLive() {
    return this.filter === "all" && !this.category;
  }

  /** What to ask `client.list` for. */
  get query() {
    return { [this.filter]: this.filter !== "all", category: this.category, all: undefined };
  }

  /** Take in a page: an older one, or the first again, in the place of what it covers. */
  add({ items, next }, again = false) {
    if (again) {
      const oldest = next === null ? 0 : Math.min(...items.map(({ id }) => Number(id)));
      for (const id of this.#items.keys()) if (Number(id) >= oldest) this.#items.delete(id);
    }
    for (const item of items) this.#items.set(item.id, item);
    if (!again || this.next === undefined || next === null) this.next = next;
  }

  /** Show a change before it is confirmed. */
  patch(ids, change) {
    for (const id of ids) if (this.#items.has(id)) this.#items.set(id, { ...this.#items.get(id), ...change });
  }

  list(live) {
    if (this.isLive) return live;
    const items = new Map(this.#items);
    for (const item of live) items.set(item.id, item);
    const shown = (item) => SHOWN[this.filter](item) && (!this.category || item.category === this.category);
    return [...items.values()].filter(shown).sort((a, b) => Number(b.id) - Number(a.id));
  }
}
