// What an open room has to draw, as a fold of its log. Pure: no page, no network. The server draws each message;
// this says which ones are out of date, and when what was fetched is the present state of one.
//
// `messages`: id → {seq, quotes}; `due`: id → the number of the last event after which it must be drawn anew.

const REWORDS = ["message.edited", "message.deleted"];

export const begin = (title = "") => ({ title, messages: new Map(), due: new Map() });

// Messages that stand on the page: {id, seq, quotes}, `quotes` being the id of the one that it answers.
export function seed(state, rows) {
  const messages = new Map(state.messages);
  for (const { id, seq, quotes = null } of rows) messages.set(id, { seq, quotes });
  return { ...state, messages };
}

// An event, in the order of the numbers.
export function apply(state, event) {
  if (event.type === "room.changed") return { ...state, title: event.title };
  if (!event.message) return state;
  const { id, seq, reply_to: quoted } = event.message;
  const due = new Map(state.due).set(id, event.seq);
  if (changesWords(event)) for (const answer of answersTo(state, id)) due.set(answer, event.seq);
  const quotes = quoted === undefined ? (state.messages.get(id)?.quotes ?? null) : (quoted?.id ?? null);
  return { ...state, due, messages: new Map(state.messages).set(id, { seq, quotes }) };
}

// A message that the server has told us of outside the log.
export function awaited(state, id) {
  if (state.due.has(id) || state.messages.has(id)) return state;
  return { ...state, due: new Map(state.due).set(id, 0) };
}

// What was fetched for a message that was due since the event `heard`: its row, or null when there is none for us.
// A later event makes it due again, however late the answer comes.
export function drawn(state, id, heard, row) {
  const seeded = row ? seed(state, [row]) : state;
  if (state.due.get(id) !== heard) return seeded;
  const due = new Map(state.due);
  due.delete(id);
  return { ...seeded, due };
}

// What answers a message shows its words too. The log names only the last of several events about a message.
function changesWords({ type, message }) {
  return REWORDS.includes(type) || message.body === undefined || message.edited || message.deleted;
}

function answersTo(state, id) {
  return [...state.messages].filter(([, { quotes }]) => quotes === id).map(([answer]) => answer);
}
