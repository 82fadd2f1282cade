/** What all elements of a page share: the client, the texts, and the voice that tells screen readers what came. */

import { ClarionClient } from "../client.js";
import { wasMissed } from "./rules.js";
import { Words, firstLanguage } from "./words.js";

const SETTLE = 400; // ms in which arrivals are announced as one
const BREATH = 5_000; // ms until the next announcement, after one of several: a storm is not read out

/** What the page says in `<script type="application/json" id="clarion">`, as the tags of Django write it; one that wants tickets, in another. */
function pageConfig() {
  const blocks = document.querySelectorAll("#clarion, #clarion-ticket");
  return Object.assign({}, ...Array.from(blocks, (block) => JSON.parse(block.textContent)));
}

let config = null;
let client = null;
let words = null;

const known = () => (config ??= pageConfig());

/** For pages without Django's tags: before the elements are in the page, or as its data block. */
export function configure(given) {
  config = { ...known(), ...given };
  client = config.client ?? client;
  words = null;
}

export function theWords() {
  const { language, texts } = known();
  words ??= new Words(firstLanguage(language, document.documentElement.lang, navigator.language), texts);
  return words;
}

/** The client of this page, made when it is first asked for; null where the page does not say with whom to talk. */
export function theClient() {
  const { api, socket, ticket, person, csrf = "", csrf_cookie: name, csrf_header: csrfHeader } = known();
  if (client || !api) return client;
  // A new login in another tab changes the cookie; the token in the page is for those that scripts cannot read.
  const cookie = () => name && document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
  client = new ClarionClient({
    socketUrl: new URL(socket, location.href).href.replace(/^http/, "ws"),
    apiUrl: api,
    ticketUrl: ticket,
    csrfToken: () => cookie() || csrf,
    csrfHeader,
    person,
    language: theWords().language,
  });
  document.addEventListener("submit", ({ target }) => target.matches("form[data-sign-out]") && client.forget());
  client.start();
  return client;
}

const voices = new WeakMap();

/** Have what arrives told, once however many elements there are. */
export function announce(client) {
  if (!voices.has(client)) voices.set(client, new Voice(client));
}

/** Whether an arrival (`detail` of the client's event) is news for whoever looks at this page. */
export const isNews = (client, detail) => voices.get(client).isNews(detail);

export function say(client, text) {
  voices.get(client)?.say(text);
}

class Voice {
  #polite = region("polite");
  #assertive = region("assertive");
  #calm = { arrived: [], region: this.#polite, before: "", next: 0 };
  #urgent = { arrived: [], region: this.#assertive, before: `${theWords().say("urgent")} `, next: 0 };
  #since = Infinity; // ms; connected and in front

  constructor(client) {
    const begin = () => (this.#since = client.status === "live" ? Date.now() : Infinity);
    begin();
    document.addEventListener("visibilitychange", begin);
    client.addEventListener("status", ({ detail: { status } }) => {
      begin();
      // Said to somebody who is not here any more.
      if (status !== "signed_out") return;
      for (const { arrived, region } of [this.#calm, this.#urgent]) {
        arrived.length = 0;
        region.textContent = "";
      }
    });
    client.addEventListener("notification", ({ detail }) => {
      if (this.isNews(detail)) this.#hear(detail.item);
    });
  }

  isNews(detail) {
    return !wasMissed(detail, Date.now(), this.#since);
  }

  say(text, region = this.#polite) {
    if (!region.isConnected) document.body.append(region); // the page has got another body
    // In an element of its own: the same text again, in the same one, is no news to browsers.
    const line = document.createElement("div");
    line.textContent = text;
    region.replaceChildren(line);
  }

  #hear(item) {
    const told = item.priority === "urgent" ? this.#urgent : this.#calm;
    if (told.arrived.push(item) === 1) setTimeout(() => this.#tell(told), Math.max(SETTLE, told.next - Date.now()));
  }

  #tell(told) {
    const [item, ...more] = told.arrived.splice(0);
    if (!item) return; // it was said to somebody else
    const count = 1 + more.length;
    if (count > 1) told.next = Date.now() + BREATH;
    const words = theWords();
    this.say(told.before + (count > 1 ? words.say("arrived_many", { count }) : words.say("arrived", { title: item.title })), told.region);
  }
}

/** Of the page, and not of an element, so that it speaks also while the element is hidden. */
function region(manner) {
  const element = document.createElement("div");
  const id = `clarion-${manner}`;
  if (!document.getElementById(id)) element.id = id; // of the page's first client
  element.ariaLive = manner;
  Object.assign(element.style, { position: "absolute", inlineSize: "1px", blockSize: "1px", overflow: "hidden", clipPath: "inset(50%)", whiteSpace: "nowrap" });
  document.body.append(element);
  return element;
}
