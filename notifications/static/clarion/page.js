/** The inbox page: shows what `client.js` knows. Every text goes through text nodes, every address through `safeAddress`. */

import { ClarionClient } from "./client.js";

const TICK = 20_000; // ms between two looks at the clock, for relative times
const DWELL = 2_000; // ms that something has to be on a visible page before it counts as seen
const SETTLE = 400; // ms in which arrivals are announced as one

const language = document.documentElement.lang;
const title = document.title;
const element = (id) => document.getElementById(id);
/** What the page says, in the reader's language; `text` fills in the placeholders. */
const TEXTS = JSON.parse(element("texts").textContent);
const text = (name, values = {}) => TEXTS[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const inbox = element("inbox");
const list = element("list");

const client = new ClarionClient({
  socketUrl: new URL(inbox.dataset.socket, location.href).href.replace(/^http/, "ws"),
  apiUrl: inbox.dataset.api,
  csrfToken: () => inbox.dataset.csrf,
  person: inbox.dataset.person,
  language,
});

// -- items ---------------------------------------------------------------------------------------------------------------------

/** @type {Map<string, {row: HTMLLIElement, item: import("./client.js").Item}>} */
const rows = new Map();
/** Ids that arrived while the page was open and have no row yet. */
const fresh = new Set();

function renderList() {
  const items = client.items;
  const kept = new Set(items.map((item) => item.id));
  list.querySelectorAll(".skeleton").forEach((row) => row.remove());
  for (const [id, { row }] of rows) {
    if (kept.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  let place = list.firstElementChild;
  for (const item of items) {
    const row = rowOf(item);
    if (row === place) place = place.nextElementSibling;
    else list.insertBefore(row, place);
  }
  list.setAttribute("aria-busy", "false");
  list.hidden = items.length === 0;
  element("empty").hidden = !list.hidden;
  element("older").hidden = !client.hasOlder;
}

/** The row of an item, made or brought up to date. Items are never changed in place, so the same object needs no work. */
function rowOf(item) {
  const known = rows.get(item.id);
  if (known?.item === item) return known.row;
  const row = known?.row ?? newRow(item.id);
  rows.set(item.id, { row, item });
  fill(row, item);
  return row;
}

function newRow(id) {
  const row = element("item").content.firstElementChild.cloneNode(true);
  row.classList.toggle("is-new", fresh.delete(id));
  row.dataset.id = id;
  for (const opener of row.querySelectorAll(".item-open")) opener.addEventListener("click", () => open(id));
  row.querySelector(".item-toggle").addEventListener("click", () => toggle(id));
  return row;
}

function fill(row, item) {
  const unread = !item.read_at;
  row.dataset.level = item.level;
  row.classList.toggle("is-unread", unread);
  row.classList.toggle("is-urgent", item.priority === "urgent");
  row.querySelector("use").setAttribute("href", `#icon-${item.level}`);
  row.querySelector(".item-prefix").textContent = [unread && text("unread"), TEXTS[`level_${item.level}`]].filter(Boolean).map((part) => `${part} `).join("");

  const address = safeAddress(item.url);
  const [link, button] = row.querySelectorAll(".item-open");
  link.hidden = !address;
  button.hidden = Boolean(address);
  if (address) link.href = address;
  else link.removeAttribute("href");
  (address ? link : button).textContent = item.title;

  const body = row.querySelector(".item-body");
  body.textContent = item.body;
  body.hidden = !item.body;
  row.querySelector(".item-actor").textContent = item.actor?.label ?? "";
  const time = row.querySelector("time");
  time.dateTime = item.created_at;
  time.title = new Date(item.created_at).toLocaleString(language);
  time.textContent = ago(item.created_at);
  const label = text(unread ? "mark_read" : "mark_unread");
  row.querySelector(".item-toggle").setAttribute("aria-label", `${label}: ${item.title}`);
  row.querySelector(".item-toggle").title = label;
}

/** An address that is safe to follow, or null: a `javascript:` in a notification must not run on this page. */
function safeAddress(text) {
  if (!text) return null;
  try {
    const url = new URL(text, location.href);
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function ago(iso) {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const seconds = Math.max(0, (Date.now() - Date.parse(iso)) / 1_000);
  if (seconds < 45) return format.format(0, "second");
  if (seconds < 3_600) return format.format(-Math.max(1, Math.round(seconds / 60)), "minute");
  if (seconds < 86_400) return format.format(-Math.round(seconds / 3_600), "hour");
  if (seconds < 7 * 86_400) return format.format(-Math.round(seconds / 86_400), "day");
  return new Date(iso).toLocaleDateString(language, { dateStyle: "medium" });
}

function renderTimes() {
  for (const { row, item } of rows.values()) row.querySelector("time").textContent = ago(item.created_at);
}

// -- counts and status ---------------------------------------------------------------------------------------------------------

function renderCounts() {
  const { unread, unseen } = client.counts;
  const badge = element("badge");
  badge.hidden = unseen === 0;
  badge.textContent = unseen > 99 ? "99+" : String(unseen);
  element("bell").setAttribute("aria-label", unseen ? text("notifications_new", { count: unseen }) : text("notifications"));
  element("unread").textContent = unread ? text("unread_count", { count: unread }) : "";
  element("read-all").disabled = unread === 0;
  document.title = unseen ? `(${unseen}) ${title}` : title;
}

function renderStatus() {
  const status = element("status");
  status.dataset.status = client.status;
  status.querySelector(".status-text").textContent = text(client.status);
}

// -- what people do ------------------------------------------------------------------------------------------------------------

/** Do something that the server may refuse, and say so in words when it does. */
async function attempt(action) {
  const notice = element("notice");
  try {
    await action();
    notice.hidden = true;
  } catch (error) {
    if (client.status === "signed_out") return;
    notice.textContent = text(error.status === 403 ? "out_of_date" : "failed");
    notice.hidden = false;
  }
}

function open(id) {
  const { item } = rows.get(id);
  if (!item.read_at) attempt(() => client.markRead([id]));
}

function toggle(id) {
  const { item } = rows.get(id);
  attempt(() => (item.read_at ? client.markUnread([id]) : client.markRead([id])));
}

async function loadOlder() {
  const button = element("older");
  const before = list.lastElementChild;
  button.disabled = true;
  await attempt(() => client.loadOlder());
  button.disabled = false;
  // The button may be gone; whoever used the keyboard goes on with the first item that came.
  if (button.hidden) before?.nextElementSibling?.querySelector(".item-open:not([hidden])")?.focus();
}

// -- seen ----------------------------------------------------------------------------------------------------------------------

let dwelling = null;
let markedSeen = "";

/** What is shown on a visible page for a moment has been seen: one request for however much arrived meanwhile. */
function watchSeen() {
  const due = document.visibilityState === "visible" && client.counts.unseen > 0 && client.items.length > 0;
  if (!due) {
    clearTimeout(dwelling);
    dwelling = null;
  } else if (dwelling === null && client.cursor !== markedSeen) {
    dwelling = setTimeout(markSeen, DWELL);
  }
}

async function markSeen() {
  markedSeen = client.cursor; // once per cursor, whatever comes of it
  try {
    await client.seenAll();
  } catch {
    // Nobody asked for it, so nobody is told; the next arrival tries again.
  }
  dwelling = null;
  watchSeen();
}

// -- announcements -------------------------------------------------------------------------------------------------------------

/** @type {import("./client.js").Item[]} */ let arrivals = [];

/** Tell screen readers once what came in, and not one by one. */
function announce(item) {
  if (arrivals.push(item) > 1) return;
  setTimeout(() => {
    element("announcer").textContent = arrivals.length === 1
      ? text("arrived", { title: arrivals[0].title })
      : text("arrived_many", { count: arrivals.length });
    arrivals = [];
  }, SETTLE);
}

// -- wiring --------------------------------------------------------------------------------------------------------------------

/** Frames may come by the hundred; the page is drawn once per picture. */
let drawing = false;
function drawSoon() {
  if (drawing) return;
  drawing = true;
  setTimeout(() => {
    drawing = false;
    renderList();
    renderCounts();
    watchSeen();
  });
}

client.addEventListener("change", drawSoon);
client.addEventListener("notification", ({ detail: { item } }) => {
  fresh.add(item.id);
  announce(item);
});
client.addEventListener("status", (event) => {
  renderStatus();
  if (event.detail.status !== "signed_out") return;
  // What was on this page belongs to somebody who is not here any more.
  list.replaceChildren();
  location.assign(`${inbox.dataset.login}?next=${encodeURIComponent(location.pathname)}`);
});

element("read-all").addEventListener("click", () => attempt(() => client.readAll()));
element("older").addEventListener("click", loadOlder);

document.querySelector("form[data-sign-out]")?.addEventListener("submit", () => client.forget());
document.addEventListener("visibilitychange", watchSeen);
setInterval(renderTimes, TICK);

client.start();
