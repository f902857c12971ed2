// A live board's rows keep their places while the pointer or the focus is among them. What is new waits behind
// "2 new, reorder"; it goes in when that is pressed, or when nobody is in the list any more.
const BOARD = "gig-board";
let waits = false;
let letGo = false;

const listOf = (part) => part?.querySelector(".bids");
const occupied = (list) => list.matches(":hover") || list.contains(document.activeElement);

function refresh() {
  waits = false;
  document.getElementById(BOARD)?.dispatchEvent(new CustomEvent("live"));
}

// Bring the rows that came into the order that is on screen. Says how many are new, or null when no place changes.
function hold(shown, came) {
  const rows = new Map([...came.children].map((row) => [row.id, row]));
  const places = [...shown.children].map((row) => row.id);
  const fresh = [...rows.keys()].filter((id) => !places.includes(id)).length;
  if ([...rows.keys()].join() === places.join()) return null;
  came.replaceChildren(...[...shown.children].map((row) => {
    const row2 = rows.get(row.id) ?? row.cloneNode(true);
    row2.classList.toggle("gone", !rows.has(row.id) || row2.classList.contains("gone"));
    return row2;
  }));
  return fresh;
}

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  if (ctx?.sourceElement?.id !== BOARD) return;
  const shown = listOf(ctx.sourceElement);
  const came = tasks.map((task) => task.fragment).find((part) => listOf(part));
  waits = false;
  if (!shown || !came || letGo || !occupied(shown)) {
    letGo = false;
    return;
  }
  const fresh = hold(shown, listOf(came));
  if (fresh === null) return;
  waits = true;
  const notice = came.querySelector(".reorder");
  notice.hidden = false;
  const words = fresh ? notice.dataset.fresh.replace("{n}", fresh) : notice.dataset.moved;
  notice.querySelector("button").textContent = words;
});

document.addEventListener("click", (event) => {
  if (!event.target.closest(".reorder button")) return;
  letGo = true;
  refresh();
});

for (const left of ["pointerout", "focusout"]) {
  document.addEventListener(left, () => waits && requestAnimationFrame(() => {
    const list = listOf(document.getElementById(BOARD));
    if (waits && list && !occupied(list)) refresh();
  }));
}
