// One WebSocket per tab. Rows are the truth: every numbered topic is resumed from the last number that was seen.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const ENDS = { 4401: "signed-out", 4403: "stopped" };

const user = document.documentElement.dataset.user;
const topics = new Map(); // topic → {seq seen, seq wanted, asking, handlers}
const waiting = new Map(); // ref → {resolve, reject}
let socket = null;
let ref = 0;
let failures = 0;
let state = "connecting";

function setState(next, seconds = 0) {
  state = next;
  document.documentElement.dataset.connection = next;
  document.dispatchEvent(new CustomEvent("connection", { detail: { state: next, seconds } }));
}

export const connection = () => state;

// Send a frame; resolves with its ack, rejects with the error frame or when the connection is lost.
export function send(frame) {
  if (!socket || socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error("offline"));
  const number = ++ref;
  return new Promise((resolve, reject) => {
    waiting.set(number, { resolve, reject });
    socket.send(JSON.stringify({ ...frame, ref: number }));
  });
}

const nothing = () => {};

// Hear a topic. `onEvent(event)` per event; `onAnswer(ack)` each time the server has let us in; `onResync()` when
// something was missed that carries no events; `onRevoked()` when the right to hear it has ended.
export function subscribe(topic, { after = null, onEvent = nothing, onAnswer = nothing, onResync = nothing, onRevoked = nothing } = {}) {
  const known = topics.get(topic) ?? { seq: after, wanted: 0, asking: false, handlers: new Set() };
  known.seq ??= after; // whoever came first on this page may not have known a number
  const handler = { onEvent, onAnswer, onResync, onRevoked };
  known.handlers.add(handler);
  if (!topics.has(topic)) {
    topics.set(topic, known);
    if (state === "live") ask(topic);
  }
  return () => {
    known.handlers.delete(handler);
    if (known.handlers.size || topics.get(topic) !== known) return;
    topics.delete(topic);
    send({ type: "unsubscribe", topic }).catch(() => {});
  };
}

// One question per topic at a time, however many events or pulses ask for it meanwhile; again while there is more.
async function ask(topic) {
  const known = topics.get(topic);
  if (!known || known.asking) return;
  known.asking = true;
  try {
    let before;
    do {
      before = known.seq;
      await catchUp(topic, known);
    } while (known.seq > before && known.seq < known.wanted && topics.get(topic) === known);
  } catch (error) {
    if (error.code === "missing") end(topic);
  } finally {
    known.asking = false;
  }
}

function end(topic) {
  const known = topics.get(topic);
  topics.delete(topic);
  if (known) tell(known, "onRevoked");
}

async function catchUp(topic, known) {
  const before = known.seq;
  const answer = await send(before === null ? { type: "subscribe", topic } : { type: "subscribe", topic, after: before });
  tell(known, "onAnswer", answer);
  for (const event of answer.events ?? []) apply(known, event);
  if (before !== null && answer.events === undefined && answer.head > before) tell(known, "onResync");
  known.seq = Math.max(known.seq ?? 0, answer.more ? answer.upto : answer.head);
  if (answer.more) known.wanted = Math.max(known.wanted, answer.head);
}

function want(topic, seq) {
  const known = topics.get(topic);
  known.wanted = Math.max(known.wanted, seq);
  ask(topic);
}

function apply(known, event) {
  if (event.seq !== undefined) {
    if (known.seq !== null && event.seq <= known.seq) return;
    known.seq = event.seq;
  }
  tell(known, "onEvent", event);
}

function tell(known, what, ...facts) {
  for (const handler of [...known.handlers]) handler[what](...facts);
}

function hear({ topic, event }) {
  const known = topics.get(topic);
  if (!known) return;
  if (event.seq !== undefined && known.seq !== null && event.seq > known.seq + 1) return want(topic, event.seq);
  apply(known, event);
}

function pulse(heads) {
  for (const [topic, head] of Object.entries(heads)) {
    const known = topics.get(topic);
    if (known && known.seq !== null && head > known.seq) want(topic, head);
  }
}

function take(message) {
  const frame = JSON.parse(message.data);
  if (frame.type === "hello") {
    failures = 0;
    setState("live");
    for (const topic of topics.keys()) ask(topic);
  } else if (frame.type === "event") hear(frame);
  else if (frame.type === "pulse") pulse(frame.heads);
  else if (frame.type === "revoked") end(frame.topic);
  else if (frame.type === "ack" || frame.type === "error") {
    const call = waiting.get(frame.ref);
    waiting.delete(frame.ref);
    if (call) frame.type === "ack" ? call.resolve(frame) : call.reject(frame);
  }
}

function lost(event) {
  socket = null;
  for (const call of waiting.values()) call.reject(new Error("offline"));
  waiting.clear();
  if (event.code in ENDS) return setState(ENDS[event.code]);
  const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures++) * (0.7 + Math.random() * 0.6);
  setState(navigator.onLine ? "reconnecting" : "offline", Math.ceil(wait / 1000));
  setTimeout(connect, wait);
}

function connect() {
  if (socket) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws/`);
  socket.onmessage = take;
  socket.onclose = lost;
}

if (user) {
  connect();
  addEventListener("online", () => {
    failures = 0;
    connect();
  });
  addEventListener("offline", () => socket?.close());
}
