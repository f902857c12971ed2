// The appearance switch without a reload. The server keeps the choice in a cookie and writes it into <html>.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".theme-switch") || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  const before = document.documentElement.dataset.theme;
  show(theme);
  const body = new FormData(form);
  body.set("theme", theme);
  const kept = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } }).catch(() => null);
  if (!kept?.ok) show(before);
});

function show(theme) {
  document.documentElement.dataset.theme = theme;
  for (const button of document.querySelectorAll(".theme-switch button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}
