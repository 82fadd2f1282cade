/** Somebody's inbox in a page of another origin: the client comes from Clarion, the token from this page's own backend. */

const clarion = document.body.dataset.clarion;
const { ClarionClient } = await import(`${clarion}/static/clarion/client.js`);

const client = new ClarionClient({
  socketUrl: `${clarion.replace(/^http/, "ws")}/ws/notifications/`,
  apiUrl: `${clarion}/api/v1/inbox/`,
  getToken: async () => {
    const response = await fetch("/clarion-token", { method: "POST" });
    if (response.status === 401) return null; // nobody has signed in to the shop
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response.json();
  },
});

const bell = document.querySelector("#bell");
const list = document.querySelector("#list");

function draw() {
  bell.textContent = client.status === "live" ? `${client.counts.unread} unread` : client.status;
  list.replaceChildren(...client.items.map(row));
}

function row(item) {
  const element = document.createElement("li");
  element.classList.toggle("unread", !item.read_at);
  const title = element.appendChild(document.createElement("span"));
  title.textContent = item.title;
  if (!item.read_at) {
    const button = element.appendChild(document.createElement("button"));
    button.textContent = "Read";
    button.addEventListener("click", () => client.markRead([item.id]));
  }
  return element;
}

client.addEventListener("change", draw);
client.addEventListener("status", draw);
client.start();
