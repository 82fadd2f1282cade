// One person's inbox and the log behind it: pages, changes and sockets as docs/protocol.md has them, small pages and low bounds.
import { T0, counters, item, page } from "./world.mjs";

const PAGE = 4;
const TOO_FAR = 25;

const isAway = (entry) => entry.archived_at || entry.snoozed_until;

export class Server {
  epoch = "e1";
  seq = 0;
  position = 0;
  taken = 0;
  lastId = 0;
  /** What the inbox has, by id. */ items = new Map();
  /** Ids that left it, with the seq at which they did. */ removed = new Map();
  /** What was broadcast, by id: `item`, `gone`. */ said = new Map();
  /** Rows of the log: `position`, `kind`, `id`. */ log = [];
  sessions = new Map();
  /** Whether something on the way lets no socket through. */ blocked = false;

  constructor(world) {
    this.world = world;
    const open = world.openSocket.bind(world);
    world.openSocket = (...args) => {
      const socket = open(...args);
      socket.send = (text) => this.#received(socket, JSON.parse(text));
      this.#greet(socket);
      return socket;
    };
  }

  // -- what a page ought to show ---------------------------------------------------------------------------------------------

  counters() {
    const listed = [...this.items.values()].filter((entry) => !isAway(entry));
    return counters(listed.filter((entry) => !entry.read_at).length, listed.filter((entry) => !entry.seen_at).length, this.taken);
  }

  /** Of the inbox, and of what it has not taken in yet. */
  get listed() {
    const coming = [...this.said.values()].filter(({ item: entry, gone }) => !gone && entry.position > this.taken).map(({ item: entry }) => entry);
    return [...[...this.items.values()].filter((entry) => !isAway(entry)), ...coming].sort((a, b) => Number(b.id) - Number(a.id));
  }

  // -- what happens ----------------------------------------------------------------------------------------------------------

  notify(more = {}) {
    const entry = item((this.lastId += 1), (this.seq += 1), more);
    this.items.set(entry.id, entry);
    this.#tell("notifications", this.seq - 1, [entry]);
  }

  broadcast(more = {}) {
    const entry = item((this.lastId += 1), null, { position: this.position + 1, ...more });
    this.said.set(entry.id, { item: entry, gone: false });
    this.#log("new", entry);
  }

  update(id, title) {
    const known = this.said.get(id);
    if (!known || known.gone) return;
    known.item = { ...known.item, title };
    if (this.items.has(id)) this.#change([{ ...this.items.get(id), title }]);
    this.#log("update", known.item);
  }

  /** Gone, wherever it is. */
  retract(id) {
    const known = this.said.get(id);
    if (this.items.delete(id)) {
      this.removed.set(id, (this.seq += 1));
      this.#tell("change", this.seq - 1, [], [id]);
    }
    if (!known || known.gone) return;
    known.gone = true;
    this.#log("retract", known.item);
  }

  expire() {
    const all = [...this.items.values(), ...[...this.said.values()].map(({ item: entry }) => entry)];
    for (const { id, expires_at } of all) if (expires_at && Date.parse(expires_at) <= this.world.time) this.retract(id);
  }

  wake() {
    this.#change([...this.items.values()].filter((entry) => entry.snoozed_until).map((entry) => ({ ...entry, snoozed_until: null, seen_at: null, read_at: null })));
  }

  /** A backup is restored: much is as it was once, under another epoch. */
  restore() {
    this.epoch = `e${Number(this.epoch.slice(1)) + 1}`;
    for (const id of [...this.items.keys()].slice(-3)) {
      this.items.delete(id);
      this.said.delete(id);
    }
    this.seq = Math.max(0, ...[...this.items.values()].map(({ seq }) => seq));
    for (const socket of this.sessions.keys()) this.drop(socket);
  }

