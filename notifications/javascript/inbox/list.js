/** `<notification-inbox>`: the list, with what people do with it. */

import { firstRow, insertRow, removeRow, rowAfter } from "./bundles.js";
import { ClientElement, button, h, icon, tellOpening } from "./dom.js";
import { Row } from "./row.js";
import { FILTERS, View } from "./rules.js";
import { say, theWords } from "./surroundings.js";
import { presets } from "./words.js";

const TICK = 20_000; // ms between two looks at the clock, for relative times
const DWELL = 2_000; // ms that something has to be visible before it counts as seen
const REFRESH = 800; // ms before a view is asked for again, since what makes that necessary seldom comes alone
const UNDO = 10_000; // ms
const PAGE = 100;
const FEW = 50; // rows

/** By the name of an action: what the client calls it, and what undoes it. */
const ACTS = {
  read: ["markRead"],
  unread: ["markUnread"],
  archive: ["archive", "unarchive"],
  unarchive: ["unarchive", "archive"],
  snooze: ["snooze", "unsnooze"],
  unsnooze: ["unsnooze"],
};
const SAID = { archive: "archived", unarchive: "unarchived", snooze: "snoozed" };

export class NotificationInbox extends ClientElement {
  static observedAttributes = ["filter"];
  /** Of more unread ones than that, marking all read is asked about, since it is not undone. */
  static undoable = 1_000;

  #view = new View();
  #rows = new Map();
  #last = Infinity; // id of the last one, as a number
  #more = 0; // rows that are asked for beyond it
  #hasMore = false; // items beyond it
  #current = null; // id of the row that the tab key reaches
  #categories = null; // by key, as `choices` has them
  #parts = null;
  #observer = null;
  #timers = {};
  #loading = false;
  #failed = false;
  #stale = false; // the view is to be asked for again
  #undo = null;
  #inView = false;

