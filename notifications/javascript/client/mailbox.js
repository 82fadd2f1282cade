/**
 * What is known of one person's inbox, and the rules by which frames change it (docs/protocol.md, "Merging").
 */

const CLOCKS = 60_000; // ms that the clocks of server and browser may be apart

const REMEMBERED = 500; // ids that have left, in a snapshot

const NOTHING_PENDING = { apply: (item) => item, covers: () => false };

/** Frames may come late, twice or out of order; the result is the same. Nothing here is what the server has not confirmed. */
export class Mailbox {
  /** Every item known, also those put away. */ #items = new Map();
  /** Ids that left the inbox, with the seq at which they did, so that a late frame does not bring them back. */
  #removed = new Map();
  /** Ids of items of the log, with the position of the newest update, so that a late one does not undo it. */
  #updates = new Map();
  #cursor = null;
  /** The seq of the page, or snapshot, that this began with: what was listed as of it is known, down to `next`. */ #base = 0;
  #counters = null;
  /** What the frame that is being applied has changed. */ #changed = { items: [], removed: [] };
  /** Where the next older page begins; items below it are known by chance and not listed. */ #next = null;

  /** The cursor as the server reads it, or null while there is none. */
  get cursor() {
    return this.#cursor && `${this.#cursor.epoch}.${this.#cursor.seq}.${this.#cursor.position}`;
  }

