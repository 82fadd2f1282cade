/** `<notification-bell>`: how much is new, and the inbox behind it. */

import { ClientElement, button, h, icon } from "./dom.js";
import { place, returnFocus } from "./list.js";
import { cappedCount } from "./rules.js";
import { theWords } from "./surroundings.js";

const PARTS = "header heading count status bar filters filter category read-all list item unread urgent level content title open body meta actors time actions action earlier thread tools toggle dot put more older empty retry notice undo menu choice complaint skeleton";

export class NotificationBell extends ClientElement {
  #parts = null;
  #item = null;

  start(signal) {
    if (!this.#parts) this.#build();
    this.hear("change", () => this.drawSoon());
    this.listen(window, "resize", () => this.#place());
    signal.addEventListener("abort", () => this.close());
    this.draw();
  }

  /** What draws a row of the list in the panel. */
  get item() {
    return this.#item;
  }

  set item(item) {
    this.#item = item;
    if (this.#parts?.inbox) this.#parts.inbox.item = item;
  }

  get open() {
    return this.#parts?.panel.matches(":popover-open") ?? false;
  }

  /** Open the panel, which marks as seen what is new. */
  show() {
    if (!this.open) this.#parts?.panel.showPopover({ source: this.#parts.bell });
  }

  close() {
    if (this.open) this.#parts.panel.hidePopover();
  }

  #build() {
    const words = theWords();
    const badge = h("span", { id: "badge", part: "badge", "aria-hidden": "true", hidden: true });
    const bell = button("bell", { "aria-haspopup": "dialog", "aria-expanded": "false" }, h("slot", { name: "icon" }, icon("bell")), badge);
    const panel = h("div", { part: "panel", role: "dialog", popover: "auto", "aria-label": words.say("notifications") });
    bell.popoverTargetElement = panel;
    panel.addEventListener("beforetoggle", ({ newState }) => newState === "open" && this.#fill());
    returnFocus(panel, () => bell);
    panel.addEventListener("toggle", ({ newState }) => this.#toggled(newState === "open"));
    this.#parts = { bell, badge, panel, inbox: null };
    this.root.append(bell, panel);
  }

  #fill() {
    if (this.#parts.inbox?.client === this.client) return;
    const page = this.getAttribute("inbox");
    const inbox = document.createElement("notification-inbox");
    inbox.client = this.client;
    inbox.item = this.item;
    inbox.setAttribute("part", "inbox");
    inbox.setAttribute("exportparts", PARTS.replaceAll(" ", ", "));
    this.#parts.inbox = inbox;
    this.#parts.panel.replaceChildren(inbox, ...(page ? [h("a", { part: "all", href: page, textContent: theWords().say("see_all") })] : []));
  }

  #toggled(open) {
    const { bell, inbox } = this.#parts;
    bell.ariaExpanded = String(open);
    this.dispatchEvent(new CustomEvent("notification-bell", { detail: { open }, bubbles: true, composed: true }));
    if (!open) return;
    this.#place();
    inbox.focus();
    if (this.client.counts.unseen) this.client.seenAll().catch(() => {}); // nobody asked for it
  }

  #place() {
    if (this.open) place(this.#parts.panel, this.#parts.bell);
  }

  draw() {
    const { unseen } = this.client.counts;
    const { bell, badge } = this.#parts;
    const words = theWords();
    const shown = cappedCount(unseen);
    badge.hidden = unseen === 0;
    badge.textContent = shown;
    bell.ariaLabel = unseen ? words.say("notifications_new", { count: unseen }) : words.say("notifications");
    if (this.hasAttribute("page-title")) {
      const calm = document.title.replace(/^\(\d+\+?\) /, "");
      const title = unseen ? `(${shown}) ${calm}` : calm;
      if (document.title !== title) document.title = title;
    }
    this.#drawIcon(unseen > 0);
  }

  /** The page's icon; files and not a drawing, since strict policies allow nothing else. */
  #drawIcon(news) {
    const fresh = this.getAttribute("favicon");
    const tag = fresh && document.querySelector('link[rel~="icon"]');
    if (!tag) return;
    tag.dataset.calm ??= tag.getAttribute("href");
    const href = news ? fresh : tag.dataset.calm;
    if (tag.getAttribute("href") !== href) tag.setAttribute("href", href);
  }
}
