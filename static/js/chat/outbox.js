// What was written and isn't known to have arrived: kept on this device for each room, and sent from whatever page is
// open, in the order it was written, under the same id until the server has it.

import { connected, send } from "../socket.js";

const AGAIN = 5000;
const NOT_NOW = ["unavailable", "busy", "outcome_unknown", "too_many"]; // these say nothing about the message
const MINE = `outbox:${document.documentElement.dataset.user}:`;
const flushing = new Set();
const unkept = new Map(); // where the browser keeps nothing, or nothing more

const tell = (room, facts) => document.dispatchEvent(new CustomEvent("outbox", { detail: { room, ...facts } }));

function read(key) {
  try {
    return unkept.get(key) ?? JSON.parse(localStorage.getItem(key)) ?? [];
  } catch {
    return []; // not ours, or nothing may be kept here
  }
}

function write(room, messages) {
  const key = MINE + room;
  try {
    messages.length ? localStorage.setItem(key, JSON.stringify(messages)) : localStorage.removeItem(key);
    unkept.delete(key);
  } catch {
    unkept.set(key, messages);
  }
}

// The messages of a room that wait, oldest first; `refused` is the sentence of one that the server didn't take.
export const kept = (room) => read(MINE + room);

export function keep(room, message) {
  write(room, [...kept(room), message]);
  flush(room);
}

export function forget(room, clientId) {
  write(room, kept(room).filter((message) => message.client_id !== clientId));
}

export const forgetAll = (room) => write(room, []);

export function retry(room, clientId) {
  refuse(room, clientId, undefined);
  flush(room);
}

function refuse(room, clientId, refused) {
  write(room, kept(room).map((message) => (message.client_id === clientId ? { ...message, refused } : message)));
}

// One after the other, so that they arrive in the order they were written; one that is refused holds up no other.
// Another tab may do the same: the server knows each by its id.
export async function flush(room) {
  if (flushing.has(room) || !connected()) return;
  flushing.add(room);
  try {
    for (let message; (message = kept(room).find(({ refused }) => !refused)); ) await sendOne(room, message);
  } catch (error) {
    if (error.code) setTimeout(() => flush(room), AGAIN); // without a code there was no connection; the next one flushes
  } finally {
    flushing.delete(room);
  }
}

async function sendOne(room, { refused, ...message }) {
  try {
    const { id } = await send({ type: "message.send", room, ...message });
    forget(room, message.client_id);
    tell(room, { sent: message.client_id, id });
  } catch (error) {
    if (!error.code || NOT_NOW.includes(error.code)) throw error;
    refuse(room, message.client_id, error.sentence);
    tell(room, { refused: message.client_id });
  }
}

function flushAll() {
  if (!connected()) return;
  const keys = [...Object.keys(localStorage), ...unkept.keys()];
  for (const key of keys) if (key.startsWith(MINE)) flush(key.slice(MINE.length));
}

if (document.documentElement.dataset.user) {
  document.addEventListener("connection", flushAll);
  addEventListener("storage", ({ key }) => key?.startsWith(MINE) && tell(key.slice(MINE.length), {}));
}
