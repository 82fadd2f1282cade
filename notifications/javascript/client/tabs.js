/**
 * The tabs of one person in one browser: one of them leads and has the socket. Whoever holds the Web Lock leads; the others wait
 * for it, so that a tab that closes is followed at once. A leader that is frozen lets go of the lock; one that does not answer
 * loses it, and learns so when it thaws. Where there are no locks or no channel, every tab leads itself.
 */

import { Timers } from "./environment.js";

const PULSE = 15_000; // ms of silence after which a tab asks whether the leader is there
const PATIENCE = 3_000; // ms, and up to twice of it, so that not all tabs steal at once

export class Tabs {
  #name;
  #env;
  #on;
  #timers;
  #channel = null;
  #joined = false;
  #leads = false;
  #turn = 0; // tells the locks of an earlier turn that they are too late
  #abort = null;
  #release = null;

  constructor(name, env, on) {
    this.#name = name;
    this.#env = env;
    this.#on = on;
    this.#timers = new Timers(env);
  }

  get leads() {
    return this.#leads;
  }

  join() {
    if (this.#joined) return;
    this.#joined = true;
    try {
      if (this.#name && this.#env.locks) this.#channel = this.#env.openChannel(this.#name);
    } catch {
      // Forbidden, as cookies are.
    }
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.#joined && this.#hear(data);
    this.#queue();
  }

  /** For good; whoever waits is next. */
  leave() {
    this.#joined = false;
    this.#letGo();
    this.#channel?.close();
    this.#channel = null;
  }

  /** The page will do nothing until `thaw`, so it must not lead, nor be the next to. */
  freeze() {
    if (!this.#joined) return;
    const led = this.#leads;
    this.#letGo();
    if (led) this.#on.follow();
  }

  thaw() {
    if (this.#joined && !this.#leads && !this.#abort) this.#queue();
  }

  /** Tell all other tabs. */
  post(message) {
    this.#channel?.postMessage({ ...message, leader: this.#leads });
  }

  /** See whether the leader is there, and perhaps wake it; without an answer this tab takes over. */
  probe(wake = false) {
    if (this.#leads || !this.#channel) return;
    this.post({ kind: "ping", wake });
    if (!this.#timers.has("steal")) this.#timers.after("steal", PATIENCE * (1 + this.#env.random()), () => this.#request({ steal: true }));
  }

  #queue() {
    if (!this.#channel) {
      this.#lead();
      return;
    }
    this.#abort = new AbortController();
    this.#request({ signal: this.#abort.signal });
    this.post({ kind: "ask" });
    this.probe();
  }

  #request(options) {
    const turn = ++this.#turn;
    if (options.steal) this.#abort?.abort();
    const hold = () => {
      if (turn === this.#turn) this.#lead();
      if (turn !== this.#turn) return undefined; // too late, or it has left at once
      return new Promise((resolve) => (this.#release = resolve));
    };
    this.#env.locks.request(this.#name, options, hold).catch((error) => {
      if (turn !== this.#turn) return;
      if (this.#leads) {
        // Another tab found this one silent.
        this.#letGo();
        this.#on.follow();
        this.#queue();
      } else if (error.name !== "AbortError") {
        this.#lead(); // locks are forbidden here
      }
    });
  }

  #lead() {
    this.#leads = true;
    this.#timers.clear();
    this.#on.lead();
  }

  #letGo() {
    this.#turn += 1;
    this.#leads = false;
    this.#abort?.abort();
    this.#abort = null;
    this.#release?.();
    this.#release = null;
    this.#timers.clear();
  }

  #hear(message) {
    if (message.leader && !this.#leads) {
      this.#timers.cancel("steal");
      this.#timers.after("watch", PULSE, () => this.probe());
    }
    if (message.kind === "ping" && this.#leads) this.post({ kind: "pong" });
    this.#on.hear(message);
  }
}
