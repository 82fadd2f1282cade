/** Sends the demo panel's form without leaving the page; without this script it is an ordinary form. */

const form = document.getElementById("demo-form");
const said = document.getElementById("demo-said");

// On a narrow screen the panel stands before the list, and opens when asked to.
document.getElementById("demo-panel").open = matchMedia("(min-width: 62rem)").matches;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  said.textContent = form.dataset.sending;
  said.classList.remove("is-bad");
  try {
    const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    const { detail } = await response.json();
    said.textContent = detail;
    said.classList.toggle("is-bad", !response.ok);
  } catch {
    said.textContent = form.dataset.failed;
    said.classList.add("is-bad");
  }
});
