// What happened while one looks at another page: one line under the header, which leads there. The bell keeps it.
// It never lies over what one is doing: while it would cover the form or dialog in use it waits, and then it is let go.

import { subscribe } from "./socket.js";
import { age } from "./toast.js";

const GATHER = 500; // what happens together is told together
const PATIENCE = 30000;
const AGAIN = 250;
const IN_USE = ".composer, form:focus-within";

const shelf = document.getElementById("news");
const user = document.documentElement.dataset.user;
let told = null; // the last number that was shown, or there when the page was opened
let head = 0;
let asking = false;

function covers(row) {
  if (document.querySelector("dialog[open]")) return true;
  const mine = row.getBoundingClientRect();
  return [...document.querySelectorAll(IN_USE)].some((used) => {
    const its = used.getBoundingClientRect();
    const isBeside = mine.right <= its.left || its.right <= mine.left || mine.bottom <= its.top || its.bottom <= mine.top;
    return !row.contains(used) && its.width > 0 && !isBeside;
  });
}

// In its place, but unseen, as long as something in use lies beneath it.
function place(row, since = Date.now(), wasSeen = false) {
  if (!row.isConnected) return;
  const waits = covers(row);
  row.classList.toggle("waiting", waits);
  row.inert = waits;
  if (waits && !wasSeen && Date.now() - since > PATIENCE) return row.remove();
  if (!waits && !wasSeen) age(row);
  setTimeout(() => place(row, since, wasSeen || !waits), AGAIN);
}

function show(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const row = holder.content.firstElementChild;
  if (!row || new URL(row.dataset.leads, location).pathname === location.pathname) return;
  shelf.replaceChildren(row);
  row.querySelector("[data-close]").addEventListener("click", () => row.remove());
  place(row);
}

async function ask() {
  if (asking || document.hidden || head <= told) return;
  asking = true;
  const upto = head;
  const answer = await fetch(`${shelf.dataset.news}?after=${told}`).catch(() => null);
  asking = false;
  if (!answer?.ok || answer.redirected) return;
  told = upto;
  show(await answer.text());
}

function hear(seq) {
  told ??= seq;
  head = Math.max(head, seq);
  if (head > told) setTimeout(ask, GATHER);
}

if (shelf && user) {
  subscribe(`user:${user}`, {
    onAnswer: (answer) => hear(answer.head),
    onEvent: ({ type, seq }) => type === "notification.created" && hear(seq),
  });
  document.addEventListener("visibilitychange", ask);
}
