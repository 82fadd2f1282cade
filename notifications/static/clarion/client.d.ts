/** Types of `client.js`. How to use it is in docs/browser.md. */

/** ISO 8601 in UTC. */
export type Time = string;
export type Status = "connecting" | "live" | "reconnecting" | "offline" | "signed_out" | "stopped";

export interface Actor {
  type: string;
  id: string;
  label: string;
}

export interface Action {
  label: string;
  url: string;
}

/** One notification as its reader sees it. `data` is what the sender gave. */
export interface Item<Data = Record<string, unknown>> {
  readonly id: string;
  readonly seq: number | null;
  readonly position: number | null;
  readonly type: string;
  readonly category: string;
  readonly title: string;
  readonly body: string;
  /** A path, an address with http or https, or empty. */
  readonly url: string;
  readonly level: "info" | "success" | "warning" | "error";
  readonly priority: "normal" | "urgent";
  readonly thread: string;
  readonly data: Data;
  readonly actions: readonly Action[];
  readonly actor: Actor | null;
  /** How many notifications of its thread this one stands for. */
  readonly count: number;
  /** Up to three, the newest first. */
  readonly actors: readonly Actor[];
  readonly actor_count: number;
  readonly created_at: Time;
  readonly expires_at: Time | null;
  readonly seen_at: Time | null;
  readonly read_at: Time | null;
  readonly archived_at: Time | null;
  readonly snoozed_until: Time | null;
}

export interface Counts {
  unread: number;
  unseen: number;
}

/** Of one person; shown in place of cookies. */
export interface Token {
  token: string;
  /** Seconds. */
  expires_in: number;
}

export interface Options {
  /** `wss://...`, without a query. */
  socketUrl: string;
  /** Of the inbox; ends in a slash. */
  apiUrl: string;
  /** Sent with state changes. Asked each time, as a new login in another tab changes the cookie. */
  csrfToken?: () => string;
  /** Of the header that it is sent in; without it `X-CSRFToken`, as by Django's `CSRF_HEADER_NAME`. */
  csrfHeader?: string;
  /**
   * In pages of other origins, which have no cookies here: asks your own backend for what `POST /api/v1/tokens` answered it.
   * Null: nobody is signed in. Called again before the token ends, and when it fails or gives no token.
   */
  getToken?: () => Promise<Token | null>;
  /** Gets a ticket before each connection. Worth it where HTTP is answered by other processes than sockets. */
  ticketUrl?: string;
  /** Who is signed in: the user's primary key. Without it each tab has a socket, and nothing is kept. */
  person?: string | number | null;
  /** Of the texts; tabs of different languages do not share. */
  language?: string;
  /** False: share, but keep nothing for the next visit. */
  keep?: boolean;
}

/** Only what is of this category or thread. */
export interface Only {
  category?: string;
  thread?: string;
}

export interface Filters extends Only {
  unread?: boolean;
  archived?: boolean;
  snoozed?: boolean;
  /** `next` of the page before. */
  before?: string;
  /** 1 to 100. */
  limit?: number;
}

export interface Page {
  items: Item[];
  /** `before` of the next page. */
  next: string | null;
}

export interface Choices {
  categories: {
    key: string;
    title: string;
    description: string;
    mandatory: boolean;
    receive: boolean;
    muted: boolean;
    muted_until: Time | null;
  }[];
  threads: { thread: string; muted_until: Time | null }[];
}

export interface Topic {
  key: string;
  title: string;
  description: string;
  subscribed: boolean;
}

/** Exactly one of the two. */
export type What = { category: string; thread?: undefined } | { thread: string; category?: undefined };

/** What has changed. */
export interface Changes {
  /** Whole, as they are now, also those that the list does not show. */
  items: readonly Item[];
  /** Ids of what has left the inbox. */
  removed: readonly string[];
  /** Others may be different, too. */
  partial: boolean;
  /** The login is over: nothing that was shown may stay. */
  emptied: boolean;
}

export interface ClarionEvents {
  /** `items`, `counts`, `hasOlder` or `isLeader` may be different. */
  change: CustomEvent<Record<string, never>>;
  /** For those who show pages from `list`. */
  items: CustomEvent<Changes>;
  counts: CustomEvent<Counts>;
  /** An unread item arrived, in every tab; `replayed` if it was missed and caught up with. */
  notification: CustomEvent<{ item: Item; replayed: boolean }>;
  status: CustomEvent<{ status: Status }>;
  /** A state change that was shown already has been taken back. `ids` is empty where it was about all. */
  error: CustomEvent<{ error: Error | ClarionError; action: string; ids: string[] }>;
}

/** One person's inbox, over one socket for all tabs of the browser. */
export class ClarionClient extends EventTarget {
  constructor(options: Options, env?: Partial<Environment>);

  /** Newest first. The same array until something changes; neither it nor its items are ever changed. */
  readonly items: readonly Item[];
  readonly counts: Counts;
  readonly hasOlder: boolean;
  readonly cursor: string | null;
  readonly status: Status;
  /** True in one tab of the browser: the one to play a sound. */
  readonly isLeader: boolean;

  /** Show what was kept, connect, and stay connected. */
  start(): void;
  /** Leave; other tabs go on. `start()` resumes from the cursor. */
  stop(): void;
  /** The person is about to sign out here: nothing is kept from now on, by other tabs until the server says that they are still here. */
  forget(): void;
  /** For surroundings that do not tell by events of `window` and `document`. */
  networkChanged(online: boolean): void;
  woke(): void;