  get point() {
    return { epoch: "", seq: 0, position: 0, ...this.#cursor };
  }

  /** Whether there is an older page to load. */
  get next() {
    return this.#next;
  }

  /** How much is remembered. */
  get size() {
    return this.#items.size + this.#removed.size;
  }

  /** The highest id known, as a number; Infinity while nothing has been loaded. */
  get newest() {
    let newest = this.#counters ? 0 : Infinity;
    for (const id of this.#items.keys()) newest = Math.max(newest, Number(id));
    return newest;
  }

  /**
   * The list, newest first, without what is archived, snoozed, expired, removed or older than the pages loaded.
   */
  list(now, pending = NOTHING_PENDING) {
    const items = [];
    for (const item of this.#known()) {
      const shown = pending.apply(item);
      if (isListed(shown, now)) items.push(shown);
    }
    return items.sort(newestFirst);
  }

  /**
   * What the badge shows: the server's counters, and the broadcasts known here that its inbox has not taken in yet.
   */
  counts(now, pending = NOTHING_PENDING) {
    const counters = this.#counters ?? { unread: 0, unseen: 0, taken: 0 };
    return { unread: this.#count("unread", "read_at", counters, now, pending), unseen: this.#count("unseen", "seen_at", counters, now, pending) };
  }

  #count(name, state, counters, now, pending) {
    // "All" reaches items that are not known here: only what is newer than it is left then.
    const anew = pending.covers(state);
    let count = anew ? 0 : counters[name];
    for (const item of this.#items.values()) {
      const counted = item.seq !== null || item.position <= counters.taken;
      if (!counted && isExpired(item, now)) continue;
      if (counted && !anew) count -= weight(item, state);
      count += weight(pending.apply(item), state);
    }
    return Math.max(0, count);
  }

  /** When the next item expires that is listed, or counted here, in milliseconds; Infinity if none does. */
  nextExpiry(now) {
    let next = Infinity;
    for (const item of this.#items.values()) if (item.expires_at && isListed(item, now)) next = Math.min(next, Date.parse(item.expires_at));
    return next;
  }

  /** Replace everything by a first page read over HTTP. */
  load(page) {
    this.restore({ ...page, counters: countersOf(page), removed: [] });
  }

  /** Add an older page read over HTTP. Its counters may be older than ours, or newer than our items; frames bring ours. */
  append(page) {
    this.#next = page.next;
    this.#changed = { items: [], removed: [] };
    this.#merge(page.items);
  }

  /**
   * All that another tab, or a later visit, needs to go on from here.
   */
  snapshot(limit, now) {
    const listed = this.list(now);
    const next = listed.length > limit ? listed[limit - 1].id : this.#next;
    const { taken } = this.#counters;
    // Also what is counted here, and not by the server.
    const kept = ({ id, seq, position }) => next === null || Number(id) >= Number(next) || (seq === null && position > taken);
    const items = [...this.#items.values()].filter(kept);
    // What has been put away may be much more than what is listed: of most of it, only that it has left.
    const away = items.filter(isAway).sort((a, b) => b.seq - a.seq);
    const left = new Set(away.slice(limit));
    return {
      cursor: this.cursor,
      counters: this.#counters,
      next,
      items: items.filter((item) => !left.has(item)),
      removed: [...this.#removed, ...[...left].reverse().map(({ id, seq }) => [id, seq])].slice(-REMEMBERED),
    };
  }

  /** Replace everything by a snapshot. */
  restore({ cursor, counters, next, items, removed }) {
    const [epoch, seq, position] = cursor.split(".");
    this.#cursor = { epoch, seq: Number(seq), position: Number(position) };
    this.#counters = counters;
    this.#next = next;
    this.#removed = new Map(removed);
    this.#updates.clear();
    this.#items.clear();
    this.#changed = { items: [], removed: [] };
    this.#merge(items);
    this.#base = this.#cursor.seq;
  }

  /** The cursor is of no use any more (`reset`); what is shown stays until the next first page. */
  invalidate() {
    this.#cursor = null;
  }

  /**
   * Let one frame, or the answer to a state change over HTTP, take effect.
   */
  apply(frame, now = Date.now()) {
    this.#changed = { items: [], removed: [] };
    return { ...this.#apply(frame, now), ...this.#changed };
  }

  #apply(frame, now) {
    switch (frame.type) {
      case "hello":
        this.#counters ??= countersOf(frame);
        return settled();
      case "heartbeat":
        return this.#heartbeat(frame);
      case "sync":
        return this.#sync(frame, now);
      case "broadcast":
        return this.#broadcast(frame, now);
      case "notifications":
      case "change":
        return this.#change(frame, now);
      default:
        return settled(); // of a later version
    }
  }

  #heartbeat(frame) {
    const { seq } = this.point;
    if (frame.seq > seq) return settled([], frame);
    // All of ours up to there went down this socket: what passed by without a frame was for others.
    this.#moveTo(frame.position);
    if (this.#cursor && frame.seq === seq) this.#counters = countersOf(frame);
    return settled();
  }

  #sync(frame, now) {
    // An entry of the log that is known already was updated, or comes twice.
    for (const item of frame.items) if (item.seq === null) this.#update({ item, position: frame.position });
    const arrived = this.#merge(frame.items, (item, known) => isNews(item, known, now));
    this.#remove(frame.removed, frame.seq);
    if (this.#cursor) {
      // An answer over HTTP may have carried us past this page; its counters are old news then.
      if (frame.seq >= this.#cursor.seq) this.#counters = countersOf(frame);
      this.#cursor.seq = Math.max(this.#cursor.seq, frame.seq);
      // Also backwards: a topic that was joined is caught up with from where the membership began.
      this.#cursor.position = frame.position;
    }
    return settled(arrived);
  }

  #broadcast(frame, now) {
    let arrived = [];
    if (frame.kind === "new") arrived = this.#merge([frame.item], (item, known) => isNews(item, known, now));
    if (frame.kind === "update") this.#update(frame);
    if (frame.kind === "retract" && (this.#items.get(frame.id)?.seq ?? null) === null) this.#remove([frame.id], 0);
    this.#moveTo(frame.position);
    return settled(arrived);
  }

  #update({ item, position }) {
    const known = this.#items.get(item.id);
    // What the inbox has taken in is brought up to date by a change of its own.
    if (known?.seq !== null || position <= (this.#updates.get(item.id) ?? 0)) return;
    this.#updates.set(item.id, position);
    this.#put({ ...item, seq: null, position: known.position, seen_at: known.seen_at, read_at: known.read_at });
  }

  #change(frame, now) {
    const fresh = frame.type === "notifications";
    // A change is news only if nobody has seen the item: it may have come back from elsewhere.
    const arrived = this.#merge(frame.items ?? [], (item, known) => isNews(item, known, now) && (fresh || known || !item.seen_at));
    this.#remove(frame.removed ?? [], frame.seq);
    const { seq } = this.point;
    // "All" means all as of `since`; with a gap before it, items here may be older than that.
    if (frame.since > seq) return settled(arrived, { seq: frame.seq, position: 0 });
    if (frame.all_up_to && frame.seq > seq) this.#markAll(frame.all_up_to, frame.seq);
    if (this.#cursor && frame.seq > seq) {
      this.#cursor.seq = frame.seq;
      this.#counters = countersOf(frame);
    }
    return settled(arrived);
  }

  #moveTo(position) {
    if (this.#cursor) this.#cursor.position = Math.max(this.#cursor.position, position);
  }

  *#known() {
    const oldest = Number(this.#next ?? 0);
    for (const item of this.#items.values()) if (Number(item.id) >= oldest) yield item;
  }

  /** Pages come without `news`; of a frame, what it was that has arrived. */
  #merge(items, news) {
    const arrived = [];
    for (const item of items) {
      const known = this.#items.get(item.id);
      // A frame from before the page, which would have it if it had not left since.
      if (news && !known && item.seq !== null && item.seq <= this.#base) continue;
      if (known ? !isNewer(item.seq, known.seq) : this.#removed.has(item.id) && !isNewer(item.seq, this.#removed.get(item.id))) continue;
      this.#removed.delete(item.id);
      this.#put(item);
      if (news?.(item, known)) arrived.push(item);
    }
    return arrived;
  }

  #put(item) {
    this.#items.set(item.id, item);
    this.#changed.items.push(item);
  }

  #remove(ids, seq) {
    for (const id of ids) {
      const known = this.#items.get(id);
      if (known && known.seq !== null && known.seq > seq) continue;
      this.#items.delete(id);
      this.#changed.removed.push(id);
      this.#removed.set(id, Math.max(seq, this.#removed.get(id) ?? 0));
    }
  }

  #markAll(upTo, seq) {
    for (const item of this.#items.values()) {
      const after = marked(item, upTo, seq);
      if (after !== item) this.#put(after);
    }
  }
}

/** An item after "all": a copy, as what was handed out to readers does not change under them; itself where it makes no difference. */
export function marked(item, upTo, seq) {
  // What was so already is as it was, and has no new seq: a later "all" may reach no further than the one that it has.
  if (!isWithin(item, upTo) || !lacks(item, upTo)) return item;
  return {
    ...item,
    seq: item.seq === null ? null : seq,
    seen_at: item.seen_at ?? upTo.seen_at ?? null,
    read_at: item.read_at ?? upTo.read_at ?? null,
    archived_at: upTo.archived_at ?? null,
  };
}

/**
 * Whether "all" reaches this item: it is not newer than the bound, and of the category and thread it is limited to, if any.
 */
export function isWithin(item, { seq, position, category, thread, only_read }) {
  if (isAway(item)) return false;
  const old = (item.seq !== null && item.seq <= seq) || (item.position !== null && item.position <= position);
  return old && item.category === (category ?? item.category) && item.thread === (thread ?? item.thread) && (!only_read || Boolean(item.read_at));
}

/** Whether "all" makes a difference to an item: what is archived is not within. */
function lacks(item, { read_at, archived_at }) {
  return Boolean(archived_at || (!item.read_at && (read_at || !item.seen_at)));
}

function isExpired(item, now) {
  return Boolean(item.expires_at) && Date.parse(item.expires_at) <= now;
}

function isAway(item) {
  return Boolean(item.archived_at || item.snoozed_until);
}

function isListed(item, now) {
  return !isAway(item) && !isExpired(item, now);
}

/** What an item adds to the counter of those without `state` (`read_at`, `seen_at`). */
function weight(item, state) {
  return isAway(item) || item[state] ? 0 : 1;
}

/** Unread and listed, and not known before or just woken up. */
function isNews(item, known, now) {
  if (item.read_at || !isListed(item, now)) return false;
  return !known || (Boolean(known.snoozed_until) && Date.parse(known.snoozed_until) <= now + CLOCKS);
}

/** An item of the log (seq null) loses against the same one taken in; else the higher seq wins, and a repetition changes nothing. */
function isNewer(seq, known) {
  return seq !== null && (known === null || seq > known);
}

function newestFirst(a, b) {
  return Number(b.id) - Number(a.id);
}

function countersOf({ unread, unseen, taken }) {
  return { unread, unseen, taken };
}

function settled(arrived = [], behind = null) {
  return { arrived, behind: behind && { seq: behind.seq, position: behind.position } };
}
