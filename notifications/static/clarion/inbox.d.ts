/** Types of `inbox.js`. How to use it is in docs/browser.md. */

import type { ClarionClient, Item } from "./client.js";

/** A text; where `{count}` bends it, a form for each of some sample numbers. */
export type Text = string | Record<string, string>;

/** What pages with Django's tags say in their data block. */
export interface Config {
  /** In the place of all that says with whom to talk: from `api` to `csrf_header`. */
  client?: ClarionClient;
  /** As `apiUrl`, `ticketUrl` and `person` of the client; `socket` may be a path. */
  api?: string;
  socket?: string;
  ticket?: string;
  person?: string;
  /** The token itself, and the cookie that has a newer one where scripts may read it. */
  csrf?: string;
  csrf_cookie?: string;
  /** The header that it goes into: `X-CSRFToken`, unless the site wants another. */
  csrf_header?: string;
  /** Of the texts, and by which numbers and times are written; without it that of the page, then that of the browser. */
  language?: string;
  /** Instead of the English ones, by their names. */
  texts?: Record<string, Text>;
}

/** For pages without Django's tags: call it before the elements are in the page. */
export function configure(config: Config): void;
/** The client that elements of this page share; null where the page does not say with whom to talk. */
export function theClient(): ClarionClient | null;

export type Filter = "all" | "unread" | "archived" | "snoozed";
/** What to show in the place of an item's text, or nothing for what is usual. Its first link or button opens the item. */
export type Renderer = (item: Item) => HTMLElement | DocumentFragment | null | undefined;

declare class ClientElement extends HTMLElement {
  /** Its own, or the one of the page. */
  client: ClarionClient | null;
  /** Resolves when what the client has told so far is drawn: with the next picture, in a storm up to a tenth of a second later. */
  readonly drawn: Promise<void>;
}

export class NotificationInbox extends ClientElement {
  filter: Filter;
  item?: Renderer;
  /** Whether this item is among what it lists, and it can be seen. */
  shows(item: Item): boolean;
  /** Mark all read that is listed, with the means to undo it. */
  readAll(): Promise<void>;
  /** Undo what was done last, as long as it is offered. */
  undo(): Promise<void>;
}

export class NotificationBell extends ClientElement {
  readonly open: boolean;
  /** Of the list in its panel. */
  item: Renderer | null;
  /** Open the panel. */
  show(): void;
  close(): void;
}

export class NotificationToasts extends ClientElement {
  /** What moves the focus to the newest toast, and back; as in `aria-keyshortcuts`, empty for nothing. */
  readonly hotkey: string;
}

declare global {
  interface HTMLElementTagNameMap {
    "notification-inbox": NotificationInbox;
    "notification-bell": NotificationBell;
    "notification-toasts": NotificationToasts;
  }

  interface HTMLElementEventMap {
    /** Somebody opens an item. Cancel it to go there by other means; it counts as read in any case. */
    "notification-open": CustomEvent<{ item: Item }>;
    /** A toast is about to be shown, unless this is cancelled. */
    "notification-toast": CustomEvent<{ item: Item }>;
    /** The panel was opened or closed. */
    "notification-bell": CustomEvent<{ open: boolean }>;
    /** Somebody wants to see what a toast stands for many of, and there is no bell in the page. */
    "notification-list": CustomEvent<null>;
  }
}
