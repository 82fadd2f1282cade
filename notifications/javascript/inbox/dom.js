/** Making elements, and what ours have in common. Data gets into the page as text and properties only. */

import { safeAddress } from "./rules.js";
import CSS from "./styles.css";
import { announce, theClient } from "./surroundings.js";

const PACE = 100; // ms between two pictures of an element
const UNSEEN = 250; // ms after which what has no picture is drawn all the same

const SHEET = new CSSStyleSheet();
SHEET.replaceSync(CSS);

/**
 * An element. `on...` are listeners, `part`, `role` and names with a dash attributes, all else properties; `part` is the class, too.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "part" || name === "role" || name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  if (properties.part) element.className ||= properties.part;
  element.append(...children);
  return element;
}

export const button = (part, properties, ...children) => h("button", { type: "button", part, ...properties }, ...children);

const PATHS = {
  bell: "M6 9a6 6 0 0 1 12 0c0 6 2.5 7.5 2.5 7.5h-17S6 15 6 9M10 20a2.2 2.2 0 0 0 4 0",
  info: "M12 11v6M12 7v.5",
  success: "m7 12.5 3.5 3.5L17 8.5",
  warning: "M12 6.5v7M12 17v.5",
  error: "m8 8 8 8M16 8l-8 8",
  archive: "M4 5h16v4H4zM5.5 9v10h13V9M10 13h4",
  more: "M5.5 12h.1M12 12h.1M18.5 12h.1",
};

export function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name] ?? PATHS.info);
  svg.append(path);
  return svg;
}

/** A link to where it is safe to go, or null. A foreign site does not learn from where, nor get a hand on this page. */
export function link(part, address, text) {
  const url = safeAddress(address, location.href);
  return url && h("a", { part, href: url.href, textContent: text, dir: "auto", rel: url.origin === location.origin ? "" : "noopener noreferrer" });
}

/** The title of an item: a link, or a button where there is nowhere to go. Its language may run the other way than the page's. */
export const opening = ({ title, url }) => link("open", url, title) ?? button("open", { textContent: title, dir: "auto" });

/** Tell the page that somebody opens an item. Returns whether it is still to be done here. */
export function tellOpening(element, item) {
  return element.dispatchEvent(new CustomEvent("notification-open", { detail: { item }, bubbles: true, composed: true, cancelable: true }));
}

const present = new Set();

/** The elements of this class that are in the page, shadow trees included. */
export const those = (type) => [...present].filter((element) => element instanceof type);

/** An element that shows something of a client: its own, or the one of the page. */
export class ClientElement extends HTMLElement {
  #client = null;
  #connected = null; // aborted when the element leaves the page
  #drawn = null; // resolves `drawn` of what is to be drawn
  #drawnAt = 0;

  /** Resolves when what the client has told so far is drawn. */
  drawn = Promise.resolve();

  constructor() {
    super();
    this.root = this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [SHEET];
  }

  get client() {
    return this.#client;
  }

  set client(client) {
    this.disconnectedCallback();
    this.#client = client;
    if (this.isConnected) this.connectedCallback();
  }

  connectedCallback() {
    // What was given before the element was known lies before what it has by these names.
    for (const name of ["client", "filter", "item"]) {
      if (!Object.hasOwn(this, name)) continue;
      const given = this[name];
      delete this[name];
      this[name] = given;
    }
    this.#client ??= theClient();
    if (!this.#client || this.#connected) return;
    this.#connected = new AbortController();
    present.add(this);
    announce(this.#client);
    this.start(this.#connected.signal);
  }

  disconnectedCallback() {
    present.delete(this);
    this.#connected?.abort();
    this.#connected = null;
  }

  /** Listen to one of the client's events as long as the element is in the page. */
  hear(type, listener) {
    this.listen(this.#client, type, listener);
  }

  /** Have it drawn: with the next picture, or some later if it has just been, however many frames come meanwhile. */
  drawSoon() {
    if (this.#drawn) return;
    this.drawn = new Promise((resolve) => (this.#drawn = resolve));
    const wait = this.#drawnAt + PACE - performance.now();
    if (wait > 0) setTimeout(() => this.#awaitPicture(), wait);
    else this.#awaitPicture();
  }

  /** Where nobody looks there are no pictures, but tabs have titles. */
  #awaitPicture() {
    const draw = () => {
      cancelAnimationFrame(picture);
      clearTimeout(timer);
      const drawn = this.#drawn;
      this.#drawn = null;
      this.#drawnAt = performance.now();
      if (this.#connected) this.draw();
      drawn();
    };
    const picture = requestAnimationFrame(draw);
    const timer = setTimeout(draw, UNSEEN);
  }

  listen(target, type, listener) {
    target.addEventListener(type, listener, { signal: this.#connected.signal });
  }
}
