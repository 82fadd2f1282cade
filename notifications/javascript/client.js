import { Connection } from "./client/connection.js";
import { BROWSER, Timers } from "./client/environment.js";
import { ClarionError, Http } from "./client/http.js";
import { Mailbox } from "./client/mailbox.js";
import { Pending } from "./client/pending.js";
import { CLOSE_CODES, afterClose, backoff } from "./client/protocol.js";
import { Store } from "./client/store.js";
import { Tabs } from "./client/tabs.js";

export { CLOSE_CODES, ClarionError, Mailbox, afterClose, backoff };

/**
 * Clarion's browser client: one live inbox. No DOM, no dependencies; docs/browser.md shows how to use it.
 */

const TALK = 2; // version of what tabs tell each other; those of another release do not share
const KEPT = 50; // items that a new tab, or a later visit, begins with
const MOST_KNOWN = 12_000; // items, and ids of what has left: more than an inbox keeps; a tab open for weeks begins anew then
const SAVE_INTERVAL = 1_000; // ms
const MOST = 100; // ids that the server takes in one request
const ASK_INTERVAL = 1_000; // ms between two questions of a tab that missed something

/**
 * One person's inbox, over one socket for all tabs of the browser. Events (all `CustomEvent`):
 *
 * - `change`: `items`, `counts`, `hasOlder` or `isLeader` may be different
 * - `items`, detail `{items, removed, partial, emptied}`: what has changed, also of what the list does not show
 * - `counts`, detail `{unread, unseen}`: they are different
 * - `notification`, detail `{item, replayed}`: an unread item arrived; `replayed` if it was missed and caught up with
 * - `status`, detail `{status}`
 * - `error`, detail `{error, action, ids}`: a state change that was shown already has been taken back
 */
export class ClarionClient extends EventTarget {
  #options;
  #env;
  #timers;
  #http;
  #tabs;
  #store = null;
  #connection = null;
  #unwatch = null;

  #mailbox = new Mailbox();
  #pending = new Pending();
  /** While there is no cursor: frames and answers that follow the first page, or the snapshot. */ #held = [];
  #person; // whose inbox this is; empty until the server says so
  #certain = true; // that it is still theirs
  #era = 0; // tells answers to an earlier login that they are too late
  #status = "stopped";
  #shown = null;
  #counts = null;
  #turn = 0; // tells older pages that were asked for before a reset, or before all was marked, that they are too late
  #filled = false; // a list has been there
  #counted = { unread: 0, unseen: 0 };

