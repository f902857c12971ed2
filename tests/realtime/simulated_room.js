// A page's own modules against a recorded server: what is told may be late, twice, in any order or never.

import * as roomState from "/static/js/chat/room_state.js";
import { Topics } from "/static/js/topics.js";

const TOPIC = "room:simulated";
const SETTLED_WITHIN = 500; // turns

// Until everything that was promised has been followed up.
async function quiet() {
  for (let turn = 0; turn < 12; turn++) await null;
}

class Page {
  constructor({ steps, live }) {
    Object.assign(this, { steps, live, step: 0, questions: [], fetching: null });
    this.rows = new Map(Object.entries(steps[0].rows));
    this.state = roomState.seed(roomState.begin(steps[0].title), [...this.rows.values()].map(facts));
    this.topics = new Topics((_topic, after) => new Promise((resolve, reject) => this.questions.push({ after, resolve, reject })));
    this.topics.subscribe(TOPIC, { after: steps[0].head, onEvent: (event) => (this.state = roomState.apply(this.state, event)) });
  }

  get server() {
    return this.steps[this.step];
  }

  async go(act, which) {
    this[act](which);
    await quiet();
  }

  serverActs() {
    this.step = Math.min(this.step + 1, this.steps.length - 1);
  }

  liveEvent(which) {
    const { told } = this.server;
    if (told) this.topics.hear(TOPIC, this.live[which % told]);
  }

  newestEvent() {
    this.liveEvent(this.server.told - 1);
  }

  pulse() {
    this.topics.pulse({ [TOPIC]: this.server.head });
  }

  answer(which) {
    const [question] = this.questions.splice(which % (this.questions.length || 1), 1);
    question?.resolve(this.server.pages[question.after]);
  }

  cut() {
    for (const { reject } of this.questions.splice(0)) reject(new Error("offline"));
  }

  reconnect() {
    this.cut();
    this.topics.fetchAll();
  }

  // A message is fetched as it is now; what comes of it may arrive much later.
  fetch() {
    const [next] = this.state.due;
    if (next && !this.fetching) this.fetching = { id: next[0], heard: next[1], row: this.server.rows[next[0]] ?? null };
  }

  fetched() {
    if (!this.fetching) return;
    const { id, heard, row } = this.fetching;
    this.fetching = null;
    if (row) this.rows.set(id, row);
    this.state = roomState.drawn(this.state, id, heard, row && facts(row));
  }

  async settle() {
    this.step = this.steps.length - 1;
    for (let turn = 0; turn < SETTLED_WITHIN; turn++) {
      for (const act of ["pulse", "answer", "fetch", "fetched"]) await this.go(act, 0);
      const { log } = this.topics.known.get(TOPIC);
      if (!this.questions.length && !this.state.due.size && log.seq === this.server.head) return;
    }
    throw new Error("it never settled");
  }

  seen() {
    return { title: this.state.title, rows: [...this.rows.values()].sort((one, other) => one.seq - other.seq) };
  }

  fresh() {
    return { title: this.server.title, rows: Object.values(this.server.rows).sort((one, other) => one.seq - other.seq) };
  }
}

const facts = ({ id, seq, reply_to: quoted }) => ({ id, seq, quotes: quoted?.id });

// What the first page that differs from a fresh one shows, or null when none does.
export async function firstDifference(cases) {
  for (const { history, schedules } of cases) {
    for (const schedule of schedules) {
      const page = new Page(history);
      for (const [act, which] of schedule) await page.go(act, which);
      await page.settle();
      const [seen, fresh] = [page.seen(), page.fresh()];
      if (JSON.stringify(seen) !== JSON.stringify(fresh)) return { schedule, seen, fresh, live: history.live };
    }
  }
  return null;
}
