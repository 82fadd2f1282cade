/**
 * Clarion's inbox: `<notification-bell>`, `<notification-inbox>` and `<notification-toasts>`. No dependencies, no build step, and no
 * socket in here: they show what a `ClarionClient` knows. docs/browser.md has their attributes, events, parts, slots and keys.
 */

import { NotificationBell } from "./inbox/bell.js";
import { NotificationInbox } from "./inbox/list.js";
import { configure, theClient } from "./inbox/surroundings.js";
import { NotificationToasts } from "./inbox/toasts.js";

export { NotificationBell, NotificationInbox, NotificationToasts, configure, theClient };

// In this order: the bell's panel has an inbox in it.
customElements.define("notification-inbox", NotificationInbox);
customElements.define("notification-bell", NotificationBell);
customElements.define("notification-toasts", NotificationToasts);
