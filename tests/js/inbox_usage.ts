// Compiled, never run: what inbox.d.ts allows, and what it does not.
import { ClarionClient } from "../../notifications/static/clarion/client.js";
import { NotificationInbox, configure, theClient } from "../../notifications/static/clarion/inbox.js";

configure({ api: "/api/v1/inbox/", socket: "/ws/notifications/", csrf: "token", csrf_header: "X-CSRFToken", person: "7", language: "de", texts: { undo: "Zurück" } });
configure({ client: new ClarionClient({ socketUrl: "wss://h/ws/", apiUrl: "/api/" }), texts: { arrived_many: { 1: "one", 2: "many" } } });
theClient()?.start();

const inbox: NotificationInbox = document.createElement("notification-inbox");
inbox.client = theClient();
inbox.filter = "archived";
// @ts-expect-error -- there is no such filter
inbox.filter = "starred";
inbox.item = (item) => {
  if (item.level !== "success") return null;
  const link = document.createElement("a");
  link.textContent = item.title;
  return link;
};
inbox.addEventListener("notification-open", (event) => {
  event.preventDefault();
  console.log(event.detail.item.url);
});

const bell = document.querySelector("notification-bell");
bell?.addEventListener("notification-bell", ({ detail }) => detail.open && bell.close());
bell?.show();
// @ts-expect-error -- that is what `show` and `close` are for
if (bell) bell.open = true;
document.querySelector("notification-toasts")?.addEventListener("notification-toast", (event) => event.preventDefault());
inbox.readAll().then(() => inbox.undo());
