// The messages on the page: each in its place by number, earlier ones on demand, without a jump of what one reads.

export const PAGE = 50; // messages, as many as the server gives at once
const NEAR = 80; // pixels from the end: there one stays at the end

export const rowsOf = (html) => {
  const holder = document.createElement("div");
  holder.innerHTML = html;
  return [...holder.children];
};

export class History {
  constructor({ log, hasGap, onOlder }) {
    Object.assign(this, { log, hasGap, onOlder });
    this.log.addEventListener("click", ({ target }) => {
      const more = target.closest("[data-older]");
      if (more) this.older(more);
    });
  }

  // The server's rows, as room_state's `seed` takes them.
  facts(rows = this.log.querySelectorAll(".entry[id]")) {
    return [...rows].map((row) => ({
      id: row.id.slice(2),
      seq: Number(row.dataset.seq),
      quotes: row.dataset.quotes,
    }));
  }

  last() {
    return Math.max(0, ...this.facts().map(({ seq }) => seq));
  }

  // Put a message's row where it belongs. False when that isn't on the page.
  place(row) {
    const there = document.getElementById(row.id);
    if (there) there.replaceWith(row);
    else if (this.isElsewhere(Number(row.dataset.seq))) return false;
    else {
      const next = [...this.log.querySelectorAll(".entry")].find((entry) => Number(entry.dataset.seq) > Number(row.dataset.seq));
      next ? next.before(row) : this.log.append(row);
      this.log.querySelector("[data-empty]")?.remove();
    }
    return true;
  }

  // Not among what is shown: before the first that is loaded, or behind a gap.
  isElsewhere(seq) {
    const first = this.log.querySelector(".entry[id]");
    return this.hasGap || Boolean(this.log.querySelector("[data-older]") && first && seq < Number(first.dataset.seq));
  }

  async older(more) {
    const first = this.log.querySelector(".entry");
    const answer = await fetch(`${more.dataset.older}?before=${first.dataset.seq}`).catch(() => null);
    if (!answer?.ok) return;
    const before = this.log.scrollHeight;
    const rows = rowsOf(await answer.text());
    if (rows.length < PAGE) more.remove();
    first.before(...rows);
    this.log.scrollTop += this.log.scrollHeight - before;
    this.onOlder(rows);
  }

  isAtBottom() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR;
  }

  toBottom() {
    this.log.scrollTop = this.log.scrollHeight;
  }
}
