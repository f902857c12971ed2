// Tabs of narrow pages: the address is ?tab=…, so that it works without script and can be shared.
function mark() {
  const here = document.body.dataset.tab;
  for (const link of document.querySelectorAll(".tabs [data-t]")) {
    if (link.dataset.t === here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".tabs [data-t]");
  if (!link || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  document.body.dataset.tab = link.dataset.t;
  const address = new URL(location.href);
  address.searchParams.set("tab", link.dataset.t);
  history.replaceState(history.state, "", address);
  mark();
  document.dispatchEvent(new CustomEvent("tab", { detail: link.dataset.t }));
  if (link.dataset.t === "time") placeNow();
});

// The timeline opens with Now at two fifths of the height.
function placeNow() {
  const now = document.getElementById("now");
  const pane = now?.closest(".timeline");
  if (!pane) return;
  if (pane.scrollHeight > pane.clientHeight + 4) pane.scrollTop = now.offsetTop - pane.clientHeight * 0.4;
  else if (getComputedStyle(pane).overflowY === "visible") scrollTo(0, now.getBoundingClientRect().top + scrollY - innerHeight * 0.4);
}

// A room that was hidden opens at its newest message.
const log = document.querySelector(".workspace .log");
if (log) {
  let seen = log.clientHeight > 0;
  new ResizeObserver(() => {
    if (!seen && log.clientHeight) log.scrollTop = log.scrollHeight;
    seen = log.clientHeight > 0;
  }).observe(log);
}

mark();
if (document.querySelector(".timeline:not([hidden])")?.offsetParent) placeNow();
document.addEventListener("htmx:after:swap", mark);
