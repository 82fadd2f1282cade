/**
 * Clarion's browser client: one live inbox. No DOM, no dependencies.
 *
 *     const client = new ClarionClient({ socketUrl: "/ws/notifications/", apiUrl: "/api/v1/inbox/" });
 *     client.addEventListener("change", () => render(client.items, client.counts));
 *     client.start();
 *
 * `Mailbox` holds what is known and the rules by which frames change it; it does no input or output. `ClarionClient` moves bytes
 * between it and the server, and decides when to connect.
 *
 * @typedef {{id: string, seq: number|null, position: number|null, type: string, category: string, title: string, body: string,
 *   url: string, level: "info"|"success"|"warning"|"error", priority: "normal"|"urgent", thread: string, data: object,
 *   actor: {type: string, id: string, label: string}|null, created_at: string, expires_at: string|null, seen_at: string|null,
 *   read_at: string|null, archived_at: string|null, snoozed_until: string|null}} Item
 * @typedef {"connecting"|"live"|"reconnecting"|"offline"|"signed_out"|"stopped"} Status
 */

const SUBPROTOCOL = "clarion.v1";

const CONNECT_TIMEOUT = 10_000; // ms until the first frame; browsers themselves wait for minutes
const REQUEST_TIMEOUT = 10_000; // ms for one HTTP request
const TICKET_TIMEOUT = 3_000; // ms; whoever gets no ticket shows the cookie
const ACK_INTERVAL = 1_000; // ms; acknowledgements feed metrics and are not worth more
const GAP_GRACE = 250; // ms; an HTTP answer often overtakes the frames it follows
const RESUME_INTERVAL = 5_500; // ms; the server takes one per 5 s, the rest is for clocks and networks
const STEADY = 10_000; // ms that a connection has to last before the next failure counts as the first one
const DEFAULT_HEARTBEAT = 30; // s, until `hello` says

const SIGNED_OUT_GRACE = 500; // ms; sockets are told just before the login session goes

const BACKOFF_MIN = 500; // ms
const BACKOFF_MAX = 20_000; // ms

/**
 * How long to wait before connecting again: full jitter between half a second and a ceiling that doubles from 2 s to 20 s,
 * so that the clients of a server that went away do not come back as one.
 *
 * @param {number} attempt failures so far, 0 for the first
 * @param {() => number} random in [0, 1)
 * @returns {number} milliseconds
 */
export function backoff(attempt, random = Math.random) {
  const ceiling = Math.min(BACKOFF_MAX, 2_000 * 2 ** Math.min(attempt, 10));
  return BACKOFF_MIN + random() * (ceiling - BACKOFF_MIN);
}

/** The codes this server closes with, as in notifications/wire/close_codes.py; a test compares the two. */
export const CLOSE_CODES = Object.freeze({
  service_restart: { number: 1012, reconnect: true },
  keepalive: { number: 1011, reconnect: true },
  try_again: { number: 1013, reconnect: true },
  protocol_violation: { number: 4400, reconnect: false },
  signed_out: { number: 4401, reconnect: false },
  not_found: { number: 4404, reconnect: false },
  too_many: { number: 4429, reconnect: false },
});

/**
 * What a close code asks of us. Ranges decide, so that codes of later servers are understood: 4400-4499 say that coming back
 * cannot help; everything else is the network's or the server's doing.
 *
 * @param {number} code
 * @returns {"reconnect"|"signed_out"|"stopped"}
 */
export function afterClose(code) {
  if (code === CLOSE_CODES.signed_out.number) return "signed_out";
  return code >= 4400 && code <= 4499 ? "stopped" : "reconnect";
}

/** An HTTP request that was refused: `status`, and the server's `code` where it gave one. */
export class ClarionError extends Error {
  /** @param {number} status @param {string} [code] @param {string} [detail] */
  constructor(status, code = "", detail = "") {
    super(detail || code || `HTTP ${status}`);
    this.name = "ClarionError";
    this.status = status;
    this.code = code;
  }
}

