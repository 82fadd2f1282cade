/** Below the list: what was done last, for some seconds, with the means to undo it, or a question. Above it: what was refused. */

import { button, h } from "./dom.js";
import { say, theWords } from "./surroundings.js";

const LASTS = 10_000; // ms

export class Notice {
  #inbox;
  #act = null; // what its button does
  #undo = null; // the same, unless it is a question
  #timer;

  constructor(inbox) {
    this.#inbox = inbox;
    this.complaint = h("p", { part: "complaint", role: "alert", hidden: true });
    this.element = h("div", { part: "notice", hidden: true }, h("span"), button("undo", { onclick: () => this.#perform(this.#act) }));
    // It stays for whoever is about to use it.
    for (const type of ["pointerenter", "focusin"]) this.element.addEventListener(type, () => clearTimeout(this.#timer));
    for (const type of ["pointerleave", "focusout"]) this.element.addEventListener(type, () => this.#closeLater());
  }

  /** Say what was done, and how to undo it, for some seconds. */
  tell(text, undo, label = theWords().say("undo")) {
    this.#act = this.#undo = undo;
    this.element.firstChild.textContent = text;
    this.element.lastChild.textContent = label;
    this.element.hidden = false;
    this.forgive();
    this.#closeLater();
    say(this.#inbox.client, text);
  }

  /** Ask before something is done that is not undone. */
  ask(text, act, label) {
    this.tell(text, act, label);
    this.#undo = null;
  }

  /** Undo what was done last, as long as it is offered; a question is closed without an answer. */
  undo() {
    return this.#perform(this.#undo);
  }

  async #perform(act) {
    this.close();
    try {
      await act?.();
    } catch (error) {
      this.complain(error);
    }
    this.#inbox.drawSoon();
  }

  complain(error) {
    if (this.#inbox.client.status === "signed_out") return;
    this.close();
    this.complaint.textContent = theWords().say(error.status === 403 ? "out_of_date" : "failed");
    this.complaint.hidden = false;
    this.#inbox.drawSoon();
  }

  /** Something else is tried, or the connection is another one. */
  forgive() {
    this.complaint.hidden = true;
  }

  /** Nothing is offered any more, and nothing to complain of. */
  close() {
    const focused = this.element.matches(":focus-within");
    clearTimeout(this.#timer);
    this.#act = this.#undo = null;
    this.element.hidden = true;
    this.forgive();
    if (focused) this.#inbox.focus();
  }

  #closeLater() {
    clearTimeout(this.#timer);
    if (!this.element.hidden) this.#timer = setTimeout(() => this.close(), LASTS);
  }
}
