/** In the admin of periodic tasks: says in words which crontab is chosen. */

(() => {
  const crontabs = JSON.parse(document.getElementById("readable-crontabs").textContent);
  const field = document.querySelector(".field-crontab");
  const said = field?.querySelector(".help");
  document.querySelector(".field-crontab_translation")?.setAttribute("hidden", "");
  if (!said) return;
  const words = said.appendChild(document.createElement("div"));
  field.addEventListener("change", () => {
    words.textContent = crontabs[document.getElementById("id_crontab").value] ?? "";
  });
})();
