/** One of the windows of the demo: somebody's inbox, over a socket and a network of its own. */

import { ClarionClient } from "../clarion/client.js";
import { Cable } from "./cable.js";
import { Latency, painted } from "./latency.js";

const FRAMES = 30; // of the wire, shown
const BARS = 40; // of the latest samples
const SVG = "http://www.w3.org/2000/svg";

let sides = 0;

export class Side {
  #clock;
  #token;
  #texts;
  #element;
  #client = null;
  #cable = null;
  #latency = null;

  /** `token(name)` promises what opens somebody's inbox; `texts` has the words for how its connection is. */
  constructor(template, person, { clock, token, texts }) {
    this.#clock = clock;
    this.#token = token;
    this.#texts = texts;
    this.#element = template.content.firstElementChild.cloneNode(true);
    const number = (sides += 1);
    for (const radio of this.#all('[type="radio"]')) radio.name = `view-${number}`;
    this.#find('[name="person"]').value = person;
    this.#find('[name="person"]').addEventListener("change", ({ target }) => this.#enter(target.value));
    this.#find('[name="network"]').addEventListener("change", ({ target }) => this.#plug(target.checked));
    this.#find(".views").addEventListener("change", ({ target }) => this.#show(target.value));
    this.#enter(person);
  }

  get element() {
    return this.#element;
  }

  /** Something was committed, perhaps for whoever is here. */
  committed({ id, at }) {
    this.#latency.committed(id, at);
    this.#draw();
  }

  #enter(person) {
    this.#client?.stop();
    this.#latency = new Latency(this.#clock);
    this.#cable = new Cable((direction, text) => this.#tap(direction, text));
    this.#find('[name="network"]').checked = true;
    this.#find(".wire ol").replaceChildren();
    this.#element.setAttribute("aria-label", person);
    const at = (path) => new URL(path, location.href).href;
    this.#client = new ClarionClient(
      { socketUrl: at("/ws/notifications/").replace(/^http/, "ws"), apiUrl: at("/api/v1/inbox/"), getToken: () => this.#token(person) },
      this.#cable.environment,
    );
    this.#client.addEventListener("status", ({ detail }) => this.#tell(detail.status));
    this.#client.addEventListener("notification", ({ detail }) => this.#measure(detail));
    this.#furnish();
    this.#client.start();
    this.#draw();
  }

  /** Elements of this client, in the place of those of the one before. */
  #furnish() {
    for (const old of this.#all("notification-bell, notification-inbox, notification-toasts")) old.remove();
    const make = (name) => Object.assign(document.createElement(name), { client: this.#client });
    this.#find(".bell").append(make("notification-bell"));
    this.#find(".scroll").append(make("notification-inbox"));
    this.#find(".side-page").append(make("notification-toasts"));
    this.#show(this.#find(".views :checked").value);
  }

  #show(view) {
    this.#find("notification-inbox").hidden = view !== "inbox";
    this.#find(".elsewhere").hidden = view === "inbox";
  }

  #plug(isIn) {
    if (isIn) this.#cable.mend();
    else this.#cable.cut();
    this.#client.networkChanged(isIn);
    this.#element.classList.toggle("is-cut", !isIn);
  }

  #tell(status) {
    const place = this.#find(".side-status");
    place.dataset.status = status;
    place.textContent = this.#texts[status];
  }

  async #measure({ item, replayed }) {
    if (replayed || document.visibilityState !== "visible") return; // nobody draws, or it was late for another reason
    this.#latency.shown(item.id, await painted(this.#find("notification-inbox")));
    this.#draw();
  }

  #draw() {
    const { samples } = this.#latency;
    const figure = (name, value) => (this.#find(`[data-figure="${name}"]`).textContent = value);
    const ms = (value) => (value === undefined ? "–" : `${Math.max(0, value).toFixed(value < 10 ? 1 : 0)} ms`);
    figure("last", ms(samples.at(-1)));
    figure("median", ms(this.#latency.quantile(0.5)));
    figure("most", ms(this.#latency.quantile(0.95)));
    figure("count", samples.length);
    figure("clock", ms(this.#clock.within));
    this.#drawBars(samples.slice(-BARS));
  }

  #drawBars(samples) {
    const bars = this.#find(".bars");
    const highest = Math.max(...samples, 1);
    bars.replaceChildren(
      ...samples.map((sample, place) => {
        const bar = document.createElementNS(SVG, "rect");
        const height = Math.max(1, (24 * sample) / highest);
        for (const [name, value] of Object.entries({ x: place * 3, y: 24 - height, width: 2, height })) bar.setAttribute(name, value);
        return bar;
      }),
    );
  }

  #tap(direction, text) {
    const list = this.#find(".wire ol");
    const row = document.createElement("li");
    row.dataset.direction = direction;
    row.textContent = text.length > 300 ? `${text.slice(0, 300)}… (${text.length})` : text;
    row.title = text;
    list.prepend(row);
    while (list.childElementCount > FRAMES) list.lastElementChild.remove();
  }

  #find(selector) {
    return this.#element.querySelector(selector);
  }

  #all(selector) {
    return this.#element.querySelectorAll(selector);
  }
}
