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

/** What a filter shows: pages that were asked for, kept up to date by what the client tells, and over them its own list. */
export class View {
  #items = new Map();
  /** For each page that is on its way, what was told meanwhile, by id; null for what has left. */ #told = new Set();
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

  /** Take in the page that `list` answers with: an older one, or the first again, in the place of what it covers. */
  async ask(list, again = false) {
    const told = new Map();
    this.#told.add(told);
    try {
      this.#add(await list({ ...this.query, before: again ? undefined : this.next }), again);
      // Perhaps newer than the page.
      for (const [id, item] of told) this.#take(id, item);
    } finally {
      this.#told.delete(told);
    }
  }

  #add({ items, next }, again) {
    if (again) {
      const oldest = next === null ? 0 : Math.min(...items.map(({ id }) => Number(id)));
      for (const id of this.#items.keys()) if (Number(id) >= oldest) this.#items.delete(id);
    }
    for (const item of items) this.#items.set(item.id, item);
    if (!again || this.next === undefined || next === null) this.next = next;
  }

  /** Take in what the client tells of items: those that belong here come, as far down as there are pages, and others go. */
  tell({ items, removed }) {
    for (const [id, item] of [...items.map((item) => [item.id, item]), ...removed.map((id) => [id, null])]) {
      for (const told of this.#told) told.set(id, item);
      this.#take(id, item);
    }
  }

  #take(id, item) {
    const known = this.#items.get(id);
    if (item && known && known.seq !== null && (item.seq === null || item.seq < known.seq)) return;
    const reached = known || this.next === null || Number(id) >= Number(this.next ?? Infinity);
    if (item && reached && this.shows(item)) this.#items.set(id, item);
    else this.#items.delete(id);
  }

  /** Whether an item belongs here. */
  shows(item) {
    return SHOWN[this.filter](item) && (!this.category || item.category === this.category);
  }

  /** @param asShown an item of a page with what is under way */
  list(live, asShown, now) {
    if (this.isLive) return live;
    const items = new Map();
    for (const item of this.#items.values()) items.set(item.id, asShown(item));
    for (const item of live) items.set(item.id, item);
    const shown = (item) => this.shows(item) && !(Date.parse(item.expires_at ?? "") <= now);
    return [...items.values()].filter(shown).sort((a, b) => Number(b.id) - Number(a.id));
  }
}