/**
 * What one person's client knows: items, counters and the cursor up to which nothing is missing.
 * Frames may come late, twice or out of order; the result is the same.
 */
export class Mailbox {
  /** @type {Map<string, Item>} */ #items = new Map();
  /** Ids that left the list, with the seq at which they did, so that a late frame does not bring them back. */
  #gone = new Map();
  /** @type {{epoch: string, seq: number, position: number}|null} */ #cursor = null;
  /** @type {{unread: number, unseen: number, taken: number}|null} */ #counters = null;
  /** Where the next older page begins; items below it are known by chance and not listed. @type {string|null} */ #next = null;
  /** @type {Item[]|null} */ #sorted = null;

  /** The cursor as the server reads it, or null while there is none. @returns {string|null} */
  get cursor() {
    return this.#cursor && `${this.#cursor.epoch}.${this.#cursor.seq}.${this.#cursor.position}`;
  }

  /** @returns {{seq: number, position: number}} */
  get point() {
    return { seq: this.#cursor?.seq ?? 0, position: this.#cursor?.position ?? 0 };
  }

  /** Whether there is an older page to load. @returns {string|null} its `before` */
  get next() {
    return this.#next;
  }

  /** The list, newest first, without what is archived, removed or older than the pages loaded. @returns {Item[]} */
  get items() {
    const oldest = this.#next === null ? 0 : Number(this.#next);
    this.#sorted ??= [...this.#items.values()].filter((item) => Number(item.id) >= oldest).sort((a, b) => Number(b.id) - Number(a.id));
    return this.#sorted;
  }

  /**
   * What the badge shows: the server's counters, and the broadcasts known here that its inbox has not taken in yet.
   *
   * @param {number} now milliseconds; expired broadcasts do not count
   * @returns {{unread: number, unseen: number}}
   */
  counts(now = Date.now()) {
    let { unread, unseen, taken } = this.#counters ?? { unread: 0, unseen: 0, taken: 0 };
    for (const item of this.#items.values()) {
      if (item.seq !== null || item.position <= taken) continue;
      if (item.expires_at && Date.parse(item.expires_at) <= now) continue;
      if (!item.read_at) unread += 1;
      if (!item.seen_at) unseen += 1;
    }
    return { unread, unseen };
  }

  /** Replace everything by a first page read over HTTP. */
  load(page) {
    const [epoch, seq, position] = page.cursor.split(".");
    this.#items.clear();
    this.#gone.clear();
    this.#cursor = { epoch, seq: Number(seq), position: Number(position) };
    this.#counters = countersOf(page);
    this.#next = page.next;
    this.#merge(page.items);
  }

  /** Add an older page read over HTTP. Its counters may be older than ours, or newer than our items; frames bring ours. */
  append(page) {
    this.#next = page.next;
    this.#merge(page.items);
  }

  /** The cursor is of no use any more (`reset`); what is shown stays until the next first page. */
  invalidate() {
    this.#cursor = null;
  }

  /**
   * Let one frame, or the answer to a state change over HTTP, take effect.
   *
   * @param {object} frame
   * @returns {{arrived: Item[], behind: {seq: number, position: number}|null}} items not known before that are unread and not
   *   archived; and how far the server is ahead of us, if it is
   */
  apply(frame) {
    switch (frame.type) {
      case "hello":
        this.#counters ??= countersOf(frame);
        return settled();
      case "heartbeat":
        return this.#heartbeat(frame);
      case "sync":
        return this.#sync(frame);
      case "broadcast":
        return this.#broadcast(frame);
      case "notifications":
      case "change":
        return this.#change(frame);
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

  #sync(frame) {
    const arrived = this.#merge(frame.items);
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

  #broadcast(frame) {
    const arrived = frame.kind === "new" ? this.#merge([frame.item]) : [];
    this.#moveTo(frame.position);
    return settled(arrived);
  }

  #change(frame) {
    const arrived = this.#merge(frame.items ?? []);
    this.#remove(frame.removed ?? [], frame.seq);
    const seq = this.point.seq;
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

  /** @param {Item[]} items @returns {Item[]} those that are news to a reader */
  #merge(items) {
    const arrived = [];
    for (const item of items) {
      const known = this.#items.get(item.id);
      if (known ? !isNewer(item.seq, known.seq) : this.#gone.has(item.id) && !isNewer(item.seq, this.#gone.get(item.id))) continue;
      if (item.archived_at) {
        this.#remove([item.id], item.seq);
        continue;
      }
      this.#gone.delete(item.id);
      this.#items.set(item.id, item);
      if (!known && !item.read_at) arrived.push(item);
    }
    this.#sorted = null;
    return arrived;
  }

  #remove(ids, seq) {
    for (const id of ids) {
      const known = this.#items.get(id);
      if (known && known.seq !== null && known.seq > seq) continue;
      this.#items.delete(id);
      this.#gone.set(id, Math.max(seq, this.#gone.get(id) ?? 0));
    }
    this.#sorted = null;
  }

  #markAll(upTo, seq) {
    for (const item of this.#items.values()) {
      const included =
        (item.seq !== null && item.seq <= upTo.seq) || (item.position !== null && item.position <= upTo.position);
      if (!included) continue;
      // A copy: what was handed out to readers does not change under them.
      this.#items.set(item.id, {
        ...item,
        seq: item.seq === null ? null : seq,
        seen_at: item.seen_at ?? upTo.seen_at ?? null,
        read_at: item.read_at ?? upTo.read_at ?? null,
      });
    }
    this.#sorted = null;
  }
}

