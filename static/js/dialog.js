// Confirm steps: a link with `data-dialog` opens its page inside the dialog; without script it is a page.
// What was typed there stays when the dialog is closed and opened again.
const dialog = document.getElementById("dialog");
const body = document.getElementById("dialog-body");
let shown = "";
let typed = false;

document.addEventListener("click", async (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    document.getElementById(opener.dataset.opens)?.showModal();
    opener.closest("[popover]")?.hidePopover();
    return;
  }
  const link = event.target.closest("a[href]");
  if (!link || !dialog || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.closest("#dialog-body") && link.pathname === location.pathname && !link.hash) {
    event.preventDefault(); // "Not now" leads back to the page beneath
    dialog.close();
  } else if (link.hasAttribute("data-dialog")) {
    event.preventDefault();
    if ((typed && shown === link.href) || (await load(link.href))) show();
  }
});

async function load(url) {
  const answer = await fetch(url).catch(() => null);
  const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page?.querySelector("main > .page");
  if (!answer?.ok || answer.redirected || !part) {
    location.assign(url);
    return false;
  }
  body.replaceChildren(...[...part.childNodes].map((node) => document.importNode(node, true)));
  for (const form of body.querySelectorAll("form:not([action])")) form.action = url;
  window.htmx?.process(body);
  shown = url;
  typed = false;
  return true;
}

function show() {
  const title = body.querySelector("h1, h2");
  if (title) dialog.setAttribute("aria-label", title.textContent.trim());
  if (!dialog.open) dialog.showModal();
}

body?.addEventListener("input", () => { typed = true; });
dialog?.addEventListener("close", () => {
  if (!typed) body.replaceChildren();
});
dialog?.addEventListener("click", (event) => {
  if (event.target === dialog && !typed) dialog.close();
});
// The act is done: the answer of its verb says so with `HX-Trigger: done`.
document.addEventListener("done", () => {
  typed = false;
  dialog?.close();
});
