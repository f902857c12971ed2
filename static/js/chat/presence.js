// Who types and who looks at the room: hints that are lost without harm and end by themselves.

import { send } from "../socket.js";

const TYPING_EVERY = 3000;
const TYPING_SHOWN = 4000;
const HERE_EVERY = 25000;
const LOOKED = 60; // seconds
const me = document.documentElement.dataset.user;

export class Presence {
  constructor({ room, pane, line, words }) {
    Object.assign(this, { room, pane, line, words, typed: 0 });
    this.here = new Map(); // person → the timer that ends their mark
    this.looking = setInterval(() => this.look(), HERE_EVERY);
  }

  stop() {
    clearInterval(this.looking);
    for (const timer of this.here.values()) clearTimeout(timer);
  }

  // Whether somebody sees this pane.
  isSeen() {
    return !document.hidden && Boolean(this.pane.offsetParent);
  }

  look() {
    if (this.isSeen()) this.hint("room.here");
  }

  type() {
    if (Date.now() - this.typed < TYPING_EVERY) return;
    this.typed = Date.now();
    this.hint("typing");
  }

  hint(type) {
    send({ type, room: this.room }).catch(() => {}); // nothing to mend when it's lost
  }

  hear(event) {
    if (event.type === "typing") this.showTyping(event);
    if (event.type === "room.here") this.mark(event);
    if (event.type === "member.left") this.unmark(event.user.id);
  }

  answered({ here = [] }) {
    for (const user of here) this.mark({ user, seconds: LOOKED });
  }

  mark({ user, seconds }) {
    if (user === me) return;
    clearTimeout(this.here.get(user));
    this.here.set(user, setTimeout(() => this.unmark(user), seconds * 1000));
    this.show();
  }

  unmark(user) {
    clearTimeout(this.here.get(user));
    this.here.delete(user);
    this.show();
  }

  show() {
    const line = this.pane.querySelector("[data-here]");
    if (!line) return;
    line.hidden = this.here.size === 0;
    const count = line.querySelector("[data-here-count]");
    if (count) count.textContent = this.here.size;
  }

  showTyping({ user, name }) {
    if (user === me) return;
    this.line.textContent = `${name} ${this.words.writing}`;
    clearTimeout(this.hush);
    this.hush = setTimeout(() => {
      this.line.textContent = "";
    }, TYPING_SHOWN);
  }
}