  start(signal) {
    if (!this.#parts) this.#build();
    this.hear("change", () => this.drawSoon());
    this.hear("items", ({ detail }) => this.#told(detail));
    this.hear("status", ({ detail: { status } }) => this.#connected(status));
    this.hear("error", ({ detail: { error } }) => this.#complain(error));
    this.listen(document, "visibilitychange", () => this.#watchSeen());
    // Also when it comes into view, as the panel of a bell does. To ask instead would be to lay out what has just been drawn.
    const visible = new IntersectionObserver((entries) => {
      this.#inView = entries.at(-1).isIntersecting;
      this.drawSoon();
    });
    visible.observe(this);
    this.#observer = new IntersectionObserver((entries) => entries.at(-1).isIntersecting && this.#loadOlder(), { rootMargin: "400px" });
    const tick = () => this.#rows.forEach((row) => row.tick());
    const ticking = setInterval(tick, TICK);
    this.listen(document, "visibilitychange", tick);
    signal.addEventListener("abort", () => {
      visible.disconnect();
      this.#inView = false;
      this.#observer.disconnect();
      clearInterval(ticking);
      for (const name in this.#timers) clearTimeout(this.#timers[name]);
      this.#timers = {};
    });
    this.draw();
    this.#loadFirst();
  }

  attributeChangedCallback(_, __, filter) {
    if (filter !== this.#view.filter) this.#show(filter, this.#view.category);
  }

  /** `all`, `unread`, `snoozed` or `archived`. */
  get filter() {
    return this.#view.filter;
  }

  set filter(filter) {
    this.setAttribute("filter", filter);
  }

  /** Whether this item is among what it lists, and it can be seen. */
  shows(item) {
    return this.checkVisibility() && Boolean(this.#view.shows(item));
  }

  /** Put the focus on the current row, or on what stands where rows would. */
  focus() {
    const { list, empty } = this.#parts ?? {};
    (this.#rows.get(this.#current)?.opener ?? (list?.hidden ? empty : list))?.focus();
  }

  // -- what it is made of --------------------------------------------------------------------------------------------------------

  #build() {
    const words = theWords();
    const text = (name) => words.say(name);
    const parts = {
      unread: h("span", { id: "unread", part: "count" }),
      status: h("span", { id: "status", part: "status", role: "status" }, h("i", {}), h("span", {})),
      readAll: button("read-all", { textContent: text("read_all"), onclick: () => this.readAll() }),
      filters: h("div", { part: "filters", role: "group", "aria-label": text("show") }),
      category: h("select", { part: "category", "aria-label": text("category"), hidden: true, onchange: () => this.#show(this.filter, parts.category.value) }),
      complaint: h("p", { part: "complaint", role: "alert", hidden: true }),
      before: h("slot", {}), // what the server drew, until there is something newer
      list: h("div", { id: "list", part: "list", role: "list", tabIndex: -1, "aria-label": text("notifications") }),
      empty: h("div", { part: "empty", tabIndex: -1, hidden: true }),
      older: button("older", { textContent: text("older"), onclick: () => this.#loadOlder() }),
      notice: h("div", { part: "notice", hidden: true }, h("span", {}), button("undo", { onclick: () => this.undo() })),
      menu: h("div", { part: "menu", role: "menu", popover: "auto" }),
    };
    parts.filters.append(...FILTERS.map((name) => button("filter", { name, textContent: text(`filter_${name}`), onclick: () => (this.filter = name) })));
    const heading = h("slot", { name: "header" }, h("h2", { part: "heading", textContent: text("notifications") }));
    this.root.append(
      h("div", { part: "header" }, heading, parts.unread, parts.status),
      h("div", { part: "bar" }, parts.filters, h("div", { className: "beside" }, parts.category, parts.readAll)),
      ...[parts.complaint, parts.before, parts.list, parts.empty, parts.older, parts.notice, parts.menu],
    );
    this.root.addEventListener("keydown", (event) => this.#press(event));
    parts.list.addEventListener("focusin", ({ target }) => this.#moveTo(target.closest(".item")?.dataset.id));
    returnFocus(parts.menu, () => this.#rows.get(this.#current)?.more);
    parts.menu.addEventListener("keydown", (event) => this.#pressInMenu(event));
    for (const type of ["pointerenter", "focusin"]) parts.notice.addEventListener(type, () => this.#after("undo"));
    for (const type of ["pointerleave", "focusout"]) parts.notice.addEventListener(type, () => this.#after("undo", UNDO, () => this.#notice()));
    this.#parts = parts;
  }

  /** Call back once, in place of what waits under this name. */
  #after(name, delay, callback) {
    clearTimeout(this.#timers[name]);
    delete this.#timers[name];
    if (!callback) return;
    this.#timers[name] = setTimeout(() => {
      delete this.#timers[name];
      callback();
    }, delay);
  }

  // -- drawing -------------------------------------------------------------------------------------------------------------------

  draw() {
    const { client } = this;
    const view = this.#view;
    const { unread, status, readAll, filters, older, empty } = this.#parts;
    const words = theWords();
    const all = view.list(client.items, (item) => client.asShown(item), Date.now());
    const items = all.slice(0, this.#reach(all));
    this.#last = Number(items.at(-1)?.id ?? Infinity);
    this.#hasMore = items.length < all.length;
    const waiting = this.root.activeElement === empty;
    const lost = this.#drawRows(items);
    const { unread: count } = client.counts;
    unread.textContent = count ? words.say("unread_count", { count }) : "";
    readAll.disabled = count === 0;
    readAll.hidden = !["all", "unread"].includes(view.filter);
    status.dataset.status = client.status;
    status.lastChild.textContent = words.say(client.status);
    for (const filter of filters.children) filter.ariaPressed = String(filter.name === view.filter);
    const more = this.#hasMore || (view.isLive ? client.hasOlder : view.next);
    const loading = view.isLive ? client.cursor === null : view.next === undefined;
    older.hidden = !more || !items.length;
    this.#drawEmpty(items.length === 0, loading);
    if (lost || (waiting && items.length)) this.focus();
    if (older.hidden) this.#observer.unobserve(older);
    else if (!this.#loading && !this.#failed) this.#lookForEnd();
    this.#watchSeen();
    if (!this.#categories && client.cursor && this.#inView) this.#loadCategories();
  }

  /**
   * How many of these items have rows: as far down as before, but only a few where somebody sees the first of too many. So a storm
   * costs as much as these; the others get rows when one scrolls.
   */
  #reach(items) {
    const past = items.findIndex(({ id }) => Number(id) < this.#last);
    const reach = Math.max(FEW, past < 0 ? items.length : past) + this.#more;
    this.#more = 0;
    if (reach <= 2 * FEW || !this.#isAtTop()) return reach;
    return Math.max(FEW, 1 + items.findIndex(({ id }) => id === this.#focused));
  }

  #isAtTop() {
    const [first] = this.#rows.values();
    return !first || first.element.getBoundingClientRect().bottom > Math.max(0, this.getBoundingClientRect().top);
  }

  /** The id of the row with the focus. */
  get #focused() {
    return this.root.activeElement?.closest(".item")?.dataset.id;
  }

  /** Returns whether the row with the focus has left. */
  #drawRows(items) {
    const { list } = this.#parts;
    const shown = new Set(items.map(({ id }) => id));
    const focused = this.#focused;
    const place = focused === undefined ? 0 : [...this.#rows.keys()].indexOf(focused);
    list.querySelectorAll(".skeleton").forEach((row) => row.remove());
    for (const [id, { element }] of this.#rows) if (!shown.has(id)) removeRow(element);
    let next = firstRow(list);
    const rows = new Map();
    for (const item of items) {
      const row = this.#rowOf(item);
      rows.set(item.id, row);
      if (row.element === next) next = rowAfter(next);
      else insertRow(list, row.element, next);
    }
    const lost = focused !== undefined && !rows.has(focused);
    this.#rows = rows;
    if (lost || !rows.has(this.#current)) this.#moveTo(items[Math.min(place, items.length - 1)]?.id);
    return lost;
  }

  #rowOf(item) {
    const known = this.#rows.get(item.id);
    if (known && known.item !== item) known.fill(item);
    return known ?? new Row(item, this.#on);
  }

  /** What rows ask for. */
  #on = {
    render: (item) => this.item?.(item),
    open: (row, event) => this.#open(row.item, event),
    read: (item) => item.read_at || this.#act("read", item),
    act: (action, item) => this.#act(action, item),
    menu: (row) => this.#openMenu(row),
    earlier: (row) => this.#unfold(row),
  };

  /** Nothing to show: it has not come yet, cannot come, or there is nothing. */
  #drawEmpty(empty, loading) {
    const { before, list, empty: place } = this.#parts;
    const state = empty ? this.#reason(loading) : "";
    const drawn = this.querySelector(":scope > :not([slot], noscript)") && this.#view.isLive && (state === "loading" || state === "unreachable");
    before.hidden = !drawn;
    list.hidden = drawn || (empty && state !== "loading");
    list.ariaBusy = String(state === "loading");
    if (state === "loading" && !drawn) list.append(...[1, 2, 3].map(() => h("div", { part: "skeleton", "aria-hidden": "true" })));
    place.hidden = ["", "loading"].includes(state) || drawn;
    if (place.dataset.state === state) return;
    place.dataset.state = state;
    place.replaceChildren(...this.#emptiness(state));
  }

  #reason(loading) {
    const { status } = this.client;
    if (status === "signed_out") return status;
    if (loading) return this.#failed || ["offline", "reconnecting", "stopped"].includes(status) ? "unreachable" : "loading";
    return this.#view.isLive ? "empty" : "nothing";
  }

  #emptiness(state) {
    const words = theWords();
    if (state === "unreachable") return [h("p", { textContent: words.say(state) }), button("retry", { textContent: words.say("try_again"), onclick: () => this.#retry() })];
    if (state !== "empty") return [h("p", { textContent: words.say(state) })];
    return [h("slot", { name: "empty" }, icon("bell"), h("p", { className: "calm", textContent: words.say("empty") }), h("p", { textContent: words.say("empty_hint") }))];
  }

  // -- loading -------------------------------------------------------------------------------------------------------------------

  #lookForEnd() {
    // Anew: an observer tells of changes only, and the end may still be in view.
    this.#observer.unobserve(this.#parts.older);
    this.#observer.observe(this.#parts.older);
  }

  /** What the client does not have by itself. */
  #loadFirst() {
    if (!this.#view.isLive && this.#view.next === undefined) this.#loadOlder();
  }

  async #loadOlder() {
    if (this.#loading) return;
    const view = this.#view;
    const { older } = this.#parts;
    const focused = this.root.activeElement === older;
    const last = [...this.#rows.keys()].at(-1);
    if (!this.#hasMore) await this.#load(view);
    if (this.#view !== view) return;
    this.#more = FEW;
    this.draw();
    // The button may be gone; whoever used the keyboard goes on with the first item that came.
    if (focused && older.hidden) this.#go([...this.#rows.keys()].indexOf(last) + 1);
  }

  /** Views that are not the client's own list follow what it tells. */
  #told(detail) {
    if (this.#view.isLive) return;
    if (detail.emptied) this.#view = new View(this.filter, this.#view.category);
    this.#view.tell(detail);
    if (detail.partial && this.client.status !== "signed_out") this.#refreshSoon();
  }

  async #load(view) {
    this.#loading = true;
    this.#failed = false;
    try {
      if (view.isLive) await this.client.loadOlder();
      else await view.ask((query) => this.client.list(query));
    } catch (error) {
      this.#failed = true;
      if (view.next !== undefined || view.isLive) this.#complain(error);
    }
    this.#loading = false;
  }

  #retry() {
    if (this.#view.isLive) this.client.woke();
    else this.#loadOlder();
  }

  #refreshSoon() {
    if (this.#timers.refresh) return;
    this.#after("refresh", REFRESH, async () => {
      const view = this.#view;
      if (view.isLive) return;
      // Without a network: when there is one again.
      this.#stale = await view.ask((query) => this.client.list(query), true).then(
        () => false,
        () => true,
      );
      this.drawSoon();
    });
  }

  #show(filter, category) {
    this.#view = new View(FILTERS.includes(filter) ? filter : "all", category);
    this.#last = Infinity;
    this.#failed = false;
    this.#loading = false;
    if (!this.#parts || !this.isConnected) return;
    this.draw();
    this.#loadFirst();
  }

  async #loadCategories() {
    this.#categories = new Map();
    const { categories } = await this.client.choices().catch(() => ({ categories: [] }));
    this.#categories = new Map(categories.map((category) => [category.key, category]));
    const options = [{ key: "", title: theWords().say("every_category") }, ...categories];
    this.#parts.category.replaceChildren(...options.map(({ key, title }) => h("option", { value: key, textContent: title })));
    this.#parts.category.hidden = categories.length < 2;
  }

  // -- what people do ------------------------------------------------------------------------------------------------------------

  #open(item, event) {
    if (!item.read_at) this.#act("read", item);
    if (!tellOpening(this, item)) event.preventDefault();
  }

  #act(action, item, until) {
    const [method, back] = ACTS[action];
    this.client[method]([item.id], until);
    if (!back) return;
    this.#notice(theWords().say(SAID[action], { time: until && theWords().moment(until) }), () =>
      item.snoozed_until ? this.client.snooze([item.id], item.snoozed_until) : this.client[back]([item.id]),
    );
  }

  /** Mark all read, of the category that is shown. Which ones that are is asked for before, so that undoing it loses nothing. */
  async readAll() {
    const { client } = this;
    const words = theWords();
    const only = { category: this.#view.category || undefined };
    const { unread: count } = client.counts;
    try {
      if (count > NotificationInbox.undoable) {
        this.#notice(words.say("all_read_sure", { count }), () => client.readAll(only), words.say("read_all"));
        return;
      }
      const ids = await this.#unread(only);
      await Promise.all([client.readAll(only), this.#notice(words.say("all_read"), () => client.markUnread(ids))]);
    } catch (error) {
      this.#complain(error);
    }
  }

  /** The ids of all that is unread, also of what is not loaded. */
  async #unread({ category }) {
    const { client } = this;
    const ids = new Set(client.items.filter((item) => !item.read_at && (!category || item.category === category)).map(({ id }) => id));
    let before = client.hasOlder && (category || ids.size < client.counts.unread) ? undefined : null;
    while (before !== null) {
      const page = await client.list({ category, unread: true, limit: PAGE, before });
      for (const { id } of page.items) ids.add(id);
      before = page.next;
    }
    return [...ids];
  }

  async #mute(what) {
    try {
      await this.client.mute(what);
      this.#notice(theWords().say("muted"), () => this.client.unmute(what));
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Undo what was done last, as long as it is offered. */
  async undo() {
    const undo = this.#undo;
    const focused = this.root.activeElement?.part.contains("undo");
    this.#notice();
    if (focused) this.focus();
    try {
      await undo?.();
    } catch (error) {
      this.#complain(error);
    }
    this.drawSoon();
  }

  /** Say what was done, and how to undo it, for some seconds. */
  #notice(text = "", undo = null, label = theWords().say("undo")) {
    const { notice, complaint } = this.#parts;
    this.#undo = undo;
    notice.hidden = !text;
    notice.firstChild.textContent = text;
    notice.lastChild.textContent = label;
    this.#after("undo", UNDO, text && (() => this.#notice()));
    if (!text) return;
    complaint.hidden = true;
    say(this.client, text);
  }

  #complain(error) {
    if (this.client.status === "signed_out") return;
    const { complaint } = this.#parts;
    complaint.textContent = theWords().say(error.status === 403 ? "out_of_date" : "failed");
    complaint.hidden = false;
    this.#notice();
    this.drawSoon();
  }

  async #unfold(row) {
    if (row.fold.ariaExpanded === "true") {
      row.earlier = null;
      return;
    }
    try {
      const { items } = await this.client.list({ thread: row.item.thread, limit: PAGE });
      row.earlier = items.filter(({ id }) => id !== row.item.id);
    } catch (error) {
      this.#complain(error);
    }
  }

  // -- keys ----------------------------------------------------------------------------------------------------------------------

  #press(event) {
    const { target } = event;
    if (event.altKey || event.ctrlKey || event.metaKey || target.closest("input, textarea, select, .menu")) return;
    const row = this.#rows.get(target.closest(".item")?.dataset.id);
    const place = [...this.#rows.keys()].indexOf(this.#current);
    const move = { ArrowDown: place + 1, j: place + 1, ArrowUp: place - 1, k: place - 1, Home: 0, End: this.#rows.size - 1 }[event.key];
    if (move !== undefined && target.closest(".list")) this.#go(move);
    else if (event.key === "e" && row) this.#act(row.item.archived_at ? "unarchive" : "archive", row.item);
    else if (event.key === "u" && row) this.#act(row.item.read_at ? "unread" : "read", row.item);
    else if (event.key === "z" && this.#undo) this.undo();
    else return;
    event.preventDefault();
  }

  #go(place) {
    const row = [...this.#rows.values()][place];
    if (!row) return;
    row.opener.focus();
    row.element.scrollIntoView({ block: "nearest" });
  }

  #moveTo(id) {
    if (id === undefined && this.#rows.size) return;
    const before = this.#rows.get(this.#current);
    this.#current = id ?? null;
    if (before) before.current = false;
    if (this.#rows.has(id)) this.#rows.get(id).current = true;
  }

  // -- the menu of a row ---------------------------------------------------------------------------------------------------------

  #openMenu({ item, more }) {
    const { menu } = this.#parts;
    const words = theWords();
    this.#moveTo(item.id); // not every browser gives a button the focus for a click
    const entry = (text, act, hint = "") =>
      button("choice", { role: "menuitem", tabIndex: -1, onclick: () => (menu.hidePopover(), act()) }, h("span", { textContent: text }), h("small", { textContent: hint }));
    const act = (action, name = action) => entry(words.say(name), () => this.#act(action, item));
    const category = this.#categories?.get(item.category);
    menu.replaceChildren(
      item.read_at ? act("unread", "mark_unread") : act("read", "mark_read"),
      ...(item.snoozed_until ? [act("unsnooze")] : presets(new Date()).map(([name, until]) => entry(words.say(name), () => this.#act("snooze", item, until), words.moment(until)))),
      act(item.archived_at ? "unarchive" : "archive"),
      ...(item.thread ? [entry(words.say("mute_thread"), () => this.#mute({ thread: item.thread }))] : []),
      ...(category && !category.mandatory ? [entry(words.say("mute_category", { category: category.title }), () => this.#mute({ category: item.category }))] : []),
    );
    menu.ariaLabel = more.ariaLabel;
    menu.showPopover({ source: more });
    place(menu, more);
    menu.firstChild.focus();
  }

  #pressInMenu(event) {
    const entries = [...this.#parts.menu.children];
    const at = entries.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Tab") this.#parts.menu.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    entries.at(to % entries.length).focus();
  }

  // -- seen ----------------------------------------------------------------------------------------------------------------------

  /** What is visible for a moment has been seen: one request for however much arrived meanwhile. */
  #watchSeen() {
    const due = document.visibilityState === "visible" && this.#view.isLive && this.client.counts.unseen > 0 && this.#rows.size > 0 && this.#inView;
    if (!due) this.#after("seen");
    else if (!this.#timers.seen) this.#after("seen", DWELL, () => this.client.seenAll().catch(() => {})); // nobody asked for it
  }

  #connected(status) {
    const login = this.getAttribute("login");
    if (status === "live") {
      this.#failed = false;
      if (!this.#categories?.size) this.#categories = null; // there was no answer before
      this.#loadFirst();
      if (this.#stale) this.#refreshSoon();
    }
    this.drawSoon();
    if (status === "signed_out" && login) location.assign(wayBack(login));
  }
}

/** Where to sign in and come back here, as Django sends people there: by a path, but for a sign-in on another site. */
function wayBack(login) {
  const url = new URL(login, location.href);
  url.searchParams.set("next", url.origin === location.origin ? location.pathname + location.search : location.href);
  return url;
}

/** Give the focus back when a popover closes that had it. Browsers do so too, but not across shadow roots. */
export function returnFocus(popover, opener) {
  popover.addEventListener("beforetoggle", ({ newState }) => {
    if (newState === "closed" && popover.matches(":focus-within")) queueMicrotask(() => opener()?.focus());
  });
}

/** Put a popover below a button, with its end at the button's, within the window. */
export function place(popover, opener) {
  const at = opener.getBoundingClientRect();
  const rightToLeft = getComputedStyle(opener).direction === "rtl";
  const end = rightToLeft ? at.left : innerWidth - at.right;
  const below = innerHeight - at.bottom - 12;
  const above = popover.offsetHeight > below && at.top > below;
  Object.assign(popover.style, {
    insetInlineEnd: `${Math.max(8, Math.min(end, innerWidth - popover.offsetWidth - 8))}px`,
    insetBlockStart: above ? "auto" : `${at.bottom + 6}px`,
    insetBlockEnd: above ? `${innerHeight - at.top + 6}px` : "auto",
    maxBlockSize: `${Math.max(160, above ? at.top - 18 : below)}px`,
  });
}