/** An item of the log (seq null) loses against the same one taken in; else the higher seq wins, and a repetition changes nothing. */
function isNewer(seq, known) {
  return seq !== null && (known === null || seq > known);
}

function countersOf({ unread, unseen, taken }) {
  return { unread, unseen, taken };
}

function settled(arrived = [], behind = null) {
  return { arrived, behind: behind && { seq: behind.seq, position: behind.position } };
}

/** What the client needs of its surroundings; tests bring their own. */
const BROWSER = {
  openSocket: (url, protocols) => new globalThis.WebSocket(url, protocols),
  fetch: (url, init) => globalThis.fetch(url, init),
  setTimeout: (callback, delay) => globalThis.setTimeout(callback, delay),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
  now: () => Date.now(),
  random: () => Math.random(),
};

/**
 * One connection to one person's inbox. Events (all `CustomEvent`):
 *
 * - `change`: `items`, `counts` or `next` may be different
 * - `notification`, detail `{item, replayed}`: an unread item arrived; `replayed` if it was missed and caught up with
 * - `status`, detail `{status}`
 */
export class ClarionClient extends EventTarget {
  #socketUrl;
  #apiUrl;
  #ticketUrl;
  #csrfToken;
  #env;

  #mailbox = new Mailbox();
  /** @type {Status} */ #status = "stopped";
  #online = true;

  /** @type {WebSocket|null} */ #socket = null;
  #attempt = 0;
  #welcome = false; // whether this socket has said hello
  #run = 0; // tells continuations of an earlier attempt that they are too late
  #openedAt = 0;
  #heardAt = 0;
  #heartbeat = DEFAULT_HEARTBEAT * 1_000;
  /** Frames that came while a first page was being loaded. @type {object[]|null} */ #held = null;

  /** Running timers by name: retry, watch, ack, resume. @type {Map<string, unknown>} */ #timers = new Map();
  #acked = "";
  #resumedAt = -Infinity;
  #ahead = { seq: 0, position: 0 }; // the furthest the server is known to be

