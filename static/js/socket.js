// The connection of this tab: one WebSocket, and HTTP in its place while something on the way blocks sockets.

import { Polling, post } from "./polling.js";
import { Topics } from "./topics.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const FLOODED_WAIT = 60000;
const HELLO_WITHIN = 10000; // a proxy may swallow the handshake and say nothing
const PULSE = 15; // seconds, where the server doesn't say
const PULSES_MISSED = 3; // then the line is dead, whatever the browser believes
const MISSED_WITHIN = 5000; // every page of the process asks then
const BLOCKED_AFTER = 2; // handshakes in a row without a hello
const ENDS = { 4401: "signed-out", 4403: "stopped" };
const FLOODED = 4429;

const user = document.documentElement.dataset.user;
const waiting = new Map(); // ref → {resolve, reject}
const topics = new Topics((topic, after) => send(after === null ? { type: "subscribe", topic } : { type: "subscribe", topic, after }));
const polling = new Polling(topics, polled);
let socket = null;
let isLive = false; // the server has said hello
let blocked = 0;
let failures = 0;
let ref = 0;
let state = "connecting";
let quiet = HELLO_WITHIN;
let watch = null;
let retry = null;
let heardAt = 0; // when the last frame came
let late = Infinity; // ms without a frame after which what comes has waited for a page that stood still

function setState(next, seconds = 0) {
  state = next;
  document.documentElement.dataset.connection = next;
  document.dispatchEvent(new CustomEvent("connection", { detail: { state: next, seconds } }));
}

export const connection = () => state;

// Whether what is sent now has a way to the server.
export const connected = () => state === "live" || state === "polling";

// Send a frame; resolves with its ack, rejects with the error frame or when the connection is lost.
export function send(frame) {
  if (state === "polling") return frame.type === "subscribe" ? Promise.reject(new Error("polled")) : post(frame);
  if (!isLive) return Promise.reject(new Error("offline"));
  const number = ++ref;
  return new Promise((resolve, reject) => {
    waiting.set(number, { resolve, reject });
    socket.send(JSON.stringify({ ...frame, ref: number }));
  });
}

// Hear a topic; see Topics.subscribe. Returns how to stop.
export function subscribe(topic, handlers) {
  const stop = topics.subscribe(topic, handlers);
  return () => {
    if (stop() && isLive) send({ type: "unsubscribe", topic }).catch(() => {}); // a lost connection has forgotten it
  };
}

function take(message) {
  listenOn(quiet);
  const before = heardAt;
  heardAt = Date.now();
  if (isLive && heardAt - before > late) topics.cut(before);
  const frame = JSON.parse(message.data);
  if (frame.type === "hello") greet(frame);
  else if (frame.type === "event") topics.hear(frame.topic, frame.event);
  else if (frame.type === "pulse") beat(frame);
  else if (frame.type === "revoked") topics.end(frame.topic);
  else if (frame.type === "ack" || frame.type === "error") answer(frame);
}

function greet({ pulse = PULSE }) {
  isLive = true;
  blocked = failures = 0;
  quiet = Math.max(HELLO_WITHIN, pulse * 1000 * PULSES_MISSED);
  late = pulse * 1500;
  polling.stop();
  listenOn(quiet);
  setState("live");
  topics.fetchAll();
}

function beat({ heads, missed }) {
  topics.pulse(heads);
  if (missed) topics.resync(MISSED_WITHIN);
}

function answer(frame) {
  const call = waiting.get(frame.ref);
  waiting.delete(frame.ref);
  if (call) frame.type === "ack" ? call.resolve(frame) : call.reject(frame);
}

function listenOn(milliseconds) {
  clearTimeout(watch);
  watch = setTimeout(drop, milliseconds);
}

// A line that says nothing any more: its end isn't waited for.
function drop() {
  const dead = socket;
  if (!dead) return;
  lost(0);
  dead.close();
}

function lost(code) {
  if (isLive) topics.cut(heardAt);
  else if (navigator.onLine) blocked += 1;
  socket = null;
  isLive = false;
  clearTimeout(watch);
  for (const call of waiting.values()) call.reject(new Error("offline"));
  waiting.clear();
  if (code in ENDS) {
    polling.stop();
    return setState(ENDS[code]);
  }
  const wait = (code === FLOODED ? FLOODED_WAIT : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures++)) * (0.7 + Math.random() * 0.6);
  retry = setTimeout(connect, wait);
  if (blocked >= BLOCKED_AFTER && navigator.onLine && code !== FLOODED) polling.start();
  if (state !== "polling") setState(navigator.onLine ? "reconnecting" : "offline", Math.ceil(wait / 1000));
}

function polled(next) {
  if (next === "signed-out") clearTimeout(retry);
  if (next === "away") next = navigator.onLine ? "reconnecting" : "offline";
  if (next === state) return;
  setState(next, LONGEST_WAIT / 1000);
  if (next !== "polling") return;
  failures = 0; // the server is there again, and so may be the way for sockets
  connect();
}

function connect() {
  clearTimeout(retry);
  if (socket) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(`${scheme}://${location.host}/ws/`);
  socket = opened;
  opened.onmessage = (message) => opened === socket && take(message);
  opened.onclose = ({ code }) => opened === socket && lost(code);
  listenOn(HELLO_WITHIN);
}

if (user) {
  connect();
  addEventListener("online", () => {
    failures = 0;
    connect();
  });
  addEventListener("offline", () => {
    polling.stop();
    if (socket) drop();
    setState("offline");
  });
}
