// While a proxy blocks sockets: the same topics and the same frames, asked for over HTTP every few seconds.

import { csrf } from "./upload.js";

const EVERY = 4000;
const EVERY_UNSEEN = 20000;
const HINTS_EVERY = 5; // turns: what has no number isn't told over HTTP
const MOST = 50; // topics a question

async function json(address, options) {
  const answer = await fetch(address, { ...options, headers: { Accept: "application/json", ...options?.headers } });
  const body = await answer.json().catch(() => null); // a proxy's own page
  if (answer.ok && body) return body;
  throw Object.assign(new Error(answer.status), { status: answer.status, ...body });
}

// One frame, answered as the socket would: resolves with its ack, rejects with {code, sentence} when it is refused.
export function post(frame) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf() };
  return json("/api/v1/frames/", { method: "POST", headers, body: JSON.stringify(frame) });
}

export class Polling {
  // `onState` is told "polling" after each answer, and "away" or "signed-out" when there is none.
  constructor(topics, onState) {
    Object.assign(this, { topics, onState, timer: null, runs: false, turns: 0 });
  }

  start() {
    if (this.runs) return;
    this.runs = true;
    this.turns = 0; // the first brings what happened since the page was drawn, or since the socket was lost
    this.turn();
  }

  stop() {
    this.runs = false;
    clearTimeout(this.timer);
  }

  async turn() {
    const state = await this.askAll().then(() => "polling", (error) => ([401, 403].includes(error.status) ? "signed-out" : "away"));
    if (!this.runs) return;
    this.onState(state);
    if (state === "polling" && this.turns++ % HINTS_EVERY === 0) this.topics.resync();
    if (state === "signed-out") return this.stop();
    this.timer = setTimeout(() => this.turn(), document.hidden ? EVERY_UNSEEN : EVERY);
  }

  async askAll() {
    const topics = [...this.topics.known.keys()];
    do await this.ask(topics.splice(0, MOST));
    while (topics.length);
  }

  async ask(names) {
    const query = new URLSearchParams();
    for (const name of names) {
      query.append("topic", name);
      query.append("after", this.topics.known.get(name)?.log.seq ?? "");
    }
    const { topics } = await json(`/api/v1/events/?${query}`);
    if (!this.runs) return; // the socket is back, and has asked for itself
    for (const [name, answer] of Object.entries(topics)) answer.code ? this.topics.refused(name, answer.code) : this.topics.take(name, answer);
  }
}
