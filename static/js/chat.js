// An open room: what is written is shown at once and kept until the server has it, what happens is drawn as it is told.

import { actInDialog, reactOn } from "./chat/acts.js";
import { Bubbles } from "./chat/bubbles.js";
import { Composer } from "./chat/composer.js";
import { Drawing } from "./chat/drawing.js";
import { History } from "./chat/history.js";
import * as outbox from "./chat/outbox.js";
import { Presence } from "./chat/presence.js";
import { Reading } from "./chat/reading.js";
import * as roomState from "./chat/room_state.js";
import { connected, subscribe } from "./socket.js";

const WORDS = ["sending", "failed", "writing", "uploading", "remove", "goesWhenUp", "discard", "tooManyFiles"];

class Room {
  constructor(pane) {
    const { room, seq, names, uploadTo, mostFiles } = pane.dataset;
    const log = pane.querySelector(".log");
    const spoken = pane.querySelector("[data-words]").dataset.words.split("|");
    const words = Object.fromEntries(WORDS.map((name, place) => [name, spoken[place]]));
    Object.assign(this, { pane, id: room, log, draft: `draft:${document.documentElement.dataset.user}:${room}` });
    this.composer = new Composer({
      form: pane.querySelector(".composer"),
      draft: this.draft,
      names: names.split("|").filter(Boolean),
      uploadTo,
      mostFiles: Number(mostFiles),
      words,
      onSay: (message) => this.say(message),
      onType: () => this.presence.type(),
    });
    this.presence = new Presence({ room, pane, line: this.composer.line, words });
    this.history = new History({ log, hasGap: "gap" in pane.dataset, onOlder: (rows) => this.seed(rows) });
    this.state = roomState.begin();
    this.seed();
    this.bubbles = new Bubbles({ room, pane, log, words, onSent: (id) => this.sent(id), onGone: () => this.composer.text.focus() });
    this.reading = new Reading({ room, log, ...pane.dataset });
    this.drawing = new Drawing({ room, due: () => this.due(), onRow: (...row) => this.draw(...row) });
    reactOn(log, (error) => this.composer.complain(error));
    actInDialog();
    this.arrive();
    subscribe(`room:${room}`, {
      after: Number(seq),
      onEvent: (event) => this.hear(event),
      onRevoked: () => this.over(),
      onAnswer: (answer) => this.presence.answered(answer),
    });
    for (const name of ["connection", "visibilitychange"]) document.addEventListener(name, () => this.look());
  }

  arrive() {
    const meant = location.hash.startsWith("#m-") && document.getElementById(location.hash.slice(1));
    meant ? meant.scrollIntoView({ block: "center" }) : this.history.toBottom();
  }

  seed(rows) {
    this.state = roomState.seed(this.state, this.history.facts(rows));
  }

  say(message) {
    outbox.keep(this.id, message);
    this.bubbles.show();
    this.history.toBottom();
  }

  // The server has it: it is drawn even when its event is long past.
  sent(id) {
    if (document.getElementById(`m-${id}`)) return;
    this.state = roomState.awaited(this.state, id);
    this.drawing.run();
  }

  hear(event) {
    this.presence.hear(event);
    this.reading.hear(event);
    const before = this.state;
    this.state = roomState.apply(before, event);
    if (this.state.title !== before.title) this.rename(this.state.title);
    this.drawing.run();
  }

  due() {
    return this.isOver ? [] : [...this.state.due];
  }

  draw(id, heard, row) {
    if (this.isOver) return;
    const wasAtBottom = this.history.isAtBottom();
    const shown = row !== null && this.history.place(row);
    this.state = roomState.drawn(this.state, id, heard, shown ? this.history.facts([row])[0] : null);
    if (row) this.welcome(row, shown, wasAtBottom);
  }

  welcome(row, shown, wasAtBottom) {
    const isMine = row.dataset.author === document.documentElement.dataset.user;
    const pending = isMine && this.bubbles.find(row.dataset.client);
    const newest = this.log.querySelector(".newest");
    if (!shown && pending && newest) return location.assign(newest.href); // what I said is seen where it stands
    if (!shown) return;
    pending?.remove?.();
    if (wasAtBottom || pending) this.history.toBottom();
    this.reading.show();
    this.read();
  }

  look() {
    if (this.isOver || !connected()) return;
    this.presence.look();
    this.read();
  }

  read() {
    if (connected() && this.presence.isSeen()) this.reading.mark(this.history.last());
  }

  rename(title) {
    const place = this.pane.querySelector("[data-room-title] bdi");
    if (place) place.textContent = title;
  }

  // Put out, or the room is gone: nothing of it stays on the page.
  over() {
    this.isOver = true;
    this.presence.stop();
    outbox.forgetAll(this.id);
    localStorage.removeItem(this.draft);
    document.querySelector(".details")?.remove();
    this.pane.replaceChildren(this.pane.querySelector("[data-template=over]").content.cloneNode(true));
    this.pane.closest(".conversation")?.classList.remove("detailed");
  }
}

const pane = document.querySelector("[data-room]");
if (pane && document.documentElement.dataset.user) new Room(pane);