  /**
   * @param {object} options
   * @param {string} options.socketUrl `wss://...`, without a query
   * @param {string} options.apiUrl of the inbox, ends in a slash
   * @param {() => string} [options.csrfToken] sent with state changes
   * @param {string} [options.ticketUrl] gets a ticket before each connection, which needs the CSRF token; without one, and where
   *   that fails, the cookie says who connects. Worth it where HTTP is answered by other processes than sockets.
   * @param {object} [env] see BROWSER
   */
  constructor({ socketUrl, apiUrl, csrfToken = () => "", ticketUrl = "" }, env = {}) {
    super();
    this.#socketUrl = socketUrl;
    this.#apiUrl = apiUrl;
    this.#ticketUrl = ticketUrl;
    this.#csrfToken = csrfToken;
    this.#env = { ...BROWSER, ...env };
  }

  /** @returns {Item[]} newest first */
  get items() {
    return this.#mailbox.items;
  }

  /** @returns {{unread: number, unseen: number}} */
  get counts() {
    return this.#mailbox.counts(this.#env.now());
  }

  /** @returns {boolean} */
  get hasOlder() {
    return this.#mailbox.next !== null;
  }

  /** @returns {string|null} */
  get cursor() {
    return this.#mailbox.cursor;
  }

  /** @returns {Status} */
  get status() {
    return this.#status;
  }

