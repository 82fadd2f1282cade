/** The socket of the tab that leads: when to connect, when to give up, what to ask for. What frames mean is for its host. */

import { Timers } from "./environment.js";
import { CLOSE_CODES, SUBPROTOCOL, afterClose, backoff } from "./protocol.js";

const CONNECT_TIMEOUT = 10_000; // ms until the first frame; browsers themselves wait for minutes
const TICKET_TIMEOUT = 3_000; // ms; whoever gets no ticket shows the cookie
const ACK_INTERVAL = 1_000; // ms; acknowledgements feed metrics and are not worth more
const GAP_GRACE = 250; // ms; an HTTP answer often overtakes the frames it follows
const RESUME_INTERVAL = 5_500; // ms; the server takes one per 5 s, the rest is for clocks and networks
const STEADY = 10_000; // ms that a connection has to last before the next failure counts as the first one
const POLL_INTERVAL = 60_000; // ms between two first pages where no socket gets through
const DEFAULT_HEARTBEAT = 30; // s, until `hello` says
const SIGNED_OUT_GRACE = 500; // ms; sockets are told just before the login session goes
const RETRY_SPREAD = 2_000; // ms over which those come back who were all told the same `Retry-After`

/**
 * `host` knows the `cursor`, `point` and `status`, and is told what happens: `setStatus`, `load` (a first page; false if it is
 * somebody else's), `take` (a frame), `reset` (the cursor is of no use; what comes is kept until `load`), `dropped` (what was kept
 * is of no use either), `forget` (the login is over), `end`. Whoever hears of it from the host may have it `drop` this meanwhile.
 */
export class Connection {
  #options;
  #http;
  #env;
  #host;
  #timers;

  #socket = null;
  #online = true;
  #attempt = 0;
  #unheard = 1; // sockets since the last one that said hello, and one for those of an earlier page
  #askedAt = -Infinity; // for a first page
  #notBefore = 0; // what a server that is overloaded asked for
  #welcome = false; // whether this socket has said hello
  #token; // that this socket was opened with
  #refused = false; // whether a token was refused since the last hello
  #run = 0; // tells whatever belongs to an earlier attempt that it is too late
  #openedAt = 0;
  #heardAt = 0;
  #heartbeat = DEFAULT_HEARTBEAT * 1_000;
  #acked = "";
  #resumedAt = -Infinity;
  #ahead = { seq: 0, position: 0 }; // the furthest the server is known to be

  constructor(options, http, env, host) {
    this.#options = options;
    this.#http = http;
    this.#env = env;
    this.#host = host;
    this.#timers = new Timers(env);
  }

  connect() {
    this.#timers.cancel("retry");
    this.#try((run) => this.#open(run));
  }

  /** Whatever fails on the way, also in what the page brings, is an attempt that failed; unless there is a later one. */
  async #try(task) {
    const run = this.#run;
    try {
      await task(run);
    } catch (error) {
      if (run === this.#run) this.#lost(error?.retryAfter);
    }
  }

