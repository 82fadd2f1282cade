/** `<notification-toasts>`: what arrives while somebody looks, for some seconds. The focus stays where it is. */

import { NotificationBell } from "./bell.js";
import { ClientElement, button, h, icon, link, opening, tellOpening, those } from "./dom.js";
import { NotificationInbox } from "./list.js";
import { collapse, isShortcut, writes } from "./rules.js";
import { isNews, theWords } from "./surroundings.js";

const SETTLE = 300; // ms in which arrivals count as one
const SHOWN = 6_000; // ms
const HOTKEY = "F8"; // writes nothing anywhere, and is no browser's

let before = null; // what had the focus before any toast of the page

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
    this.listen(document, "keydown", (event) => this.#press(event));
    signal.addEventListener("abort", () => {
      this.#arrived = [];
      this.#set([]);
    });
  }

  /** What moves the focus to the newest toast, and back; as in `aria-keyshortcuts`, empty for nothing. */
  get hotkey() {
    return this.getAttribute("hotkey") ?? HOTKEY;
  }

  #build() {
    const { hotkey } = this;
    const label = theWords().say("notifications");
    const region = h("div", { part: "toasts", role: "region", "aria-label": hotkey ? `${label} (${hotkey})` : label, hidden: true });
    if (hotkey) region.setAttribute("aria-keyshortcuts", hotkey);
    region.addEventListener("pointerenter", () => this.#hold(true));
    region.addEventListener("pointerleave", () => this.#hold(Boolean(region.querySelector(":focus-visible"))));
    region.addEventListener("focusin", ({ relatedTarget }) => {
      if (relatedTarget && !region.contains(relatedTarget) && !isOurs(relatedTarget)) before = relatedTarget;
      this.#hold(true);
    });
    region.addEventListener("focusout", () => this.#hold(false));
    this.#region = region;
    this.root.append(region);
  }

  #press(event) {
    if (event.defaultPrevented || !this.#toasts.length) return;
    const focused = this.#toasts.find((toast) => this.#elements.get(toast).matches(":focus-within"));
    const there = event.composedPath().find(isOurs);
    if (isShortcut(event, this.hotkey) && !isWriting(event)) {
      // A page may have several places for toasts.
      const all = those(NotificationToasts).filter((other) => other.#toasts.length && other.hotkey === this.hotkey);
      const next = all[all.indexOf(there) + 1];
      next ? next.#enter(there ? before : focusedElement()) : there.#giveBack();
    } else if (focused && isShortcut(event, "Escape")) this.#drop(focused);
    else return;
    event.preventDefault();
  }

  #enter(from) {
    this.#region.lastElementChild.focus();
    before = from;
  }

  /** The focus goes to where it was. */
  #giveBack() {
    const to = before;
    before = null;
    this.root.activeElement?.blur();
    to?.focus();
  }

  #take(detail) {
    const { item } = detail;
    if (!isNews(this.client, detail) || document.visibilityState !== "visible" || (item.priority !== "urgent" && this.#isListed(item))) return;
    if (!this.dispatchEvent(new CustomEvent("notification-toast", { detail: { item }, bubbles: true, composed: true, cancelable: true }))) return;
    if (this.#arrived.push(item) > 1) return;
    setTimeout(() => {
      const arrived = this.#arrived.splice(0);
      if (arrived.length) this.#set(collapse(this.#toasts, arrived.filter(this.#isUnread())));
    }, SETTLE);
  }

  /** Who looks at a list that shows it sees it there. */
  #isListed(item) {
    return those(NotificationInbox).some((inbox) => inbox.client === this.client && inbox.shows(item));
  }

  draw() {
    const isUnread = this.#isUnread();
    this.#set(this.#toasts.filter(({ items }) => items.some(isUnread)));
  }

  /** What was read meanwhile, here or elsewhere, or is gone, is no news any more. */
  #isUnread() {
    const unread = new Set(this.client.items.filter((item) => !item.read_at).map(({ id }) => id));
    return ({ id }) => unread.has(id);
  }

  #set(toasts) {
    this.#toasts = toasts;
    if (toasts.length) this.#region.hidden = false;
    const left = [...this.#elements].filter(([toast]) => !toasts.includes(toast));
    for (const toast of toasts) {
      if (this.#elements.has(toast)) continue;
      const element = this.#draw(toast);
      this.#elements.set(toast, element);
      // In the place of one that stood for fewer, and without coming anew.
      const [, former] = left.find(([other]) => isMany(toast) && isMany(other) && other.urgent === toast.urgent) ?? [];
      element.classList.toggle("is-grown", Boolean(former));
      if (former) former.after(element);
      else this.#region.append(element);
      this.#startTimer(toast);
    }
    for (const [toast] of left) {
      this.#elements.delete(toast);
      clearTimeout(this.#timers.get(toast));
      this.#timers.delete(toast);
    }
    // The focus goes on before what has it is gone.
    if (left.some(([, element]) => element.matches(":focus-within"))) {
      const newest = [...this.#elements.values()].at(-1);
      if (newest) newest.focus();
      else this.#giveBack();
    }
    for (const [, element] of left) element.remove();
    this.#region.hidden = !toasts.length;
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
    const label = more.length ? words.say("arrived_many", { count: toast.items.length }) : words.prefix(item) + item.title;
    const element = h("div", { part: "toast", role: "group", "aria-label": label, tabIndex: -1 }, h("span", { part: "level" }, icon(more.length ? "bell" : item.level)), h("div", { part: "content" }, ...content), close);
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
    const opener = opening(item);
    const actions = item.actions.map(({ label, url }) => link("action", url, label)).filter(Boolean);
    for (const control of [opener, ...actions]) control.addEventListener("click", open);
    return [
      h("p", { part: "title" }, opener),
      h("p", { part: "body", textContent: item.body, dir: "auto" }),
      h("p", { part: "meta", textContent: words.actors(item) }),
      h("p", { part: "actions" }, ...actions),
    ];
  }

  #many(toast) {
    const words = theWords();
    const open = () => {
      this.#drop(toast);
      const bell = those(NotificationBell).find(({ client }) => client === this.client);
      if (bell) bell.show();
      else this.dispatchEvent(new CustomEvent("notification-list", { bubbles: true, composed: true }));
    };
    const count = toast.items.length;
    return [h("p", { part: "title" }, button("open", { textContent: words.say("arrived_many", { count }), onclick: open }))];
  }
}

const isOurs = (node) => node instanceof NotificationToasts;
const isMany = ({ items }) => items.length > 1;

/** Whether a key goes into a text. */
function isWriting(event) {
  const [target] = event.composedPath();
  return writes(event) && (target.isContentEditable || target.matches?.("input, textarea, select"));
}

function focusedElement() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}
