// The brief as it will look, rendered by the server beneath the field while one types.
const WAIT = 400;

for (const area of document.querySelectorAll("textarea[data-preview]")) {
  const form = area.form;
  const pane = document.createElement("div");
  pane.className = "preview";
  area.closest(".field").after(pane);
  form.querySelector("#brief-preview")?.remove();
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

// A draft is kept as it is typed; the first save gives it its place.
const draft = document.querySelector("form[data-draft]");
if (draft) {
  const note = draft.querySelector("[data-kept]");
  let timer;
  let saving = Promise.resolve();

  async function keep() {
    const body = new FormData(draft);
    body.delete("files");
    const answer = await fetch(draft.dataset.draft, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    const told = answer?.ok ? await answer.json() : { kept: false };
    if (!told.kept) {
      note.textContent = "";
      return;
    }
    if (!draft.elements.draft) {
      const key = document.createElement("input");
      key.type = "hidden";
      key.name = "draft";
      key.value = told.draft;
      draft.append(key);
      draft.action = told.url;
      history.replaceState(history.state, "", told.url);
    }
    note.textContent = note.dataset.kept;
  }

  draft.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => (saving = saving.then(keep)), 1500);
  });
  draft.addEventListener("submit", () => clearTimeout(timer));
}