  async #open(run) {
    if (this.#host.cursor === null && !(await this.#loadFirstPage(run))) return;
    const protocols = [SUBPROTOCOL];
    if (this.#options.getToken) protocols.push(`token.${(this.#token = await this.#http.token())}`);
    else if (this.#options.ticketUrl) {
      const ticket = await this.#ticket();
      if (ticket) protocols.push(`ticket.${ticket}`);
    }
    if (run !== this.#run) return;

    const socket = this.#env.openSocket(`${this.#options.socketUrl}?cursor=${encodeURIComponent(this.#host.cursor)}`, protocols);
    this.#socket = socket;
    this.#welcome = false;
    this.#openedAt = this.#heardAt = this.#env.now();
    this.#resumedAt = -Infinity;
    this.#ahead = { seq: 0, position: 0 };
    socket.onmessage = (event) => this.#socket === socket && this.#receive(event.data);
    socket.onclose = (event) => this.#socket === socket && this.#closed(event.code);
    this.#watch(CONNECT_TIMEOUT);
  }

  /** Let go of the socket without waiting for its close, which on a dead network takes minutes. */
  drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#run += 1;
    this.#timers.clear();
    this.#host.dropped();
    socket?.close();
  }

  reconnectNow() {
    if (this.#env.now() < this.#notBefore) return;
    this.drop();
    const run = this.#run;
    this.#attempt = 0;
    if (this.#host.status !== "connecting") this.#host.setStatus("reconnecting");
    if (run === this.#run) this.connect();
  }

  networkChanged(online) {
    this.#online = online;
    if (online) this.reconnectNow();
    else this.#host.setStatus("offline"); // until a frame proves the browser wrong
  }

  /** Perhaps after hours of sleep: do not wait for timers that slept as well. */
  woke() {
    const silence = this.#env.now() - this.#heardAt;
    if (this.#timers.has("retry") || (this.#host.status === "live" && silence > this.#heartbeat * 1.5)) this.reconnectNow();
  }

  /** Ask for what is missing, unless it comes by itself; at most one question per RESUME_INTERVAL. */
  catchUp({ seq, position }) {
    this.#ahead = { seq: Math.max(this.#ahead.seq, seq), position: Math.max(this.#ahead.position, position) };
    if (this.#timers.has("resume") || !this.#socket) return;
    const wait = Math.max(GAP_GRACE, this.#resumedAt + RESUME_INTERVAL - this.#env.now());
    // Never longer, though the clock may have been put back.
    this.#timers.after("resume", Math.min(wait, RESUME_INTERVAL), () => {
      const { point } = this.#host;
      if (this.#host.cursor === null || (this.#ahead.seq <= point.seq && this.#ahead.position <= point.position)) return;
      this.#resumedAt = this.#env.now();
      this.#send({ type: "resume", ...point });
    });
  }

  acknowledgeSoon() {
    if (this.#timers.has("ack") || this.#host.cursor === this.#acked) return;
    this.#timers.after("ack", ACK_INTERVAL, () => {
      if (this.#host.cursor === null) return;
      const { seq, position } = this.#host.point;
      this.#acked = this.#host.cursor;
      this.#send({ type: "ack", seq, position });
    });
  }

  async #loadFirstPage(run) {
    const { cursor } = this.#host;
    this.#askedAt = this.#env.now();
    const page = await this.#http.get(this.#options.apiUrl);
    // What has moved the cursor meanwhile may be newer.
    return run === this.#run && cursor === this.#host.cursor && this.#host.load(page);
  }

  /** Nothing where there is none: the cookie does, too. */
  async #ticket() {
    try {
      if (this.#options.csrfToken()) return (await this.#http.post(this.#options.ticketUrl, undefined, TICKET_TIMEOUT)).ticket;
    } catch (error) {
      if (error?.retryAfter) throw error;
    }
  }

  #receive(text) {
    const run = this.#run;
    this.#heardAt = this.#env.now();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return; // not ours to judge; the heartbeat heals what was in it
    }
    if (this.#host.status === "offline") this.#host.setStatus("live");
    if (frame.type === "hello") {
      this.#welcome = true;
      this.#refused = false;
      this.#unheard = 0;
      this.#notBefore = 0;
      this.#heartbeat = frame.heartbeat_seconds * 1_000;
      this.#watch(2 * this.#heartbeat);
      this.#host.setStatus("live");
    }
    if (run !== this.#run) return;
    if (frame.type === "error") console.warn("clarion:", frame.code, frame.detail);
    if (frame.type === "reset") this.reset();
    else this.#host.take(frame);
  }

  /** The cursor cannot be resumed from: a first page is the new beginning, on the same socket. */
  reset() {
    this.#host.reset();
    // The page of an earlier reset would take us back, and what came meanwhile would be lost.
    this.#run += 1;
    this.#try((run) => this.#loadFirstPage(run));
  }

  #closed(code) {
    const next = afterClose(code);
    const out = next === "signed_out";
    // One that was kept may not hold any more, though its person is signed in: a new one tells.
    const anew = out && !this.#welcome && this.#options.getToken && !this.#refused;
    if (anew) this.#refused = true;
    if (anew || code === CLOSE_CODES.token_expired.number) this.#http.forgetToken(this.#token);
    if (anew || next === "reconnect") this.#lost();
    else if (out && this.#welcome) this.#askWhoIsHere();
    else this.#host.end(next);
  }

  /**
   * The login session ended. Whoever changed their own password, or signed in as somebody else, in another tab, has a new one:
   * a first page over HTTP tells, and is the new beginning; a 401 is the end.
   */
  #askWhoIsHere() {
    this.drop();
    const run = this.#run;
    this.#host.forget();
    if (run === this.#run) this.#host.setStatus("reconnecting");
    if (run === this.#run) this.#timers.after("retry", SIGNED_OUT_GRACE, () => this.connect());
  }

  /** The connection, or the attempt at one, failed: come back after a while. */
  #lost(retryAfter = 0) {
    const now = this.#env.now();
    if (this.#socket && this.#welcome && now - this.#openedAt >= STEADY) this.#attempt = 0;
    if (this.#socket && !this.#welcome) this.#unheard += 1;
    this.drop();
    const run = this.#run;
    this.#host.setStatus(this.#online ? "reconnecting" : "offline");
    if (run !== this.#run) return;
    let wait = backoff(this.#attempt, this.#env.random);
    if (retryAfter) {
      this.#notBefore = now + retryAfter;
      wait = Math.max(wait, retryAfter + this.#env.random() * RETRY_SPREAD);
    }
    this.#timers.after("retry", wait, () => this.connect());
    this.#attempt += 1;
    // It may be only sockets that do not get through. The clock may have been put back.
    if (this.#unheard > 1 && Math.abs(now - this.#askedAt) >= POLL_INTERVAL) this.#poll(run);
  }

  /** While sockets are tried all the same. */
  async #poll(run) {
    try {
      await this.#loadFirstPage(run);
    } catch (error) {
      if (error?.retryAfter && run === this.#run && !this.#welcome) this.#lost(error.retryAfter);
    }
  }

  /** Reconnect when nothing, not even a heartbeat, was heard for `patience` ms. One timer, however many frames come. */
  #watch(patience) {
    this.#heardAt = Math.min(this.#heardAt, this.#env.now()); // the clock may have been put back
    const left = this.#heardAt + patience - this.#env.now();
    if (left <= 0) this.#lost();
    else this.#timers.after("watch", left, () => this.#watch(patience));
  }

  #send(frame) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }
}
