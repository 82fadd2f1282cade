/** `<notification-toasts>`: what arrives while somebody looks, for some seconds. The focus stays where it is. */

import { ClientElement, button, h, icon, link, tellOpening } from "./dom.js";
import { collapse } from "./rules.js";
import { isNews, theWords } from "./surroundings.js";

const SETTLE = 300; // ms in which arrivals count as one
const SHOWN = 6_000; // ms

export class NotificationToasts extends ClientElement {
  #toasts = [];
  #elements = new Map();
  #arrived = [];
  #region = null;
  #held = false; // the pointer or the focus is on them
  #timers = new Map();

  start(signal) {
    if (!this.#region) this.#build();
    this.hear("notification", ({ detail }) => this.#take(detail));
    this.hear("change", () => this.#toasts.length && this.drawSoon());
    signal.addEventListener("abort", () => this.#set([]));
  }

  #build() {
    this.#region = h("div", { part: "toasts", role: "region", "aria-label": theWords().say("notifications") });
    for (const type of ["pointerenter", "focusin"]) this.#region.addEventListener(type, () => this.#hold(true));
    for (const type of ["pointerleave", "focusout"]) this.#region.addEventListener(type, () => this.#hold(false));
    this.root.append(this.#region);
  }

  #take(detail) {
    const { item } = detail;
    if (!isNews(this.client, detail) || document.visibilityState !== "visible" || (item.priority !== "urgent" && isListShown(this.client))) return;
    if (!this.dispatchEvent(new CustomEvent("notification-toast", { detail: { item }, bubbles: true, composed: true, cancelable: true }))) return;
    if (this.#arrived.push(item) > 1) return;
    setTimeout(() => {
      const arrived = this.#arrived;
      this.#arrived = [];
      if (this.isConnected) this.#set(collapse(this.#toasts, arrived));
    }, SETTLE);
  }

  /** What was read meanwhile, here or elsewhere, is no news any more. */
  draw() {
    const news = new Set(this.client.items.filter((item) => !item.read_at).map(({ id }) => id));
    this.#set(this.#toasts.filter(({ items }) => items.some(({ id }) => news.has(id))));
  }

  #set(toasts) {
    this.#toasts = toasts;
    // By urgency: what stood for several, and is to stand for more of them.
    const former = new Map();
    for (const [toast, element] of this.#elements) {
      if (toasts.includes(toast)) continue;
      if (isMany(toast)) former.set(toast.urgent, element);
      else element.remove();
      this.#elements.delete(toast);
      clearTimeout(this.#timers.get(toast));
      this.#timers.delete(toast);
    }
    for (const toast of toasts) {
      if (this.#elements.has(toast)) continue;
      const element = this.#draw(toast);
      this.#elements.set(toast, element);
      if (isMany(toast) && former.has(toast.urgent)) grow(former.get(toast.urgent), element);
      else this.#region.append(element);
      this.#startTimer(toast);
    }
    for (const element of former.values()) element.remove();
    if (!this.#region.matches(":hover, :focus-within")) this.#held = false;
  }

  #startTimer(toast) {
    clearTimeout(this.#timers.get(toast));
    if (!toast.urgent && !this.#held) this.#timers.set(toast, setTimeout(() => this.#drop(toast), SHOWN));
  }

  #hold(held) {
    this.#held = held;
    for (const toast of this.#toasts) this.#startTimer(toast);
  }

  #drop(toast) {
    this.#set(this.#toasts.filter((other) => other !== toast));
  }

  #draw(toast) {
    const [item, ...more] = toast.items;
    const words = theWords();
    const close = button("close", { ariaLabel: words.say("close"), onclick: () => this.#drop(toast) }, icon("error"));
    const content = more.length ? this.#many(toast) : this.#one(toast, item);
    const element = h("div", { part: "toast", role: "group" }, h("span", { part: "level" }, icon(more.length ? "bell" : item.level)), h("div", { part: "content" }, ...content), close);
    element.dataset.level = more.length ? "info" : item.level;
    element.part.toggle("urgent", toast.urgent);
    element.classList.toggle("is-urgent", toast.urgent);
    return element;
  }

  #one(toast, item) {
    const words = theWords();
    const open = (event) => {
      this.client.markRead([item.id]);
      if (!tellOpening(this, item)) event.preventDefault();
      this.#drop(toast);
    };
    const opener = link("open", item.url, item.title) ?? button("open", { textContent: item.title });
    const actions = item.actions.map(({ label, url }) => link("action", url, label)).filter(Boolean);
    for (const control of [opener, ...actions]) control.addEventListener("click", open);
    return [
      h("p", { part: "title" }, opener),
      h("p", { part: "body", textContent: item.body }),
      h("p", { part: "meta", textContent: words.actors(item) }),
      h("p", { part: "actions" }, ...actions),
    ];
  }

  #many(toast) {
    const words = theWords();
    const open = () => {
      this.#drop(toast);
      const [bell] = those("notification-bell", this.client);
      if (bell) bell.show();
      else this.dispatchEvent(new CustomEvent("notification-list", { bubbles: true, composed: true }));
    };
    const count = toast.items.length;
    return [h("p", { part: "title" }, button("open", { textContent: words.say("arrived_many", { count }), onclick: open }))];
  }
}

const isMany = ({ items }) => items.length > 1;

/** Put a toast in the place of another one, which stood for fewer: it does not come anew, and the focus stays. */
function grow(former, element) {
  const controls = (toast) => [...toast.querySelectorAll("button")];
  const focused = controls(former).findIndex((control) => control.matches(":focus"));
  element.classList.add("is-grown");
  former.replaceWith(element);
  if (focused >= 0) controls(element)[focused].focus();
}

/** Who looks at the list sees what arrives there. */
function isListShown(client) {
  return those("notification-inbox", client).some((inbox) => inbox.filter === "all" && inbox.checkVisibility()) || those("notification-bell", client).some(({ open }) => open);
}

/** The elements that show what this client knows: a page may have several. */
const those = (name, client) => [...document.querySelectorAll(name)].filter((element) => element.client === client);