  constructor({ csrfToken = () => "", csrfHeader = "X-CSRFToken", getToken = null, ticketUrl = "", person = "", language = "", keep = true, ...options }, env = {}) {
    super();
    person = String(person ?? "");
    this.#options = { csrfToken, csrfHeader, getToken, ticketUrl, person, ...options };
    this.#person = person;
    this.#env = { ...BROWSER, ...env };
    this.#timers = new Timers(this.#env);
    this.#http = new Http(this.#options, this.#env, () => this.#era, () => this.#end("signed_out"));
    const place = `clarion:${options.apiUrl}`;
    if (person && keep) this.#store = new Store(place, person, language, this.#env.storage);
    this.#tabs = new Tabs(person && [place, TALK, language, person].join(":"), this.#env, {
      lead: () => this.#lead(),
      follow: () => this.#follow(),
      hear: (message) => this.#hear(message),
    });
  }

  get items() {
    this.#shown ??= this.#mailbox.list(this.#env.now(), this.#pending);
    return this.#shown;
  }

  get counts() {
    this.#counts ??= this.#mailbox.counts(this.#env.now(), this.#pending);
    return this.#counts;
  }

  /** An item of a page from `list` with what is under way here. */
  asShown(item) {
    return this.#pending.apply(item);
  }

  get hasOlder() {
    return this.#mailbox.next !== null;
  }

  get cursor() {
    return this.#mailbox.cursor;
  }

  get status() {
    return this.#status;
  }

  /** True in one tab of the browser: the one to play a sound. */
  get isLeader() {
    return this.#tabs.leads;
  }

  /** Show what was kept, connect, and stay connected until `stop()` or until the server says that it is of no use. */
  start() {
    if (this.#status !== "stopped") return;
    this.#unwatch = this.#env.watch((event) => this.#notice(event));
    this.#setStatus("connecting");
    const kept = this.#store?.open();
    if (kept && this.#mailbox.cursor === null) {
      this.#mailbox.restore(kept);
      this.#filled = true;
      this.#changed();
    }
    if (!this.#isEnded()) this.#tabs.join(); // listeners may have stopped it
  }

  /** Leave; other tabs go on. `start()` resumes from the cursor. */
  stop() {
    this.#leave("stopped");
  }

  /** The person is about to sign out here: nothing is kept from now on. */
  forget() {
    this.#doubt();
    this.#store = null;
    this.#tabs.post({ kind: "doubt" });
  }

  /** The browser says that the network went away or came back. A socket of the old network seldom survives, so it is replaced. */
  networkChanged(online) {
    if (this.#isEnded()) return;
    if (this.#connection) this.#connection.networkChanged(online);
    else if (online) this.#tabs.probe(true);
  }

  /** The page became visible, perhaps after hours of sleep. */
  woke() {
    if (this.#isEnded() || this.#isSomebodyElses()) return;
    if (this.#connection) this.#connection.woke();
    else this.#tabs.probe(true);
  }

  // -- state: shown at once, taken back with an `error` if the server refuses; each promise rejects then as well -----------------

  markSeen(ids) {
    return this.#mark("seen", ids);
  }

  markRead(ids) {
    return this.#mark("read", ids);
  }

  markUnread(ids) {
    return this.#mark("unread", ids);
  }

  archive(ids) {
    return this.#mark("archive", ids);
  }

  unarchive(ids) {
    return this.#mark("unarchive", ids);
  }

  /** Put away until then. */
  snooze(ids, until) {
    return this.#mark("snooze", ids, { until: new Date(until).toISOString() });
  }

  unsnooze(ids) {
    return this.#mark("unsnooze", ids);
  }

  /** Mark seen what is known here; what arrives meanwhile stays unseen. */
  seenAll(only) {
    return this.#markAll("seen-all", only);
  }

  /** Mark read what is known here. */
  readAll(only) {
    return this.#markAll("read-all", only);
  }

  /** Archive what is known here and has been read. */
  archiveRead(only) {
    return this.#markAll("archive-read", only, { only_read: true });
  }

  // -- reading -------------------------------------------------------------------------------------------------------------------

  /** Load the next older page, if there is one. */
  async loadOlder() {
    const before = this.#mailbox.next;
    if (before === null) return;
    const turn = this.#turn;
    const page = await this.#page({ before });
    if (!page) return;
    if (turn !== this.#turn) return this.loadOlder();
    if (this.#mailbox.next !== before) return; // a second click was quicker
    this.#mailbox.append(page);
    this.#changed();
  }

  /**
   * A page of what the list does not show, or of a part of it. It does not change by itself: `items` tells what does.
   */
  async list(filters = {}) {
    const page = await this.#page(filters);
    if (!page) throw new ClarionError(401, "unauthorized", "This login is over.");
    return { items: page.items, next: page.next };
  }

  /** A page over HTTP; null if somebody else has signed in meanwhile, or the login that asked is over. */
  async #page(parameters) {
    const era = this.#era;
    const page = await this.#http.get(this.#options.apiUrl, parameters);
    return era === this.#era && this.#isOurs(page) ? page : null;
  }

  // -- choices: what they do to the list comes as frames ------------------------------------------------------------------------

  choices() {
    return this.#http.get(`${this.#options.apiUrl}choices`);
  }

  /** Have nothing of this category delivered any more. */
  optOut(category) {
    return this.#post("opt-out", { category });
  }

  optIn(category) {
    return this.#post("opt-in", { category });
  }

  /** Have it delivered quietly: seen and read already. */
  mute({ category, thread, until = null }) {
    return this.#post("mute", { category, thread, until: until && new Date(until).toISOString() });
  }

  unmute({ category, thread }) {
    return this.#post("unmute", { category, thread });
  }

  topics() {
    return this.#http.get(`${this.#options.apiUrl}topics`);
  }

  subscribe(topic) {
    return this.#post("topics/subscribe", { topic });
  }

  unsubscribe(topic) {
    return this.#post("topics/unsubscribe", { topic });
  }

  #post(path, body) {
    return this.#http.post(this.#options.apiUrl + path, body);
  }

  // -- changing state ------------------------------------------------------------------------------------------------------------

  #mark(action, ids, more = {}) {
    const all = [...new Set(typeof ids === "string" ? [ids] : ids)];
    const changes = [];
    do {
      const some = all.splice(0, MOST);
      changes.push([{ action, ids: new Set(some), ...more }, { ids: some, ...more }]);
    } while (all.length);
    return this.#change(changes);
  }

  #markAll(action, { category, thread } = {}, more = {}) {
    const { cursor } = this;
    if (cursor === null) return Promise.resolve(); // nothing is shown yet, so there is nothing to mark
    return this.#change([[{ action, bound: { ...this.#mailbox.point, category, thread, ...more } }, { cursor, category, thread }]]);
  }

  /** Show operations, and ask for them one after the other: `[operation, body of its request]`. */
  #change(changes) {
    const at = new Date(this.#env.now()).toISOString();
    for (const [operation] of changes) this.#pending.add(Object.assign(operation, { at }));
    this.#changed();
    const done = this.#performAll(changes);
    for (const [operation] of changes) operation.done = done;
    done.catch(() => {}); // whoever listens to `error` need not wait for this
    return done;
  }

  /** One that is refused does not keep the others from being asked for. */
  async #performAll(changes) {
    const era = this.#era;
    const errors = [];
    for (const [operation, body] of changes) {
      // Of two requests the second may be there first, and what it undoes would stay.
      const before = this.#pending.before(operation);
      if (before.length) await Promise.allSettled(before.map(({ done }) => done));
      if (era === this.#era) await this.#perform(operation, body).catch((error) => errors.push(error));
    }
    if (errors.length) throw errors[0];
  }

  async #perform(operation, body) {
    const era = this.#era;
    try {
      const frame = { ...(await this.#post(operation.action, body)), type: "change" };
      if (era !== this.#era) return;
      this.#tabs.post({ kind: "change", frame, epoch: this.#mailbox.point.epoch });
      this.#settle(frame, operation);
    } catch (error) {
      if (era !== this.#era) throw error;
      this.#pending.delete(operation);
      this.#changed();
      this.#emit("error", { error, action: operation.action, ids: body.ids ?? [] });
      if (error.code === "cursor_invalid") this.#startOver();
      throw error;
    }
  }

  /** An answer takes the place of what was shown in its stead. */
  #settle(frame, operation) {
    const { cursor, point } = this.#mailbox;
    operation.until = frame.seq;
    if (cursor === null) this.#held.push({ frame, operation });
    else if (frame.since <= point.seq) this.#apply(frame);
    // It overtook what lies before it, and is on its way again behind that; until then it is shown as it was.
    else this.#connection?.catchUp({ seq: frame.seq, position: 0 });
  }

  #apply(frame) {
    const { arrived, behind, items, removed } = this.#mailbox.apply(frame, this.#env.now());
    this.#pending.settle(this.#mailbox.point.seq);
    this.#shown = this.#counts = null; // listeners may ask
    if (frame.all_up_to) this.#turn += 1;
    if (behind && this.#connection) this.#connection.catchUp(behind);
    this.#connection?.acknowledgeSoon();
    this.#tell({ items, removed, partial: Boolean(frame.all_up_to) });
    for (const item of arrived) this.#emit("notification", { item, replayed: frame.type === "sync" });
    this.#changed();
  }

  /** Those who show other lists. */
  #tell({ items = [], removed = [], partial = false, emptied = false }) {
    if (items.length || removed.length || partial) this.#emit("items", { items, removed, partial, emptied });
  }

  /** There is another list, and nobody knows what has changed, but what is newer than all that was known; unless it is the first. */
  #replace(become) {
    const { newest, point: before } = this.#mailbox;
    become();
    const { point } = this.#mailbox;
    this.#turn += 1;
    // What was confirmed is in there; or it was asked for before, and comes.
    this.#pending.settle(point.epoch === before.epoch ? point.seq : Infinity);
    this.#shown = this.#counts = null; // listeners may ask
    const missed = this.#mailbox.list(this.#env.now()).filter((item) => !item.read_at && Number(item.id) > newest);
    if (this.#filled) this.#tell({ partial: true });
    this.#filled = true;
    for (const item of missed) this.#emit("notification", { item, replayed: true });
    this.#changed();
    this.#release();
  }

  /** The server does not know our cursor. */
  #startOver() {
    this.#mailbox.invalidate();
    if (this.#connection) this.#connection.reconnectNow();
    else this.#tabs.post({ kind: "invalid" });
  }

  // -- leading -------------------------------------------------------------------------------------------------------------------

  #lead() {
    if (this.#isSomebodyElses()) return;
    const connection = (this.#connection = new Connection(this.#options, this.#http, this.#env, this.#host()));
    this.#tabs.post({ kind: "status", status: this.#status });
    if (this.#status !== "connecting") this.#setStatus("reconnecting");
    if (connection === this.#connection) connection.connect();
    this.#changed();
  }

  /** What the connection sees of this client. */
  #host() {
    const client = this;
    return {
      get cursor() {
        return client.cursor;
      },
      get point() {
        return client.#mailbox.point;
      },
      get status() {
        return client.#status;
      },
      setStatus: (status) => this.#setStatus(status),
      load: (page) => this.#load(page),
      take: (frame) => this.#take(frame),
      reset: () => this.#mailbox.invalidate(),
      dropped: () => (this.#held = []), // what was confirmed meanwhile stays shown
      forget: () => {
        this.#tabs.post({ kind: "forget" });
        this.#empty();
      },
      end: (status) => this.#end(status),
    };
  }

  #load(page) {
    if (!this.#isOurs(page)) return false;
    if (page.cursor === this.cursor) return true; // nothing new
    this.#replace(() => {
      this.#mailbox.load(page);
      this.#postState(true);
    });
    return true;
  }

  #take(frame) {
    if (!this.#isOurs(frame) || frame.type === "error") return;
    if (this.#mailbox.cursor === null) {
      this.#held.push({ frame });
      return;
    }
    // With where we were before it, so that whoever is not there notices.
    if (frame.type !== "hello") this.#tabs.post({ kind: "frame", frame, from: this.#mailbox.point, status: this.#status });
    this.#apply(frame);
    if (this.#mailbox.size > MOST_KNOWN) this.#connection?.reset();
  }

  #postState(fresh) {
    const state = this.cursor && this.#mailbox.snapshot(KEPT, this.#env.now());
    this.#tabs.post({ kind: "state", state, fresh, status: this.#status });
  }

  // -- following -----------------------------------------------------------------------------------------------------------------

  #follow() {
    this.#connection?.drop();
    this.#connection = null;
    this.#changed();
  }

  #hear(message) {
    if (message.kind === "change") this.#hearChange(message);
    else if (message.kind === "forget") this.#hearForget();
    else if (message.kind === "doubt") this.#doubt();
    else if (message.kind === "end") this.#leave(message.status);
    else if (this.isLeader) this.#answer(message);
    else if (message.kind === "state") this.#adopt(message);
    else if (message.kind === "frame") this.#takeShared(message);
    else if (message.kind === "status") this.#setStatus(message.status);
  }

  #answer({ kind, wake }) {
    if (kind === "ask") this.#postState(false);
    if (kind === "ping" && wake) this.#connection?.woke();
    if (kind === "invalid") this.#startOver();
  }

  /** The answer to a state change of another tab. */
  #hearChange({ frame, epoch }) {
    if (this.#mailbox.cursor === null) this.#held.push({ frame });
    else if (epoch === this.#mailbox.point.epoch) this.#apply(frame);
  }

  /** Of one that led before, perhaps: whoever leads now asks who is here. */
  #hearForget() {
    this.#empty();
    this.#connection?.reconnectNow();
  }

  #takeShared({ frame, from, status }) {
    this.#setStatus(status);
    const { epoch, seq, position } = this.#mailbox.point;
    const fits = epoch === from.epoch && seq >= from.seq && position >= from.position;
    if (fits) this.#apply(frame);
    else if (!this.#timers.has("ask")) {
      this.#tabs.post({ kind: "ask" });
      this.#timers.after("ask", ASK_INTERVAL, () => {});
    }
  }

  /** Take over what the leader knows. */
  #adopt({ state, fresh, status }) {
    this.#setStatus(status);
    if (!state) return;
    this.#store?.open(); // ours by now: the server has told the leader whose it is
    const before = this.#mailbox.point;
    const had = this.#mailbox.cursor !== null;
    const [epoch, seq, position] = state.cursor.split(".");
    // An answer of our own may have carried us past it.
    if (!fresh && had && before.epoch === epoch && before.seq >= Number(seq) && before.position >= Number(position)) return;
    this.#replace(() => this.#mailbox.restore(state));
  }

  // -- who is here ---------------------------------------------------------------------------------------------------------------

  /** Pages and greetings say whose they are. */
  #isOurs({ person }) {
    if (person !== undefined) {
      this.#person ||= person;
      this.#certain = person === this.#person;
      if (!this.#certain) this.#end("signed_out");
    }
    if (this.#certain) this.#store?.claim();
    return person === undefined || this.#certain;
  }

  /** Somebody else has signed in, in another tab. */
  #isSomebodyElses() {
    if (!this.#store?.isTaken) return false;
    this.#end("signed_out");
    return true;
  }

  /** Nothing of this person may be kept, until the server says that they are here. */
  #doubt() {
    this.#certain = false;
    this.#store?.forget();
  }

  /** Nothing of this person may be shown or kept. */
  #empty() {
    this.#era += 1;
    this.#mailbox = new Mailbox();
    this.#pending = new Pending();
    this.#held = [];
    this.#person = this.#options.person;
    this.#doubt();
    this.#tell({ partial: true, emptied: true });
    this.#changed();
  }

  /** All tabs have to go. */
  #end(status) {
    if (this.#isEnded()) return;
    this.#tabs.post({ kind: "end", status });
    this.#leave(status);
  }

  #leave(status) {
    if (this.#isEnded()) return;
    if (status === "signed_out") this.#empty();
    else this.#save();
    this.#connection?.drop();
    this.#connection = null;
    this.#tabs.leave();
    this.#unwatch?.();
    this.#timers.clear();
    this.#setStatus(status);
  }

  #isEnded() {
    return this.#status === "stopped" || this.#status === "signed_out";
  }

  /** The browser says something. */
  #notice(event) {
    if (event === "online" || event === "offline") this.networkChanged(event === "online");
    if (event === "stored") this.#isSomebodyElses();
    if (event === "hidden" || event === "frozen") this.#save();
    if (event === "frozen") this.#tabs.freeze();
    if (event === "thawed") this.#tabs.thaw();
    if (event === "thawed" || event === "visible") this.woke();
  }

  // -- small things --------------------------------------------------------------------------------------------------------------

  /** There is a cursor again: what was held follows. */
  #release() {
    const held = this.#held;
    this.#held = [];
    for (const { frame, operation } of held) {
      if (operation) this.#settle(frame, operation);
      else if (this.#connection) this.#take(frame);
      else this.#apply(frame);
    }
  }

  #changed() {
    this.#shown = this.#counts = null;
    const now = this.#env.now();
    const wait = this.#mailbox.nextExpiry(now) - now;
    if (wait < Infinity && !this.#isEnded()) this.#timers.after("expiry", wait, () => this.#changed());
    else this.#timers.cancel("expiry");
    if (this.#connection && this.#store && !this.#timers.has("save")) this.#timers.after("save", SAVE_INTERVAL, () => this.#save());
    this.#emit("change");
    const { counts } = this;
    if (counts.unread === this.#counted.unread && counts.unseen === this.#counted.unseen) return;
    this.#counted = counts;
    this.#emit("counts", counts);
  }

  #save() {
    if (this.#connection && this.#certain && this.cursor) this.#store?.save(this.#mailbox.snapshot(KEPT, this.#env.now()));
  }

  #setStatus(status) {
    if (status === this.#status) return;
    this.#status = status;
    if (this.isLeader) this.#tabs.post({ kind: "status", status });
    this.#emit("status", { status });
  }

  #emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
