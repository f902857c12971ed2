// The brief as it will look, rendered by the server beneath the field while one types.
const WAIT = 400;

for (const area of document.querySelectorAll("textarea[data-preview]")) {
  const form = area.form;
  const pane = document.createElement("div");
  pane.className = "preview";
  area.closest(".field").after(pane);
  let timer;
  let turn = 0;

  async function show() {
    const mine = ++turn;
    if (!area.value.trim()) return pane.replaceChildren();
    const body = new FormData();
    body.set("text", area.value);
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    const answer = await fetch(area.dataset.preview, { method: "POST", body }).catch(() => null);
    if (!answer?.ok || mine !== turn) return;
    pane.innerHTML = await answer.text();
  }

  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT);
  });
  show();
}
