// The appearance switch without a reload or a request: the same cookie as the server sets for a browser without scripts
// (skilllink/appearance.py), which writes it into <html>.
const YEAR = 365 * 24 * 3600; // seconds

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".theme-switch") || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  document.documentElement.dataset.theme = theme;
  for (const button of document.querySelectorAll(".theme-switch button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
});