  // By one id, or several. Shown at once. A promise rejects with `ClarionError`, or as `fetch` does; then the change has been taken back. Every 100 ids are a
  // request, which succeeds or not by itself.
  markSeen(ids: string | Iterable<string>): Promise<void>;
  markRead(ids: string | Iterable<string>): Promise<void>;
  markUnread(ids: string | Iterable<string>): Promise<void>;
  archive(ids: string | Iterable<string>): Promise<void>;
  unarchive(ids: string | Iterable<string>): Promise<void>;
  snooze(ids: string | Iterable<string>, until: Date | Time): Promise<void>;
  unsnooze(ids: string | Iterable<string>): Promise<void>;
  /** All that is listed and known here; what arrives meanwhile stays as it is. */
  seenAll(only?: Only): Promise<void>;
  readAll(only?: Only): Promise<void>;
  /** What has been read. */
  archiveRead(only?: Only): Promise<void>;

  /** The next older page goes into `items`. */
  loadOlder(): Promise<void>;
  /** A page of what `items` does not show, or of a part of it. It does not change by itself; the event `items` tells what does. */
  list(filters?: Filters): Promise<Page>;
  /** An item of such a page with the changes that are under way here. */
  asShown(item: Item): Item;

  choices(): Promise<Choices>;
  // Each answers with what is chosen then.
  /** Have nothing of this category delivered any more. */
  optOut(category: string): Promise<Choices>;
  optIn(category: string): Promise<Choices>;
  /** Have it delivered quietly, seen and read; without `until`, for ever. */
  mute(what: What & { until?: Date | Time | null }): Promise<Choices>;
  unmute(what: What): Promise<Choices>;
  topics(): Promise<Topic[]>;
  subscribe(topic: string): Promise<Topic[]>;
  unsubscribe(topic: string): Promise<Topic[]>;

  addEventListener<Name extends keyof ClarionEvents>(
    type: Name,
    listener: (event: ClarionEvents[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<Name extends keyof ClarionEvents>(
    type: Name,
    listener: (event: ClarionEvents[Name]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

/** An HTTP request that was refused. */
export class ClarionError extends Error {
  constructor(status: number, code?: string, detail?: string, retryAfter?: number);
  readonly status: number;
  /** The server's, or empty. */
  readonly code: string;
  /** Milliseconds after which to try again, 0 where the server did not say. */
  readonly retryAfter: number;
}

/** What the client needs of its surroundings. Each part may be replaced, as in tests. */
export interface Environment {
  openSocket(url: string, protocols: string[]): WebSocket;
  fetch(url: string, init: RequestInit): Promise<Response>;
  setTimeout(callback: () => void, delay: number): unknown;
  clearTimeout(timer: any): void;
  /** Milliseconds since 1970. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** Undefined: each tab has a socket. */
  locks: LockManager | undefined;
  /** Null, or throws: likewise. */
  openChannel(name: string): BroadcastChannel | null;
  /** May throw. */
  storage(): Storage;
  /** Returns what ends it. */
  watch(hear: (event: "online" | "offline" | "visible" | "hidden" | "frozen" | "thawed" | "stored") => void): () => void;
}

/** A frame of docs/protocol.md. */
export type Frame = { type: string } & Record<string, unknown>;

export interface Snapshot {
  cursor: string | null;
  counters: (Counts & { taken: number }) | null;
  next: string | null;
  items: Item[];
  removed: [string, number][];
}

/** The rules by which frames change a list, without input or output: for those who bring their own connection. */
export class Mailbox {
  readonly cursor: string | null;
  readonly point: { epoch: string; seq: number; position: number };
  /** `before` of the next older page, or null. */
  readonly next: string | null;
  /** How many items and ids of what has left are remembered. */
  readonly size: number;
  /** The highest id known; Infinity while nothing has been loaded. */
  readonly newest: number;
  /** @param now milliseconds */
  list(now: number): Item[];
  /** @param now milliseconds; expired broadcasts do not count */
  counts(now: number): Counts;
  /** When the next item expires that is listed, or counted here, in milliseconds; Infinity if none does. */
  nextExpiry(now: number): number;
  /** Replace everything by a first page read over HTTP. */
  load(page: Page & Counts & { taken: number; cursor: string }): void;
  /** Add an older page. */
  append(page: Page): void;
  /** All that is needed to go on from here, with up to `limit` listed items. */
  snapshot(limit: number, now: number): Snapshot;
  /** Replace everything by a snapshot. */
  restore(snapshot: Snapshot & { cursor: string }): void;
  /** The cursor is of no use any more (`reset`); what is listed stays until the next `load`. */
  invalidate(): void;
  /** Returns unread items that were not known before or woke up, how far the server is ahead, if it is, and what has changed. */
  apply(frame: Frame, now?: number): { arrived: Item[]; behind: { seq: number; position: number } | null; items: Item[]; removed: string[] };
}

/** The codes the server closes with. */
export const CLOSE_CODES: Readonly<Record<string, { number: number; reconnect: boolean }>>;
export function afterClose(code: number): "reconnect" | "signed_out" | "stopped";
/** Milliseconds to wait before connecting again after so many failures. */
export function backoff(attempt: number, random?: () => number): number;
