// Keyboard shortcuts: `/` finds, `?` shows the list, `g` and a letter go somewhere.
const places = { h: "/", g: "/gigs/", c: "/contracts/", m: "/messages/", w: "/wallet/", p: "/people/" };
let going = 0;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]")) return;
  if (event.key === "/") {
    const find = document.getElementById("find");
    if (find?.offsetParent) { event.preventDefault(); find.focus(); }
  } else if (event.key === "?") {
    document.getElementById("shortcuts")?.showModal();
  } else if (event.key === "g" && !going) {
    going = setTimeout(() => { going = 0; }, 1200);
  } else if (going) {
    clearTimeout(going);
    going = 0;
    const place = places[event.key];
    if (place && document.querySelector(`a[href="${place}"]`)) location.assign(place);
  }
});