  /** Connect, and stay connected until `stop()` or until the server says that it is of no use. */
  start() {
    if (this.#status !== "stopped") return;
    this.#setStatus("connecting");
    this.#connect();
  }

  /** Disconnect for good; `start()` resumes from the cursor. */
  stop() {
    this.#end("stopped");
  }

  /** The browser says that the network went away or came back. A socket of the old network seldom survives, so it is replaced. */
  networkChanged(online) {
    this.#online = online;
    if (this.#isEnded()) return;
    if (online) this.#reconnectNow();
    else this.#setStatus("offline"); // until a frame proves the browser wrong
  }

  /** The page became visible, perhaps after hours of sleep: do not wait for timers that slept as well. */
  woke() {
    if (this.#isEnded()) return;
    const silence = this.#env.now() - this.#heardAt;
    if (this.#timers.has("retry") || (this.#status === "live" && silence > this.#heartbeat * 1.5)) this.#reconnectNow();
  }

  /** @param {string[]} ids @returns {Promise<void>} rejects with ClarionError, or as fetch does */
  markRead(ids) {
    return this.#changeState("read", { ids });
  }

  /** @param {string[]} ids @returns {Promise<void>} */
  markUnread(ids) {
    return this.#changeState("unread", { ids });
  }

  /** @param {string[]} ids @returns {Promise<void>} */
  markSeen(ids) {
    return this.#changeState("seen", { ids });
  }

  /** @param {string[]} ids @returns {Promise<void>} */
  archive(ids) {
    return this.#changeState("archive", { ids });
  }

  /** Mark read what is known here; what arrives meanwhile stays unread. @returns {Promise<void>} */
  readAll() {
    return this.#changeAll("read-all");
  }

  /** Mark seen what is known here. @returns {Promise<void>} */
  seenAll() {
    return this.#changeAll("seen-all");
  }

  /** Load the next older page, if there is one. @returns {Promise<void>} */
  async loadOlder() {
    const before = this.#mailbox.next;
    if (before === null) return;
    const page = await this.#request("GET", `${this.#apiUrl}?before=${encodeURIComponent(before)}`);
    if (this.#mailbox.next !== before) return; // a reset, or a second click, was quicker
    this.#mailbox.append(page);
    this.#emit("change");
  }

  // -- connection ------------------------------------------------------------------------------------------------------------

  async #connect() {
    const run = ++this.#run;
    this.#cancel("retry");
    if (this.#mailbox.cursor === null && !(await this.#loadFirstPage(run))) return;
    const protocols = [SUBPROTOCOL];
    if (this.#ticketUrl && this.#csrfToken()) {
      const ticket = await this.#ticket();
      if (run !== this.#run) return;
      if (ticket) protocols.push(`ticket.${ticket}`);
    }

    const socket = this.#env.openSocket(`${this.#socketUrl}?cursor=${encodeURIComponent(this.#mailbox.cursor)}`, protocols);
    this.#socket = socket;
    this.#welcome = false;
    this.#openedAt = this.#heardAt = this.#env.now();
    this.#resumedAt = -Infinity;
    this.#ahead = { seq: 0, position: 0 };
    socket.onmessage = (event) => this.#socket === socket && this.#receive(event.data);
    socket.onclose = (event) => this.#socket === socket && this.#closed(event.code);
    this.#watch(CONNECT_TIMEOUT);
  }

  /** @returns {Promise<boolean>} whether the page came and this attempt is still the current one */
  async #loadFirstPage(run) {
    let page;
    try {
      page = await this.#request("GET", this.#apiUrl);
    } catch {
      if (run === this.#run) this.#lost();
      return false;
    }
    if (run !== this.#run) return false;
    this.#mailbox.load(page);
    this.#emit("change");
    return true;
  }

  /** @returns {Promise<string|null>} null where there is none to be had */
  async #ticket() {
    try {
      const { ticket } = await this.#request("POST", this.#ticketUrl, undefined, TICKET_TIMEOUT);
      return ticket;
    } catch {
      return null;
    }
  }

  #receive(text) {
    this.#heardAt = this.#env.now();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return; // not ours to judge; the heartbeat heals what was in it
    }
    if (this.#status === "offline") this.#setStatus("live");
    if (this.#held) this.#held.push(frame);
    else this.#take(frame);
  }

  #take(frame) {
    if (frame.type === "hello") {
      this.#welcome = true;
      this.#heartbeat = frame.heartbeat_seconds * 1_000;
      this.#watch(2 * this.#heartbeat);
      this.#setStatus("live");
    }
    if (frame.type === "reset") {
      this.#reset();
      return;
    }
    if (frame.type === "error") console.warn("clarion:", frame.code, frame.detail);
    this.#apply(frame);
  }

  #apply(frame) {
    const { arrived, behind } = this.#mailbox.apply(frame);
    if (behind) this.#catchUp(behind);
    this.#acknowledgeSoon();
    for (const item of arrived) this.#emit("notification", { item, replayed: frame.type === "sync" });
    this.#emit("change");
  }

  async #reset() {
    const run = this.#run;
    this.#mailbox.invalidate();
    this.#held = [];
    if (!(await this.#loadFirstPage(run))) return;
    const held = this.#held;
    this.#held = null;
    for (const frame of held) this.#take(frame);
  }

  #closed(code) {
    const next = afterClose(code);
    if (next === "reconnect") this.#lost();
    else if (next === "signed_out" && this.#welcome) this.#askWhoIsHere();
    else this.#end(next);
  }

  /**
   * The login session ended. Whoever changed their own password, or signed in as somebody else, in another tab, has a new one:
   * a first page over HTTP tells, and is the new beginning; a 401 is the end.
   */
  #askWhoIsHere() {
    this.#drop();
    this.#mailbox = new Mailbox(); // it may have been somebody else's
    this.#emit("change");
    this.#setStatus("reconnecting");
    this.#after("retry", SIGNED_OUT_GRACE, () => this.#connect());
  }

  /** The connection, or the attempt at one, failed: come back after a while. */
  #lost() {
    if (this.#isEnded()) return;
    if (this.#socket && this.#env.now() - this.#openedAt >= STEADY) this.#attempt = 0;
    this.#drop();
    this.#setStatus(this.#online ? "reconnecting" : "offline");
    this.#after("retry", backoff(this.#attempt, this.#env.random), () => this.#connect());
    this.#attempt += 1;
  }

  #reconnectNow() {
    this.#drop();
    this.#attempt = 0;
    this.#setStatus(this.#status === "connecting" ? "connecting" : "reconnecting");
    this.#connect();
  }

  #end(status) {
    this.#drop();
    this.#setStatus(status);
  }

  #isEnded() {
    return this.#status === "stopped" || this.#status === "signed_out";
  }

  /** Let go of the socket without waiting for its close, which on a dead network takes minutes. */
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#held = null;
    this.#run += 1;
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
    socket?.close();
  }

  /** Reconnect when nothing, not even a heartbeat, was heard for `patience` ms. One timer, however many frames come. */
  #watch(patience) {
    const left = this.#heardAt + patience - this.#env.now();
    if (left <= 0) this.#lost();
    else this.#after("watch", left, () => this.#watch(patience));
  }

