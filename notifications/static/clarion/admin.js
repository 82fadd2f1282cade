/** The operator's pages. They work without this; it makes previews as high as what is in them, and hides what does not apply. */

for (const frame of document.querySelectorAll(".clarion-preview")) {
  const fit = () => {
    const body = frame.contentDocument?.body;
    if (body?.classList.contains("preview")) frame.style.height = `${body.scrollHeight}px`;
  };
  frame.addEventListener("load", fit);
  new ResizeObserver(fit).observe(frame);
  fit();
}

/** Which fields say when, for each way in which a schedule recurs. */
const FIELDS_OF = { once: ["at"], every: ["every", "period"], cron: ["cron"] };

const kind = document.querySelector("#schedule_form [name=kind]");
if (kind?.tagName === "SELECT") {
  const show = () => {
    const wanted = FIELDS_OF[kind.value] ?? Object.values(FIELDS_OF).flat();
    for (const name of Object.values(FIELDS_OF).flat()) {
      const row = document.getElementById(`id_${name}`)?.closest(".form-row");
      if (row) row.hidden = !wanted.includes(name);
    }
  };
  kind.addEventListener("change", show);
  show();
}
