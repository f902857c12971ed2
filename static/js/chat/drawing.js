// Messages that are out of date, fetched one after the other until none is. What can't be fetched now is fetched again:
// its number is past, so nobody tells it twice.

const AGAIN = 3000;

export class Drawing {
  // `due()` are the pairs [id, heard] to draw; `onRow(id, heard, html)` gets each, null when there is none for us.
  constructor({ due, onRow }) {
    Object.assign(this, { due, onRow, runs: false });
  }

  async run() {
    if (this.runs) return;
    this.runs = true;
    try {
      for (let next; (next = this.due()); ) await this.draw(...next);
    } catch {
      setTimeout(() => this.run(), AGAIN);
    } finally {
      this.runs = false;
    }
  }

  async draw(id, heard) {
    const answer = await fetch(`/messages/message/${id}/`, { headers: { Accept: "text/html" } });
    if (answer.status >= 500 || answer.status === 429) throw new Error(answer.status);
    this.onRow(id, heard, answer.ok && !answer.redirected ? await answer.text() : null);
  }
}
