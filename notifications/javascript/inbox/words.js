/** What the elements say. The page brings the texts of its language; these are used where it does not. */

/** `{name}` is filled in. Where a number bends the text there is a form for each of some sample numbers. */
export const ENGLISH = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  offline: "Offline",
  signed_out: "Signed out",
  stopped: "Disconnected",
  notifications: "Notifications",
  notifications_new: "Notifications, {count} new",
  unread_count: "{count} unread",
  see_all: "See all",
  show: "Show",
  filter_all: "All",
  filter_unread: "Unread",
  filter_snoozed: "Snoozed",
  filter_archived: "Archived",
  category: "Category",
  every_category: "All categories",
  read_all: "Mark all read",
  older: "Load older",
  unread: "Unread.",
  urgent: "Urgent:",
  level_success: "Success:",
  level_warning: "Warning:",
  level_error: "Error:",
  and_one: "{actor} and {other}",
  and_others: { 1: "{actor} and {count} other", 2: "{actor} and {count} others" },
  earlier: { 1: "Show {count} earlier", 2: "Show {count} earlier ones" },
  earlier_hide: "Hide earlier",
  more: "More",
  mark_read: "Mark as read",
  mark_unread: "Mark as unread",
  archive: "Archive",
  unarchive: "Move to the inbox",
  unsnooze: "Wake up now",
  snooze_later: "Snooze for 3 hours",
  snooze_tomorrow: "Snooze until tomorrow morning",
  snooze_week: "Snooze until next week",
  mute_thread: "Mute this thread",
  mute_category: "Mute “{category}”",
  archived: "Archived.",
  unarchived: "Back in the inbox.",
  snoozed: "Snoozed until {time}.",
  all_read: "All marked as read.",
  all_read_sure: "Mark {count} as read? That cannot be undone.",
  muted: "Muted: it arrives quietly from now on.",
  undo: "Undo",
  close: "Close",
  arrived: "New notification: {title}",
  arrived_many: { 1: "{count} new notification", 2: "{count} new notifications" },
  empty: "All quiet",
  empty_hint: "Notifications appear here by themselves, as they happen.",
  nothing: "Nothing here",
  unreachable: "The inbox cannot be reached.",
  try_again: "Try again",
  out_of_date: "This page is out of date. Reload it and try again.",
  failed: "That did not work. Check the connection and try again.",
};

const MINUTE = 60; // seconds
const HOUR = 3_600;
const DAY = 86_400;
const MORNING = 8; // o'clock

export class Words {
  #texts;
  #plural;
  #number;
  #relative;
  /** Making one takes a hundred times as long as using it. */ #formats = new Map();

  constructor(language, texts = {}) {
    this.language = language;
    this.#texts = { ...ENGLISH, ...texts };
    this.#plural = new Intl.PluralRules(language);
    this.#number = new Intl.NumberFormat(language);
    this.#relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  }

  /** The text of this name, in the form that `values.count` asks for; empty if there is none. */
  say(name, values = {}) {
    const text = this.#texts[name] ?? "";
    const form = typeof text === "string" ? text : this.#form(text, values.count);
    return form.replace(/\{(\w+)\}/g, (_, key) => (typeof values[key] === "number" ? this.#number.format(values[key]) : values[key]));
  }

  /** The form of a sample number to which this language does the same as to `count`. */
  #form(forms, count) {
    const kind = this.#plural.select(count);
    const sample = Object.keys(forms).find((number) => this.#plural.select(Number(number)) === kind);
    return forms[sample] ?? Object.values(forms).at(-1);
  }

  /** What goes before a title where nobody sees its colour: "Urgent: Error: "; `first` before that. */
  prefix({ level, priority }, first = "") {
    return [first, priority === "urgent" && this.say("urgent"), this.say(`level_${level}`)].filter(Boolean).map((part) => `${part} `).join("");
  }

  /** "Ada", "Ada and Bob", "Ada and 12 others"; empty where nobody did it. */
  actors({ actor, actors = [], actor_count: count = 0 }) {
    const [first, second] = actors.length ? actors : [actor];
    if (count < 2 || !first) return first?.label ?? "";
    if (count === 2 && second) return this.say("and_one", { actor: first.label, other: second.label });
    return this.say("and_others", { actor: first.label, count: count - 1 });
  }

  /** "5 minutes ago", and the date for what is older than a week. */
  ago(time, now) {
    const seconds = Math.max(0, (now - Date.parse(time)) / 1_000);
    if (seconds < 45) return this.#relative.format(0, "second");
    if (seconds < HOUR - 30) return this.#relative.format(-Math.max(1, Math.round(seconds / MINUTE)), "minute");
    const days = Math.round((midnight(now) - midnight(time)) / (DAY * 1_000)); // not all of them have 24 hours
    if (!days || seconds < DAY - HOUR / 2) return this.#relative.format(-Math.round(seconds / HOUR), "hour");
    if (days <= 7) return this.#relative.format(-days, "day");
    return this.#date("day", time, { dateStyle: "medium" });
  }

  /** Day and hour, of the days to come. */
  moment(time) {
    return this.#date("moment", time, { weekday: "short", hour: "numeric", minute: "2-digit" });
  }

  full(time) {
    return this.#date("full", time, { dateStyle: "full", timeStyle: "short" });
  }

  #date(name, time, options) {
    if (!this.#formats.has(name)) this.#formats.set(name, new Intl.DateTimeFormat(this.language, options));
    return this.#formats.get(name).format(new Date(time));
  }
}

const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);

/** The first of these that is a language, also if it is written as "en_US"; English where none is. */
export function firstLanguage(...tags) {
  for (const tag of tags) {
    try {
      return new Intl.Locale(tag.replaceAll("_", "-")).toString();
    } catch {} // nothing, or nothing that `Intl` takes
  }
  return "en";
}

/** Until when to snooze, by the name of its text: as clocks and calendars here have it. */
export function presets(now) {
  const morning = (days) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING);
  return [
    ["snooze_later", new Date(now.getTime() + 3 * HOUR * 1_000)],
    ["snooze_tomorrow", morning(1)],
    ["snooze_week", morning(((8 - now.getDay()) % 7) || 7)], // Monday
  ];
}
