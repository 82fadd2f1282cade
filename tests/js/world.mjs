// A browser with tabs, a server over HTTP and sockets, and a clock: all in the test's hands.

export const T0 = "2030-01-01T00:00:00Z";

export function item(id, seq, more = {}) {
  return {
    id: String(id), seq, position: null, type: "message", category: "general", title: `Title ${id}`, body: "", url: "",
    level: "info", priority: "normal", thread: "", data: {}, actor: null, created_at: T0, expires_at: null,
    seen_at: null, read_at: null, archived_at: null, snoozed_until: null, ...more,
  };
}

export const said = (id, position, more = {}) => item(id, null, { position, ...more });
export const counters = (unread, unseen = unread, taken = 0) => ({ unread, unseen, taken });
export const page = (items, cursor, counts, next = null) => ({ items, next, cursor, ...counts });
export const ids = (list) => list.map((entry) => Number(entry.id));

/** Let all promises that are ready take their turns. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

const aborted = () => new DOMException("", "AbortError");

/** Web Locks of one origin. */
class Locks {
  holders = new Map();
  queue = [];

  of(tab) {
    return { request: (name, options, callback) => this.#request(tab, name, options, callback) };
  }

  #request(tab, name, { steal, signal }, callback) {
    return new Promise((resolve, reject) => {
      const asked = { tab, name, callback, resolve, reject: () => tab.run(() => reject(aborted())) };
      if (steal) {
        const holder = this.holders.get(name);
        this.#grant(asked);
        holder?.reject();
        return;
      }
      signal?.addEventListener("abort", () => {
        if (!this.queue.includes(asked)) return;
        this.queue = this.queue.filter((other) => other !== asked);
        asked.reject();
      });
      this.queue.push(asked);
      this.#next(name);
    });
  }

  #grant(asked) {
    this.holders.set(asked.name, asked);
    queueMicrotask(() => asked.tab.run(() => Promise.resolve(asked.callback()).then((value) => {
      if (this.holders.get(asked.name) !== asked) return;
      this.holders.delete(asked.name);
      asked.resolve(value);
      this.#next(asked.name);
    })));
  }

  #next(name) {
    const asked = this.queue.find((other) => other.name === name);
    if (this.holders.has(name) || !asked) return;
    this.queue = this.queue.filter((other) => other !== asked);
    this.#grant(asked);
  }

  closed(tab) {
    this.queue = this.queue.filter((asked) => asked.tab !== tab);
    for (const [name, asked] of [...this.holders]) {
      if (asked.tab !== tab) continue;
      this.holders.delete(name);
      this.#next(name);
    }
  }
}

/** One page: what happens in it while it is frozen happens when it thaws. */
class Tab {
  #world;
  #late = [];
  frozen = false;
  closed = false;
  hear = () => {};

  constructor(world, { locks = false, channel = locks, storage = true } = {}) {
    this.#world = world;
    this.env = {
      now: () => world.time,
      random: () => 0.5,
      setTimeout: (callback, delay) => {
        const timer = { at: world.time + delay, callback, tab: this };
        world.timers.push(timer);
        return timer;
      },
      clearTimeout: (timer) => (world.timers = world.timers.filter((other) => other !== timer)),
      openSocket: (url, protocols) => world.openSocket(this, url, protocols),
      fetch: (url, init) => new Promise((resolve, reject) => {
        world.fetch(url, init).then((answer) => this.run(() => resolve(answer)), (error) => this.run(() => reject(error)));
      }),
      locks: locks ? world.locks.of(this) : undefined,
      openChannel: (name) => (channel ? world.openChannel(this, name) : null),
      storage: () => {
        if (!storage) throw new DOMException("", "SecurityError");
        return world.storage(this);
      },
      watch: (hear) => {
        this.hear = hear;
        return () => (this.hear = () => {});
      },
    };
  }

  run(callback) {
    if (this.closed) return;
    if (this.frozen) this.#late.push(callback);
    else callback();
  }

  /** The browser stops the page; `told`: its `freeze` event is heard before. */
  freeze({ told }) {
    if (told) this.hear("frozen");
    this.frozen = true;
  }

  async thaw() {
    this.frozen = false;
    for (const callback of this.#late.splice(0)) callback();
    this.hear("thawed");
    await settle();
  }

  /** The person closes it; nothing in it runs any more. */
  async close() {
    this.closed = true;
    this.#world.locks.closed(this);
    this.#world.timers = this.#world.timers.filter((timer) => timer.tab !== this);
    for (const socket of this.#world.sockets) if (socket.tab === this) socket.closed = true;
    await settle();
  }
}

export class World {
  time = 0;
  timers = [];
  sockets = [];
  requests = [];
  answers = []; // to the next requests, in order
  server = () => undefined; // answers the others; undefined: the network is down
  locks = new Locks();
  channels = [];
  lost = () => false; // which messages between tabs get lost
  stored = new Map();
  room = Infinity; // characters that the storage takes

  tab(options) {
    return new Tab(this, options);
  }

  openSocket(tab, url, protocols) {
    const socket = { tab, url, protocols, readyState: 1, sent: [], closed: false };
    socket.send = (text) => socket.sent.push(JSON.parse(text));
    socket.close = () => (socket.closed = true);
    this.sockets.push(socket);
    return socket;
  }

  openChannel(tab, name) {
    const channel = { tab, name, onmessage: null };
    channel.postMessage = (message) => {
      if (this.lost(message)) return;
      for (const other of this.channels) {
        if (other === channel || other.name !== name) continue;
        const data = structuredClone(message);
        queueMicrotask(() => other.tab.run(() => other.onmessage?.({ data })));
      }
    };
    channel.close = () => (this.channels = this.channels.filter((other) => other !== channel));
    this.channels.push(channel);
    return channel;
  }

  storage(tab) {
    const tell = () => {
      for (const other of this.tabs ?? []) if (other !== tab) other.run(() => other.hear("stored"));
    };
    return {
      getItem: (key) => this.stored.get(key) ?? null,
      setItem: (key, text) => {
        if (text.length > this.room) throw new DOMException("", "QuotaExceededError");
        this.stored.set(key, text);
        tell();
      },
      removeItem: (key) => this.stored.delete(key) && tell(),
    };
  }

  async fetch(url, init) {
    const request = { method: init.method, url, body: init.body && JSON.parse(init.body), headers: init.headers, cache: init.cache, credentials: init.credentials };
    this.requests.push(request);
    const answer = await (this.answers.length ? this.answers.shift() : this.server(request));
    if (!answer) throw new TypeError("network");
    const { status = 200, headers = {}, ...body } = answer;
    return { ok: status < 400, status, headers: new Headers(headers), json: async () => body };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  /** Sockets that are open as the server sees it. */
  get open() {
    return this.sockets.filter((socket) => !socket.closed);
  }

  frame(frame, socket = this.socket) {
    socket.tab.run(() => socket.onmessage({ data: JSON.stringify(frame) }));
  }

  hello(more = {}) {
    this.frame({ type: "hello", epoch: "e", seq: 10, position: 5, heartbeat_seconds: 30, ...counters(0), ...more });
  }

  /** Somebody sets the clock; timers run on as they would have. */
  setClock(ms) {
    this.time += ms;
    for (const timer of this.timers) timer.at += ms;
  }

  async advance(ms) {
    const until = this.time + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= until && !timer.tab.frozen).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.callback();
      await settle();
    }
    this.time = until;
  }
}
