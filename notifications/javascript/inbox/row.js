/** One row of the list. It is filled again when its item changes, so that focus and what is open stay. */

import { button, h, icon, link, opening } from "./dom.js";
import { theWords } from "./surroundings.js";

export class Row {
  #on;
  #parts;
  #custom = false;
  #current = false;
  #actions = "[]";

  /** `on` has `open`, `act`, `menu` and `earlier`, which get this row. */
  constructor(item, on) {
    this.#on = on;
    this.opener = h("span");
    this.prefix = h("span", { className: "quietly" });
    this.title = h("p", { part: "title" }, this.prefix, this.opener);
    this.body = h("p", { part: "body", dir: "auto" });
    this.actors = h("span", { part: "actors" });
    this.time = h("time", { part: "time" });
    this.actions = h("p", { part: "actions" });
    this.fold = button("earlier", { "aria-expanded": "false", onclick: () => on.earlier(this) });
    this.thread = h("ol", { part: "thread", role: "list", hidden: true });
    this.level = h("span", { part: "level" });
    this.#parts = [this.title, this.body, h("p", { part: "meta" }, this.actors, this.time), this.actions, this.fold, this.thread];
    this.content = h("div", { part: "content" }, ...this.#parts);
    this.toggle = button("toggle", { onclick: () => on.act(this.item.read_at ? "unread" : "read", this.item) }, h("span", { part: "dot" }));
    this.put = button("put", { onclick: () => on.act(this.item.archived_at ? "unarchive" : "archive", this.item) }, icon("archive"));
    this.more = button("more", { "aria-haspopup": "menu", onclick: () => on.menu(this) }, icon("more"));
    this.element = h("div", { part: "item", role: "listitem" }, this.level, this.content, h("div", { part: "tools" }, this.put, this.toggle, this.more));
    this.element.dataset.id = item.id;
    this.fill(item);
  }

  fill(item) {
    const words = theWords();
    const unread = !item.read_at;
    const urgent = item.priority === "urgent";
    this.item = item;
    const { element } = this;
    element.dataset.level = item.level;
    element.classList.toggle("is-unread", unread);
    element.classList.toggle("is-urgent", urgent);
    element.part.toggle("unread", unread);
    element.part.toggle("urgent", urgent);
    this.#draw(item, words.prefix(item, unread && words.say("unread")));
    label(this.toggle, words.say(unread ? "mark_read" : "mark_unread"), item.title);
    label(this.put, words.say(item.archived_at ? "unarchive" : "archive"), item.title);
    label(this.more, words.say("more"), item.title);
    this.current = this.#current;
  }

  #draw(item, prefix) {
    const custom = this.#on.render(item);
    if (custom) {
      const opener = custom.matches?.("a, button") ? custom : custom.querySelector?.("a, button");
      this.content.replaceChildren(opener ? custom : button("open", {}, custom));
      this.#use(opener ?? this.content.firstChild);
    } else if (this.#custom) {
      this.content.replaceChildren(...this.#parts);
    }
    this.#custom = Boolean(custom);
    if (custom) return;
    this.level.replaceChildren(icon(item.level));
    this.prefix.textContent = prefix;
    this.#use(this.#opening(item));
    if (this.opener.parentNode !== this.title) this.title.append(this.opener);
    this.body.textContent = item.body;
    this.actors.textContent = theWords().actors(item);
    this.time.dateTime = item.created_at;
    this.time.title = theWords().full(item.created_at);
    this.tick();
    const actions = JSON.stringify(item.actions);
    if (actions !== this.#actions) {
      const links = item.actions.map(({ label: text, url }) => link("action", url, text)).filter(Boolean);
      for (const action of links) action.addEventListener("click", () => this.#on.read(this.item));
      this.actions.replaceChildren(...links);
      this.#actions = actions;
    }
    this.fold.hidden = !item.thread || item.count < 2;
    this.#sayFold();
  }

  /** The link, or the button where there is nowhere to go. What is there stays, with the focus on it. */
  #opening(item) {
    const fresh = opening(item);
    if (this.opener.tagName !== fresh.tagName) return fresh;
    this.opener.textContent = item.title;
    if (fresh.href) Object.assign(this.opener, { href: fresh.href, rel: fresh.rel });
    return this.opener;
  }

  #use(opener) {
    if (opener === this.opener) return;
    const focused = this.opener.matches(":focus");
    if (!opener.isConnected) this.opener.replaceWith(opener);
    opener.addEventListener("click", (event) => this.#on.open(this, event));
    this.opener = opener;
    if (focused) opener.focus();
  }

  /** The time has gone on. */
  tick() {
    const text = theWords().ago(this.item.created_at, Date.now());
    if (this.time.textContent !== text) this.time.textContent = text;
  }

  /** In the tab order or not. */
  set current(current) {
    this.#current = current;
    for (const control of this.element.querySelectorAll("a, button")) control.tabIndex = current ? 0 : -1;
  }

  /** What the thread's newest stands for; null folds it. */
  set earlier(items) {
    this.thread.hidden = !items;
    this.thread.replaceChildren(...(items ?? []).map((item) => this.#old(item)));
    this.#sayFold();
    this.current = this.#current;
  }

  #old(item) {
    const title = link("open", item.url, item.title) ?? h("span", { textContent: item.title, dir: "auto" });
    const words = theWords();
    const about = [words.actors(item), words.ago(item.created_at, Date.now())].filter(Boolean).join(" · ");
    return h("li", {}, title, h("p", { className: "body", textContent: item.body, dir: "auto" }), h("p", { className: "meta", textContent: about }));
  }

  #sayFold() {
    const open = !this.thread.hidden;
    this.fold.ariaExpanded = String(open);
    this.fold.textContent = theWords().say(open ? "earlier_hide" : "earlier", { count: this.item.count - 1 });
  }
}

function label(control, text, title) {
  control.ariaLabel = `${text}: ${title}`;
  control.title = text;
}