  perform(action, body) {
    const since = this.seq;
    if (body.cursor) {
      const [epoch, seq, position] = body.cursor.split(".");
      if (epoch !== this.epoch || Number(seq) > this.seq || Number(position) > this.position) return { status: 409, code: "cursor_invalid" };
      this.#takeIn();
      const from = this.seq;
      const within = (entry) => (entry.seq <= Number(seq) || (entry.position !== null && entry.position <= Number(position))) && !isAway(entry);
      const wanted = (entry) => (action === "archive-read" ? entry.read_at : action === "seen-all" ? !entry.seen_at && !entry.read_at : !entry.read_at);
      const concerned = [...this.items.values()].filter((entry) => within(entry) && wanted(entry) && (body.category ?? entry.category) === entry.category);
      if (!concerned.length) return this.#frame(from, []);
      for (const entry of concerned) this.#put({ ...entry, ...effect(action, entry, body) });
      const times = { "seen-all": { seen_at: T0 }, "read-all": { seen_at: T0, read_at: T0 }, "archive-read": { archived_at: T0, only_read: true } }[action];
      const bound = { seq: Number(seq), position: Math.min(Number(position), this.taken), category: body.category, ...times };
      return this.#tell("change", from, [], [], { all_up_to: bound });
    }
    if (body.ids.some((id) => !this.items.has(id))) this.#takeIn();
    const changed = body.ids.filter((id) => this.items.has(id)).map((id) => ({ ...this.items.get(id), ...effect(action, this.items.get(id), body) }));
    return this.#change(changed) ?? this.#frame(Math.max(since, this.seq), []);
  }

  page(before) {
    if (!before) this.#takeIn();
    const all = [...this.items.values()].filter((entry) => !isAway(entry) && (!before || Number(entry.id) < Number(before))).sort((a, b) => Number(b.id) - Number(a.id));
    const next = all.length > PAGE ? all[PAGE - 1].id : null;
    return { ...page(all.slice(0, PAGE), `${this.epoch}.${this.seq}.${this.position}`, this.counters(), next), person: "ada" };
  }

