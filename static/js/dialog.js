// Confirm steps: a link with `data-dialog` opens its page inside the dialog; without script it is a page.
const dialog = document.getElementById("dialog");
const body = document.getElementById("dialog-body");

document.addEventListener("click", async (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    document.getElementById(opener.dataset.opens)?.showModal();
    opener.closest("[popover]")?.hidePopover();
    return;
  }
  const closer = event.target.closest("[data-closes]");
  if (closer?.closest("dialog")) {
    event.preventDefault();
    closer.closest("dialog").close();
    return;
  }
  const link = event.target.closest("a[data-dialog]");
  if (!link || !dialog || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  if (await load(link.href)) show();
});

async function load(url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true", "HX-Target": "dialog-body" } }).catch(() => null);
  if (!answer) {
    location.assign(url);
    return false;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page.querySelector("main") ?? page.body;
  if (!answer.ok && page.querySelector("main")) {
    location.assign(url);
    return false;
  }
  body.replaceChildren(...[...part.childNodes].map((node) => document.importNode(node, true)));
  for (const form of body.querySelectorAll("form")) if (!form.hasAttribute("action")) form.action = url;
  window.htmx?.process(body);
  return true;
}

function show() {
  const title = body.querySelector("h1, h2");
  if (title) dialog.setAttribute("aria-label", title.textContent.trim());
  if (!dialog.open) dialog.showModal();
}

// A page may load into #dialog-body by htmx as well.
document.addEventListener("htmx:after:swap", () => {
  if (body?.childElementCount && !dialog.open && body.dataset.seen !== body.textContent) show();
  if (body) body.dataset.seen = body.textContent;
});
dialog?.addEventListener("close", () => {
  body.replaceChildren();
  body.dataset.seen = "";
});
dialog?.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
// The act is done: the verb's answer says so.
document.addEventListener("done", () => dialog?.close());
