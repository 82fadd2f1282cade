/**
 * What a browser keeps of one person between visits: one place for each site, so that whoever comes next displaces the former.
 * Nothing here is needed; whatever goes wrong with it is as if nothing had been kept.
 */

const VERSION = 1; // of what is kept; another one is discarded

export class Store {
  #key;
  #owner;
  #storage = null;
  #claimed = false;

  constructor(key, person, language, storage) {
    this.#key = key;
    this.#owner = { version: VERSION, person, language };
    try {
      this.#storage = storage();
    } catch {
      // Forbidden; nothing is kept then.
    }
  }

  /** What is kept of this person. What is another's stays until the server has said who is here: this page may be an old one. */
  open() {
    return this.#isAnothers ? null : this.claim();
  }

  /** Make the place ours, once; what is kept of this person. */
  claim() {
    if (this.#claimed) return null;
    this.#claimed = true;
    const kept = this.#read();
    const ours = kept?.version === VERSION && kept.person === this.#owner.person && kept.language === this.#owner.language;
    if (ours && isSnapshot(kept.snapshot)) return kept.snapshot;
    this.#remove(); // first: there may be no room for more, but what was another's goes
    this.save(null);
    return null;
  }

  /** Whether another person has come since it was ours. */
  get isTaken() {
    return this.#claimed && this.#isAnothers;
  }

  get #isAnothers() {
    const kept = this.#read();
    return typeof kept?.person === "string" && kept.person !== this.#owner.person;
  }

  save(snapshot) {
    if (this.#isAnothers && snapshot) return;
    try {
      this.#storage?.setItem(this.#key, JSON.stringify({ ...this.#owner, snapshot }));
    } catch {
      this.forget(); // full: rather nothing than something old
    }
  }

  forget() {
    if (!this.#isAnothers) this.#remove();
  }

  #remove() {
    try {
      this.#storage?.removeItem(this.#key);
    } catch {
      // Forbidden meanwhile, also to read.
    }
  }

  #read() {
    try {
      return JSON.parse(this.#storage?.getItem(this.#key) ?? "null");
    } catch {
      return null;
    }
  }
}

/** Whether this can be shown without breaking anything. */
function isSnapshot(value) {
  const isCount = (number) => Number.isSafeInteger(number) && number >= 0;
  return (
    /^[^.]+\.\d+\.\d+$/.test(value?.cursor) &&
    ["unread", "unseen", "taken"].every((name) => isCount(value.counters?.[name])) &&
    (value.next === null || /^\d+$/.test(value.next)) &&
    Array.isArray(value.removed) &&
    value.removed.every((entry) => Array.isArray(entry) && entry.length === 2) &&
    Array.isArray(value.items) &&
    value.items.every((item) => /^\d+$/.test(item?.id) && typeof item.title === "string" && (item.seq === null ? isCount(item.position) : isCount(item.seq)))
  );
}
