// The room: what is written is shown at once as pending, kept in a local outbox until the server has it, sent again
// under the same id after a reload or a lost connection. What others write is drawn from the server's own fragment.

import { send, subscribe } from "./socket.js";
import { upload } from "./upload.js";

const TYPING_EVERY = 3000;
const TYPING_SHOWN = 4000;
const HERE_EVERY = 25000;
const HISTORY = 50; // messages a page, as the server gives them
const DRAW_AGAIN = 3000;
const REWORDS = ["message.edited", "message.deleted"];

function button(words, look = "btn plain") {
  const made = document.createElement("button");
  made.type = "button";
  made.className = look;
  made.textContent = words;
  return made;
}

class Room {
  constructor(pane) {
    this.pane = pane;
    this.id = pane.dataset.room;
    this.log = pane.querySelector(".log");
    this.form = pane.querySelector(".composer");
    this.text = this.form.elements.body;
    [this.sending, this.failed, this.writing, this.uploading, this.remove, this.goesWhenUp, this.discarding] =
      pane.querySelector("[data-words]").dataset.words.split("|");
    this.reply = this.form.elements.reply_to;
    this.names = pane.dataset.names.split("|").filter(Boolean);
    this.files = [];
    this.typed = 0;
    this.here = new Map(); // person → the timer that ends their mark
    this.drawing = Promise.resolve();
    this.text.value = localStorage.getItem(this.key("draft")) ?? "";
    this.listen();
    for (const message of this.outbox()) this.show(message);
    const meant = location.hash.startsWith("#m-") && document.getElementById(location.hash.slice(1));
    meant ? meant.scrollIntoView({ block: "center" }) : this.bottom();
    this.receipts(Number(pane.dataset.read));
    subscribe(`room:${this.id}`, {
      after: Number(pane.dataset.seq),
      onEvent: (event) => this.hear(event),
      onRevoked: () => this.over(),
      onAnswer: ({ here = [] }) => here.forEach((user) => this.markHere({ user, seconds: 60 })),
    });
    this.looking = setInterval(() => this.look(), HERE_EVERY);
    document.addEventListener("connection", ({ detail }) => {
      if (detail.state !== "live" || this.isOver) return;
      this.flush();
      this.look();
    });
    this.flush();
    this.look();
    this.read();
  }

  key(name) {
    return `${name}:${document.documentElement.dataset.user}:${this.id}`;
  }

  outbox() {
    return JSON.parse(localStorage.getItem(this.key("outbox")) ?? "[]");
  }

