// A numbered log as a client knows it, and what each thing that is told means for it. Pure: no page, no network.
// `seq` is the last number that was applied, null before the first answer; `wanted` the highest that was heard of.

export const begin = (seq = null) => ({ seq, wanted: 0 });

// What is to be done with a live event: apply it, ignore it, or fetch what is missing before it.
export function hear(log, { seq }) {
  if (seq === undefined) return { log, verdict: "apply" }; // a hint without a number
  if (log.seq === null || seq === log.seq + 1) return { log: { ...log, seq }, verdict: "apply" };
  if (seq <= log.seq) return { log, verdict: "ignore" };
  return { log: { ...log, wanted: Math.max(log.wanted, seq) }, verdict: "fetch" };
}

// A pulse names the last number that there is: a tail that was lost shows itself.
export function pulse(log, head) {
  if (log.seq === null || head <= log.seq) return { log, verdict: "ignore" };
  return { log: { ...log, wanted: Math.max(log.wanted, head) }, verdict: "fetch" };
}

// The answer to "everything after n": which of its events are new, and where the log stands then.
export function page(log, { events = [], head, upto = 0, more = false }) {
  const fresh = events.filter(({ seq }) => log.seq === null || seq > log.seq);
  const reached = Math.max(log.seq ?? 0, more ? upto : head);
  return { log: { seq: reached, wanted: more ? Math.max(log.wanted, head) : log.wanted }, fresh };
}

export const lags = (log) => log.seq !== null && log.seq < log.wanted;
