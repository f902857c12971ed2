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
