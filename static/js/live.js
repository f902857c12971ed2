// Regions that keep themselves up to date: `data-live` names their topics, htmx fetches them anew on the event `live`.
// `data-live-types` names the beginnings of the events that matter to a region; without it all of them do.

import { subscribe } from "./socket.js";

const JITTER = 250;
const WASH = 1000;
const heard = new Map(); // topic → stop
const due = new WeakSet();
const versions = new Map(); // id → data-version

function topicsOf(element) {
  return element.dataset.live.split(/\s+/).filter(Boolean);
}

function concerns(element, type) {
  const types = element.dataset.liveTypes?.split(/\s+/);
  return !type || !types || types.some((start) => type.startsWith(start));
}

function refresh(topic, type, within = JITTER) {
  for (const element of document.querySelectorAll("[data-live]")) {
    if (!topicsOf(element).includes(topic) || due.has(element) || !concerns(element, type)) continue;
    due.add(element);
    setTimeout(() => {
      due.delete(element);
      if (element.isConnected) element.dispatchEvent(new CustomEvent("live"));
    }, Math.random() * within);
  }
}

function scan() {
  const wanted = new Set([...document.querySelectorAll("[data-live]")].flatMap(topicsOf));
  for (const topic of wanted) {
    if (heard.has(topic)) continue;
    const onEvent = ({ type }) => type !== "typing" && refresh(topic, type);
    heard.set(topic, subscribe(topic, { onEvent, onResync: (within) => refresh(topic, "", within) }));
  }
  for (const [topic, stop] of heard) {
    if (wanted.has(topic)) continue;
    stop();
    heard.delete(topic);
  }
  wash();
}

// What changed since it was last seen is washed for a second; what is new in a known list too.
function wash() {
  const first = versions.size === 0;
  for (const row of document.querySelectorAll("[data-version][id]")) {
    const before = versions.get(row.id);
    versions.set(row.id, row.dataset.version);
    if (first || before === row.dataset.version) continue;
    row.classList.add("new");
    setTimeout(() => row.classList.remove("new"), WASH);
  }
}

let planned = false;
function plan() {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    scan();
  });
}

if (document.documentElement.dataset.user) {
  scan();
  new MutationObserver(plan).observe(document.body, { childList: true, subtree: true, attributeFilter: ["data-version"] });
}