  // -- what we send ----------------------------------------------------------------------------------------------------------

  #send(frame) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  /** Ask for what is missing, unless it comes by itself; at most one question per RESUME_INTERVAL. */
  #catchUp({ seq, position }) {
    this.#ahead = { seq: Math.max(this.#ahead.seq, seq), position: Math.max(this.#ahead.position, position) };
    if (this.#timers.has("resume") || !this.#socket) return;
    const wait = Math.max(GAP_GRACE, this.#resumedAt + RESUME_INTERVAL - this.#env.now());
    this.#after("resume", wait, () => {
      const point = this.#mailbox.point;
      if (this.#mailbox.cursor === null || (this.#ahead.seq <= point.seq && this.#ahead.position <= point.position)) return;
      this.#resumedAt = this.#env.now();
      this.#send({ type: "resume", epoch: this.#mailbox.cursor.split(".")[0], ...point });
    });
  }

  #acknowledgeSoon() {
    if (this.#timers.has("ack") || this.#mailbox.cursor === this.#acked) return;
    this.#after("ack", ACK_INTERVAL, () => {
      if (this.#mailbox.cursor === null) return;
      this.#acked = this.#mailbox.cursor;
      this.#send({ type: "ack", ...this.#mailbox.point });
    });
  }

  async #changeState(action, body) {
    const change = await this.#request("POST", this.#apiUrl + action, body);
    const frame = { ...change, type: "change" };
    if (this.#held) this.#held.push(frame);
    else this.#apply(frame);
  }

  async #changeAll(action) {
    const cursor = this.#mailbox.cursor;
    if (cursor === null) return; // nothing is shown yet, so there is nothing to mark
    try {
      await this.#changeState(action, { cursor });
    } catch (error) {
      if (error.code !== "cursor_invalid") throw error;
      this.#mailbox.invalidate();
      this.#reconnectNow();
    }
  }

  async #request(method, url, body, timeout = REQUEST_TIMEOUT) {
    const response = await this.#env.fetch(url, {
      method,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        ...(body && { "Content-Type": "application/json" }),
        ...(method === "POST" && { "X-CSRFToken": this.#csrfToken() }),
      },
      body: body && JSON.stringify(body),
      keepalive: Boolean(body), // a click that marks read also leaves the page
      signal: AbortSignal.timeout(timeout),
    });
    if (response.ok) return response.json();
    if (response.status === 401) this.#end("signed_out");
    const { code, detail } = await response.json().catch(() => ({}));
    throw new ClarionError(response.status, code, typeof detail === "string" ? detail : undefined);
  }

  // -- small things ----------------------------------------------------------------------------------------------------------

  #after(name, delay, callback) {
    this.#cancel(name);
    const timer = this.#env.setTimeout(() => {
      this.#timers.delete(name);
      callback();
    }, delay);
    this.#timers.set(name, timer);
  }

  #cancel(name) {
    if (!this.#timers.has(name)) return;
    this.#env.clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  #setStatus(status) {
    if (status === this.#status) return;
    this.#status = status;
    this.#emit("status", { status });
  }

  #emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
