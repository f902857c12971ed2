// The topics that a page hears. `ask(topic, after)` brings "everything after n" by whatever connection there is.
// Rows are the truth: a numbered topic is resumed from the last number that was seen.

import * as log from "./log.js";

const nothing = () => {};

// When this page was asked for, in ms since 1970; a page that one goes back to may come from the browser's cache.
// By the clock as it is now: timeOrigin follows no correction of it, and no sleep, since the browser began.
const [visit] = performance.getEntriesByType("navigation");
const DRAWN = visit && visit.type !== "back_forward" ? Date.now() - performance.now() + visit.fetchStart : 0;

export class Topics {
  constructor(ask) {
    this.ask = ask;
    this.known = new Map(); // topic → {log, asking, handlers, upto: until when what is shown is known to be true}
  }

  // `onEvent(event)` per event; `onAnswer(ack)` each time the server has let us in; `onResync()` when something was
  // missed that carries no events; `onRevoked()` when the right to hear it has ended. Returns how to stop.
  subscribe(topic, { after = null, onEvent = nothing, onAnswer = nothing, onResync = nothing, onRevoked = nothing } = {}) {
    const isFirst = !this.known.has(topic);
    const known = this.known.get(topic) ?? { log: log.begin(after), asking: false, handlers: new Set(), upto: DRAWN };
    if (known.log.seq === null) known.log = log.begin(after); // whoever came first on this page may not have known a number
    const handler = { onEvent, onAnswer, onResync, onRevoked };
    known.handlers.add(handler);
    this.known.set(topic, known);
    if (isFirst) this.fetch(topic);
    return () => {
      known.handlers.delete(handler);
      if (known.handlers.size || this.known.get(topic) !== known) return false;
      return this.known.delete(topic);
    };
  }

  hear(topic, event) {
    const known = this.known.get(topic);
    if (!known) return;
    const heard = log.hear(known.log, event);
    known.log = heard.log;
    if (heard.verdict === "apply") tell(known, "onEvent", event);
    else if (heard.verdict === "fetch") this.fetch(topic);
  }

  // The last number of everything that the server knows we hear; what isn't among it is asked for anew.
  pulse(heads) {
    for (const [topic, known] of this.known) {
      const told = topic in heads ? log.pulse(known.log, heads[topic]) : { log: known.log, verdict: "fetch" };
      known.log = told.log;
      if (told.verdict === "fetch") this.fetch(topic);
    }
  }

  // Nothing of what was told after this moment has come: the line was cut.
  cut(moment) {
    for (const known of this.known.values()) known.upto = Math.min(known.upto, moment);
  }

  // For hints without a number that may have gone by: whoever can fetch what they are about does, within so many ms.
  resync(within) {
    for (const known of this.known.values()) tell(known, "onResync", within);
  }

  fetchAll() {
    for (const topic of this.known.keys()) this.fetch(topic);
  }

  // One question per topic at a time, however many events or pulses ask for it meanwhile; again while there is more.
  async fetch(topic) {
    const known = this.known.get(topic);
    if (!known || known.asking) return;
    known.asking = true;
    try {
      let before;
      do {
        before = known.log;
        this.take(topic, await this.ask(topic, before.seq));
      } while (this.known.get(topic) === known && log.lags(known.log) && moved(before, known.log));
    } catch (error) {
      this.refused(topic, error.code);
    } finally {
      known.asking = false;
    }
  }

  // An answer, however it came.
  take(topic, answer) {
    const known = this.known.get(topic);
    if (!known) return;
    const before = known.log.seq;
    const { log: next, fresh } = log.page(known.log, answer);
    known.log = next;
    tell(known, "onAnswer", answer);
    for (const event of fresh) tell(known, "onEvent", event);
    const isBehind = before !== null && answer.events === undefined && answer.head > before;
    if (isBehind || Date.now() - answer.quiet >= known.upto) tell(known, "onResync");
    if (answer.quiet !== undefined) known.upto = Infinity;
  }

  refused(topic, code) {
    if (code === "missing") this.end(topic);
    if (code === "topic.ahead") location.reload(); // a restored database: what is shown is no more
  }

  end(topic) {
    const known = this.known.get(topic);
    this.known.delete(topic);
    if (known) tell(known, "onRevoked");
  }
}

// Asking again is worth it when the answer brought something, or something newer was heard of while it was under way.
const moved = (before, now) => now.seq > (before.seq ?? 0) || now.wanted > before.wanted;

function tell(known, what, ...facts) {
  for (const handler of [...known.handlers]) handler[what](...facts);
}