  keep(messages) {
    localStorage.setItem(this.key("outbox"), JSON.stringify(messages));
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.say();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.suggest([]);
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.say();
    });
    this.form.querySelector("[data-suggest]").addEventListener("click", ({ target }) => this.name(target.textContent));
    this.form.querySelector("[data-no-reply]").addEventListener("click", () => this.answer("", ""));
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-reply]");
      if (!link) return;
      event.preventDefault();
      document.getElementById("dialog")?.close();
      this.answer(link.dataset.reply, link.dataset.words);
    });
    this.text.addEventListener("input", () => {
      this.suggest(this.meant());
      localStorage.setItem(this.key("draft"), this.text.value);
      if (Date.now() - this.typed < TYPING_EVERY) return;
      this.typed = Date.now();
      send({ type: "typing", room: this.id }).catch(() => {}); // a hint: nothing to mend when it's lost
    });
    this.log.addEventListener("click", (event) => this.click(event));
    this.form.querySelector("[data-attach]").addEventListener("change", (event) => {
      for (const file of event.target.files) this.attach(file);
      event.target.value = "";
    });
    document.addEventListener("visibilitychange", () => {
      if (this.isOver) return;
      this.read();
      this.look();
    });
  }

  // With files still on their way, the message goes when the last of them is there.
  say() {
    const body = this.text.value.trim();
    this.saysWhenUp = this.files.some((file) => !file.id);
    this.form.querySelector("[data-typing]").textContent = this.saysWhenUp ? this.goesWhenUp : "";
    if (this.saysWhenUp || (!body && !this.files.length)) return;
    const message = { client_id: crypto.randomUUID(), body, attachments: this.files.map((file) => file.id) };
    if (this.reply.value) message.reply_to = this.reply.value;
    this.answer("", "");
    this.suggest([]);
    this.files = [];
    this.form.querySelector(".uploads").replaceChildren();
    this.text.value = "";
    localStorage.removeItem(this.key("draft"));
    this.keep([...this.outbox(), message]);
    this.show(message);
    this.bottom();
    this.flush();
  }

  // The next message answers this one; without an id it answers none.
  answer(id, words) {
    this.reply.value = id;
    this.form.querySelector("[data-replying-words]").textContent = words;
    this.form.querySelector("[data-replying]").hidden = !id;
    if (id) this.text.focus();
  }

  // Names that begin like what stands behind the last @ before the cursor.
  meant() {
    const typed = /(?:^|[^\p{L}\p{N}_])@([^@\n]{0,40})$/u.exec(this.text.value.slice(0, this.text.selectionStart))?.[1].toLowerCase();
    if (typed === undefined) return [];
    return this.names.filter((name) => name.toLowerCase().startsWith(typed) && name.toLowerCase() !== typed).slice(0, 6);
  }

  suggest(names) {
    const list = this.form.querySelector("[data-suggest]");
    list.hidden = names.length === 0;
    list.replaceChildren(
      ...names.map((name) => {
        const item = document.createElement("li");
        item.append(button(name, "chip"));
        return item;
      }),
    );
  }

  name(name) {
    const end = this.text.selectionStart;
    const before = this.text.value.slice(0, end).replace(/@[^@\n]*$/, `@${name} `);
    this.text.value = before + this.text.value.slice(end);
    this.text.focus();
    this.text.setSelectionRange(before.length, before.length);
    this.suggest([]);
  }

  show(message) {
    const row = this.pane.querySelector("[data-template=pending]").content.cloneNode(true).firstElementChild;
    row.dataset.client = message.client_id;
    row.querySelector(".msg").textContent = message.body || "…";
    row.querySelector(".meta").textContent = this.sending;
    this.log.append(row);
  }

  // One after the other, so that they arrive in the order they were written; one that is refused holds up no other.
  async flush() {
    if (this.flushing) return;
    this.flushing = true;
    const refused = new Set();
    for (;;) {
      const message = this.outbox().find((kept) => !refused.has(kept.client_id));
      if (!message) break;
      try {
        await send({ type: "message.send", room: this.id, ...message });
        this.forget(message.client_id);
      } catch (error) {
        if (!error.code) break; // offline: it stays pending and goes with the next connection
        refused.add(message.client_id);
        this.mark(message, error.sentence);
      }
    }
    this.flushing = false;
  }

  mark(message, sentence) {
    const row = this.find(message.client_id);
    if (!row) return;
    row.querySelector(".msg").classList.add("failed");
    const [retry, discard] = [button(this.failed), button(this.discarding)];
    retry.dataset.retry = discard.dataset.discard = message.client_id;
    row.querySelector(".meta").replaceChildren(`${sentence} `, retry, " ", discard);
  }

  // What is pending under this id; what the server has has an address of its own.
  find(clientId) {
    return clientId ? this.log.querySelector(`.entry:not([id])[data-client="${CSS.escape(clientId)}"]`) : null;
  }

  forget(clientId) {
    this.keep(this.outbox().filter((kept) => kept.client_id !== clientId));
  }

  click(event) {
    const { retry, discard } = event.target.dataset;
    if (retry) this.flush();
    if (discard) {
      this.forget(discard);
      this.find(discard)?.remove();
      this.text.focus();
    }
    const sign = event.target.closest("[data-react]");
    if (sign) {
      const on = sign.getAttribute("aria-pressed") !== "true";
      const message = sign.closest(".entry").id.slice(2);
      send({ type: "message.react", message, sign: sign.dataset.react, on }).catch((error) => this.complain(error));
    }
    const older = event.target.closest("[data-older]");
    if (older) this.older(older);
  }

  complain(error) {
    if (error.sentence) this.form.querySelector("[data-typing]").textContent = error.sentence;
  }

  hear(event) {
    if (event.type === "typing") return this.typing(event);
    if (event.type === "member.left") return this.unmarkHere(event.user.id);
    if (event.type === "room.changed") return this.rename(event.title);
    if (event.type === "room.here") return this.markHere(event);
    if (event.type === "room.read") return this.receipts(event.upto, event.user);
    if (!event.message) return;
    this.later(event.message);
    if (REWORDS.includes(event.type)) this.quotes(event.message.id);
  }

  // What answers a message shows its words too.
  quotes(id) {
    for (const quote of this.log.querySelectorAll(`[data-quotes="${id}"]`)) {
      const { id: answer, dataset } = quote.closest(".entry");
      this.later({ id: answer.slice(2), seq: Number(dataset.seq) });
    }
  }

  // One after the other. What can't be fetched now is fetched again: its number is past, so nobody tells it twice.
  later(message) {
    this.drawing = this.drawing
      .then(() => this.draw(message))
      .catch(() => setTimeout(() => this.later(message), DRAW_AGAIN));
  }

  async draw(message) {
    if (this.isOver) return;
    const answer = await fetch(`/messages/message/${message.id}/`, { headers: { Accept: "text/html" } });
    if (answer.status >= 500 || answer.status === 429) throw new Error(answer.status);
    if (!answer.ok || answer.redirected || this.isOver) return;
    const atBottom = this.atBottom();
    const holder = document.createElement("div");
    holder.innerHTML = await answer.text();
    const row = holder.firstElementChild;
    const there = document.getElementById(row.id);
    if (there) there.replaceWith(row);
    else if (this.isElsewhere(message)) {
      const newest = this.log.querySelector(".newest");
      if (newest && this.find(message.client_id)) location.assign(newest.href); // what I said is seen where it stands
      return;
    } else {
      const mine = message.author?.id === document.documentElement.dataset.user;
      if (mine) this.find(message.client_id)?.remove();
      const next = [...this.log.querySelectorAll(".entry")].find((entry) => Number(entry.dataset.seq) > message.seq);
      next ? next.before(row) : this.log.append(row);
      this.log.querySelector("[data-empty]")?.remove();
      if (atBottom || mine) this.bottom();
    }
    this.receipts();
    this.read();
  }

  // Not among what is shown: before the first that is loaded, or behind a gap.
  isElsewhere(message) {
    const first = this.log.querySelector(".entry[id]");
    if (this.log.querySelector("[data-older]") && first && message.seq < Number(first.dataset.seq)) return true;
    return "gap" in this.pane.dataset;
  }

  async older(button) {
    const first = this.log.querySelector(".entry");
    const answer = await fetch(`${button.dataset.older}?before=${first.dataset.seq}`);
    if (!answer.ok) return;
    const before = this.log.scrollHeight;
    const holder = document.createElement("div");
    holder.innerHTML = await answer.text();
    if (holder.children.length < HISTORY) button.remove();
    first.before(...holder.children);
    this.log.scrollTop += this.log.scrollHeight - before;
  }

  atBottom() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
  }

  bottom() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  // Read marks go forward only, and only while somebody is looking.
  read() {
    const last = Math.max(0, ...[...this.log.querySelectorAll(".entry[id]")].map((row) => Number(row.dataset.seq)));
    if (document.hidden || last <= (this.marked ?? 0) || !this.pane.offsetParent) return;
    send({ type: "room.read", room: this.id, upto: last })
      .then(() => {
        this.marked = last;
      })
      .catch(() => {});
  }

  receipts(upto = this.readUpto ?? 0, by = null) {
    const me = document.documentElement.dataset.user;
    if (by === me) return;
    this.readUpto = Math.max(this.readUpto ?? 0, upto);
    const mine = [...this.log.querySelectorAll(`.entry[data-author="${me}"]`)];
    const last = mine.filter((row) => Number(row.dataset.seq) <= this.readUpto).at(-1);
    for (const row of mine) {
      const receipt = row.querySelector(".receipt");
      if (receipt) receipt.hidden = row !== last;
    }
  }

  // Say that somebody looks at this room; the server forgets it after a minute.
  look() {
    if (document.hidden || !this.pane.offsetParent) return;
    send({ type: "room.here", room: this.id }).catch(() => {});
  }

  markHere({ user, seconds }) {
    if (user === document.documentElement.dataset.user) return;
    clearTimeout(this.here.get(user));
    const gone = () => {
      this.here.delete(user);
      this.showHere();
    };
    this.here.set(user, setTimeout(gone, seconds * 1000));
    this.showHere();
  }

  unmarkHere(user) {
    clearTimeout(this.here.get(user));
    this.here.delete(user);
    this.showHere();
  }

  rename(title) {
    const place = this.pane.querySelector("[data-room-title] bdi");
    if (place) place.textContent = title;
  }

  // Put out, or the room is gone: nothing of it stays on the page.
  over() {
    const notice = this.pane.querySelector("[data-template=over]").content.cloneNode(true);
    document.querySelector(".details")?.remove();
    for (const name of ["draft", "outbox"]) localStorage.removeItem(this.key(name));
    clearInterval(this.looking);
    this.isOver = true;
    this.pane.replaceChildren(notice);
    this.pane.closest(".conversation")?.classList.remove("detailed");
  }

  showHere() {
    const line = this.pane.querySelector("[data-here]");
    line.hidden = this.here.size === 0;
    const count = line.querySelector("[data-here-count]");
    if (count) count.textContent = this.here.size;
  }

  typing({ user, name }) {
    if (user === document.documentElement.dataset.user) return;
    const line = this.form.querySelector("[data-typing]");
    line.textContent = `${name} ${this.writing}`;
    clearTimeout(this.hush);
    this.hush = setTimeout(() => {
      line.textContent = "";
    }, TYPING_SHOWN);
  }

  attach(file) {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = `${this.uploading} ${file.name}`;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.setAttribute("aria-label", file.name);
    const cancel = button(this.remove);
    row.append(name, bar, cancel);
    this.form.querySelector(".uploads").append(row);
    const entry = { id: null };
    this.files.push(entry);
    const forget = () => {
      this.files = this.files.filter((kept) => kept !== entry);
    };
    const job = upload(this.pane.dataset.uploadTo, file, { onProgress: (share) => (bar.value = share) });
    cancel.addEventListener("click", () => {
      job.abort();
      forget();
      row.remove();
    });
    job.then(
      ({ id }) => {
        entry.id = id;
        name.textContent = file.name;
        bar.value = 1;
        if (this.saysWhenUp) this.say();
      },
      (error) => {
        this.saysWhenUp = false; // without this file it may not be what was meant
        forget();
        bar.remove();
        if (!error.aborted) name.textContent = `${file.name}: ${error.sentence ?? this.failed}`;
      },
    );
  }
}

// What is done to a message in its dialog: the page stays, and what changed comes back over the socket.
async function act(form, submitter) {
  const body = new FormData(form, submitter);
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" }).catch(() => null);
  if (answer?.type === "opaqueredirect") {
    document.dispatchEvent(new CustomEvent("done"));
    return;
  }
  const refusal = await answer?.json().catch(() => null);
  if (!refusal?.sentence) return form.submit();
  const line = document.createElement("p");
  line.className = "refusal";
  line.setAttribute("role", "alert");
  line.textContent = refusal.sentence;
  form.parentElement.querySelector(":scope > .refusal")?.remove();
  form.before(line);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!pane || !form.closest("#dialog-body") || !new URL(form.action).pathname.startsWith("/messages/message/")) return;
  event.preventDefault();
  act(form, event.submitter);
});

const pane = document.querySelector("[data-room]");
if (pane && document.documentElement.dataset.user) new Room(pane);
