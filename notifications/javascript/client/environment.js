/** What the client needs of its surroundings; tests bring their own. */

export const BROWSER = {
  openSocket: (url, protocols) => new globalThis.WebSocket(url, protocols),
  fetch: (url, init) => globalThis.fetch(url, init),
  setTimeout: (callback, delay) => globalThis.setTimeout(callback, delay),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
  now: () => Date.now(),
  random: () => Math.random(),
  /** Missing without HTTPS. */
  get locks() {
    return globalThis.navigator?.locks;
  },
  openChannel: (name) => (globalThis.BroadcastChannel ? new globalThis.BroadcastChannel(name) : null),
  /** Throws where the person forbids it. */
  storage: () => globalThis.localStorage,
  watch,
};

/**
 * Tell `hear` of `online`, `offline`, `visible`, `hidden`, `frozen`, `thawed` and `stored` (another tab wrote into the storage).
 */
function watch(hear) {
  const page = globalThis.document;
  const ends = [];
  const on = (target, type, callback) => {
    if (!target?.addEventListener) return;
    target.addEventListener(type, callback);
    ends.push(() => target.removeEventListener(type, callback));
  };
  on(globalThis, "online", () => hear("online"));
  on(globalThis, "offline", () => hear("offline"));
  on(globalThis, "storage", () => hear("stored"));
  on(page, "visibilitychange", () => hear(page.visibilityState === "visible" ? "visible" : "hidden"));
  on(page, "freeze", () => hear("frozen"));
  on(page, "resume", () => hear("thawed"));
  // The back-forward cache keeps pages as they are, without their sockets.
  on(globalThis, "pagehide", (event) => hear(event.persisted ? "frozen" : "hidden"));
  on(globalThis, "pageshow", (event) => event.persisted && hear("thawed"));
  return () => ends.forEach((end) => end());
}

const LONGEST = 2 ** 31 - 1; // ms; a longer timeout would end at once

/** Running timers by name. */
export class Timers {
  #env;
  #running = new Map();

  constructor(env) {
    this.#env = env;
  }

  has(name) {
    return this.#running.has(name);
  }

  /** Call back once after `delay` ms, in place of what ran under this name. */
  after(name, delay, callback) {
    this.cancel(name);
    const timer = this.#env.setTimeout(() => {
      this.#running.delete(name);
      callback();
    }, Math.min(delay, LONGEST));
    this.#running.set(name, timer);
  }

  cancel(name) {
    if (!this.#running.has(name)) return;
    this.#env.clearTimeout(this.#running.get(name));
    this.#running.delete(name);
  }

  clear() {
    for (const name of [...this.#running.keys()]) this.cancel(name);
  }
}
