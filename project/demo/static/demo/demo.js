/** The page /demo/: two windows, and the buttons that say things to whoever is in them. */

import { configure } from "../clarion/inbox.js";
import { compareClocks } from "./latency.js";
import { Side } from "./side.js";

const page = document.getElementById("demo");
const said = document.getElementById("demo-said");
const { clock, csrf, csrfCookie, tokens, play } = page.dataset;
const people = [...document.querySelectorAll('[name="to"]')].map(({ value }) => value);
const last = new Map(); // the id of what was said last, by whom it was for

const words = JSON.parse(document.getElementById("demo-words").textContent);

configure(words);

/** An address with the last part replaced. */
const address = (pattern, name) => pattern.replace(/[^/]+\/$/, `${name}/`);

function tell(text, isBad = false) {
  said.textContent = text;
  said.classList.toggle("is-bad", isBad);
}

async function ask(url, init) {
  const response = await fetch(url, { method: "POST", ...init });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(answer.detail ?? `HTTP ${response.status}`), { status: response.status, isOurs: "detail" in answer });
  return answer;
}

/** A login in another tab changes the cookie; the token in the page is for those that scripts cannot read. */
function csrfToken() {
  const pair = csrfCookie && document.cookie.split("; ").find((each) => each.startsWith(`${csrfCookie}=`));
  return pair ? pair.slice(csrfCookie.length + 1) : csrf;
}

const MARGIN = 60_000; // ms before its end that a token is not shown any more
const kept = new Map();

/** What opens somebody's inbox. */
async function token(name) {
  if ((kept.get(name)?.until ?? 0) < Date.now()) {
    const given = await ask(address(tokens, name), { headers: { "X-CSRFToken": csrfToken() } });
    kept.set(name, { ...given, until: Date.now() + given.expires_in * 1_000 - MARGIN });
  }
  const { until, token: text } = kept.get(name);
  return { token: text, expires_in: (until + MARGIN - Date.now()) / 1_000 };
}

/** As a client wants it: without a token for good, null. Django's own refusals are not for good. */
async function tokenOrNone(name) {
  try {
    return await token(name);
  } catch (error) {
    if (!error.isOurs || (error.status !== 403 && error.status !== 404)) throw error;
    tell(error.message, true);
    return null;
  }
}

const sides = [];
const difference = await compareClocks(clock);
for (const person of people) sides.push(new Side(document.getElementById("demo-side"), person, { clock: difference, token: tokenOrNone, texts: words.texts }));
document.getElementById("demo-sides").append(...sides.map(({ element }) => element));

/** Do once what a button says, as the one who is not spoken to; returns what was said. */
async function act(name, to, step, before) {
  const { token: shown } = await token(people.find((other) => other !== to));
  const body = JSON.stringify({ to, step, last: before });
  const { said: committed } = await ask(address(play, name), { body, headers: { Authorization: `Bearer ${shown}`, "Content-Type": "application/json" } });
  for (const notification of committed) for (const side of sides) side.committed(notification);
  return committed;
}

const running = new Map(); // by button, what stops it

/** What is said more than once goes on until it is done, or the button is pressed again. */
async function press(button) {
  if (running.has(button)) {
    running.get(button)();
    return;
  }
  const { play: name, times, every } = button.dataset;
  const to = document.querySelector('[name="to"]:checked').value;
  const label = button.textContent;
  let stopped = false;
  if (times > 1) {
    running.set(button, () => (stopped = true));
    button.textContent = page.dataset.stop;
  }
  try {
    let before = last.get(to);
    const begun = performance.now();
    for (let step = 0; step < times && !stopped; step += 1) {
      const committed = await act(name, to, step, before);
      before = committed.at(-1)?.id ?? before;
      const due = begun + (step + 1) * every;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    }
    last.set(to, before);
    tell(button.dataset.done || page.dataset.done);
  } catch (error) {
    tell(error.status ? error.message : page.dataset.failed, true);
  } finally {
    running.delete(button);
    button.textContent = label;
  }
}

for (const button of document.querySelectorAll("[data-play]:not(#demo)")) button.addEventListener("click", () => press(button));
