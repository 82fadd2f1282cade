/** How long it takes from a commit on the server until the screen shows it, by two clocks. */

const PINGS = 8;

const now = () => performance.timeOrigin + performance.now();

/**
 * How far the server's clock is ahead of ours, and by how much that may be wrong; in ms. Of several questions the quickest tells most:
 * the answer was made somewhere between (NTP's offset and its clock filter; RFC 5905, sections 8 and 10).
 */
export async function compareClocks(url) {
  let best = { ahead: 0, within: Infinity };
  for (let ping = 0; ping < PINGS; ping += 1) {
    const asked = now();
    const response = await fetch(url);
    const answered = now();
    const { now: theirs } = await response.json();
    const within = (answered - asked) / 2;
    if (within < best.within) best = { ahead: theirs - (asked + answered) / 2, within };
  }
  return best;
}

/** The moment at which what has just been told of is on the screen: after this element has drawn it, and the browser has. */
export async function painted(element) {
  await new Promise((resolve) => setTimeout(resolve));
  await element.drawn;
  await new Promise((resolve) => setTimeout(resolve));
  return now();
}

const KEPT = 1_000; // samples, and moments of what is known from one side only

/** Brings together when something was committed, and when it was shown, whichever is known first. */
export class Latency {
  #commits = new Map();
  #shown = new Map();
  samples = [];

  constructor({ ahead }) {
    this.ahead = ahead;
  }

  committed(id, at) {
    this.#note(this.#commits, id, at - this.ahead);
  }

  shown(id, at) {
    this.#note(this.#shown, id, at);
  }

  /** So many ms for this share of the samples; undefined without any. */
  quantile(share) {
    const sorted = this.samples.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  }

  #note(moments, id, at) {
    if (moments.has(id)) return;
    moments.set(id, at);
    if (moments.size > KEPT) moments.delete(moments.keys().next().value);
    const [commit, shown] = [this.#commits.get(id), this.#shown.get(id)];
    if (commit === undefined || shown === undefined) return;
    this.samples.push(shown - commit);
    if (this.samples.length > KEPT) this.samples.shift();
  }
}
