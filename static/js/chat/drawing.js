// Messages that are out of date, fetched until none is: those of one moment together. What can't be fetched now is
// fetched again: its number is past, so nobody tells it twice.

import { PAGE, rowsOf } from "./history.js";

const AGAIN = 3000;

export class Drawing {
  // `due()` are the pairs [id, heard] to draw; `onRow(id, heard, row)` gets each, null when there is none for us.
  constructor({ room, due, onRow }) {
    Object.assign(this, { room, due, onRow, runs: false });
  }

  async run() {
    if (this.runs) return;
    this.runs = true;
    try {
      for (let due; (due = this.due().slice(0, PAGE)).length; ) await this.draw(due);
    } catch {
      setTimeout(() => this.run(), AGAIN);
    } finally {
      this.runs = false;
    }
  }

  async draw(due) {
    const wanted = new URLSearchParams(due.map(([id]) => ["m", id]));
    const answer = await fetch(`/messages/${this.room}/rows/?${wanted}`, { headers: { Accept: "text/html" } });
    if (answer.status >= 500 || answer.status === 429) throw new Error(answer.status);
    const rows = rowsOf(answer.ok && !answer.redirected ? await answer.text() : "");
    for (const [id, heard] of due) this.onRow(id, heard, rows.find((row) => row.id === `m-${id}`) ?? null);
  }
}