  #put(entry) {
    this.items.set(entry.id, { ...entry, seq: (this.seq += 1) });
  }

  #change(entries) {
    const since = this.seq;
    const changed = entries.filter((entry) => JSON.stringify(entry) !== JSON.stringify(this.items.get(entry.id)));
    for (const entry of changed) this.#put(entry);
    return changed.length ? this.#tell("change", since, changed.map(({ id }) => this.items.get(id))) : null;
  }

  #takeIn() {
    const since = this.seq;
    const pending = [...this.said.values()].filter(({ item: entry }) => entry.position > this.taken);
    for (const { item: entry, gone } of pending) {
      if (gone) this.removed.set(entry.id, (this.seq += 1));
      else this.#put(entry);
    }
    this.taken = this.position;
    const gone = pending.filter((each) => each.gone).map(({ item: { id } }) => id);
    const items = pending.filter((each) => !each.gone).map(({ item: { id } }) => this.items.get(id));
    if (pending.length) this.#tell("change", since, items, gone);
  }

  // -- sockets ---------------------------------------------------------------------------------------------------------------

  #frame(since, items, removed = [], more = {}) {
    const tooMuch = items.length > PAGE;
    return { items: tooMuch ? [] : items, removed: tooMuch ? [] : removed, since: tooMuch ? this.seq : since, seq: this.seq, ...this.counters(), ...(tooMuch ? {} : more) };
  }

  #tell(type, since, items, removed, more) {
    const frame = this.#frame(since, items, removed, more);
    for (const session of this.sessions.values()) {
      if (frame.since === frame.seq) this.#sync(session, session);
      else session.queue.push({ type, ...frame });
      session.seq = this.seq;
    }
    return frame;
  }

  #log(kind, entry) {
    this.log.push({ position: (this.position += 1), kind, id: entry.id });
    const frame = { type: "broadcast", kind, position: this.position, ...(kind === "retract" ? { id: entry.id } : { item: entry }) };
    for (const session of this.sessions.values()) {
      session.queue.push(frame);
      session.position = this.position;
    }
  }

  #greet(socket) {
    if (this.blocked) return;
    const session = { queue: [], seq: this.seq, position: this.position };
    this.sessions.set(socket, session);
    session.queue.push({ type: "hello", person: "ada", epoch: this.epoch, seq: this.seq, position: this.position, heartbeat_seconds: 30, ...this.counters() });
    this.#resume(session, decodeURIComponent(socket.url.split("=")[1]));
  }

  #received(socket, { type, epoch, seq, position }) {
    if (type === "resume" && this.sessions.has(socket)) this.#resume(this.sessions.get(socket), `${epoch}.${seq}.${position}`);
  }

  #resume(session, cursor) {
    const [epoch, seq, position] = cursor.split(".");
    const from = { seq: Number(seq), position: Number(position) };
    if (epoch !== this.epoch) session.queue.push({ type: "reset", reason: "epoch" });
    else if (from.seq > this.seq || from.position > this.position) session.queue.push({ type: "reset", reason: "ahead" });
    else if (from.seq < this.seq || from.position < this.position) this.#sync(session, from);
  }

  /** Pages of what changed since; a reset where it is too much. */
  #sync(session, { seq, position }) {
    const changed = [
      ...[...this.items.values()].map((entry) => ({ at: entry.seq, item: entry })),
      ...[...this.removed].filter(([id]) => !this.items.has(id)).map(([id, at]) => ({ at, gone: id })),
    ].filter(({ at }) => at > seq).sort((a, b) => a.at - b.at);
    const coming = this.log.filter((row) => row.position > (row.kind === "retract" ? position : Math.max(position, this.taken)))
      .map((row) => ({ position: row.position, ...(this.said.get(row.id)?.gone ? { gone: row.id } : { item: this.said.get(row.id)?.item }) }))
      .filter((row) => row.gone || (row.item && row.item.position > this.taken));
    const lines = [...changed, ...coming];
    if (lines.length > TOO_FAR) session.queue.push({ type: "reset", reason: "too_far" });
    for (let from = 0; lines.length <= TOO_FAR && (from === 0 || from < lines.length); from += PAGE) {
      const some = lines.slice(from, from + PAGE);
      const more = from + PAGE < lines.length;
      const reached = lines[from + some.length - 1];
      session.queue.push({
        type: "sync", items: some.flatMap((line) => line.item ?? []), removed: some.flatMap((line) => line.gone ?? []), ...this.counters(), more,
        seq: more && reached.at ? reached.at : this.seq,
        position: more ? (reached.at ? position : reached.position) : this.position,
      });
    }
    session.seq = this.seq;
    session.position = this.position;
  }

  heartbeat() {
    for (const session of this.sessions.values()) session.queue.push({ type: "heartbeat", seq: this.seq, position: this.position, ...this.counters() });
  }

  /** The next frame arrives; whether there was one. */
  deliver(socket) {
    if (socket.closed) this.sessions.delete(socket);
    const frame = this.sessions.get(socket)?.queue.shift();
    if (frame) this.world.frame(frame, socket);
    return Boolean(frame);
  }

  drop(socket) {
    this.sessions.delete(socket);
    socket.tab.run(() => socket.onclose({ code: 1006 }));
  }
}

function effect(action, entry, { until }) {
  const seen = { seen_at: entry.seen_at ?? T0 };
  const read = { ...seen, read_at: entry.read_at ?? T0 };
  const archive = { archived_at: entry.archived_at ?? T0, snoozed_until: null };
  return {
    seen, read, archive, "seen-all": seen, "read-all": read, "archive-read": { archived_at: T0 },
    unread: { read_at: null }, unarchive: { archived_at: null }, snooze: { ...seen, archived_at: null, snoozed_until: until }, unsnooze: { snoozed_until: null },
  }[action];
}
