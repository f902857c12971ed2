// How far I have read, and how far the others have, as long as they and I show it.

import { send, subscribe } from "../socket.js";

const me = document.documentElement.dataset.user;

export class Reading {
  constructor({ room, log, read, showsReading }) {
    Object.assign(this, { room, log, upto: Number(read), told: 0, marks: new Map() });
    this.show();
    if (showsReading === undefined) return;
    subscribe(`reads:${room}`, {
      onAnswer: ({ reads = {} }) => this.judge(new Map(Object.entries(reads))),
      onEvent: ({ user, upto }) => this.judge(new Map(this.marks).set(user, upto)),
      onRevoked: () => this.judge(new Map()),
    });
  }

  // Who says something has read up to it, and nobody is told so besides.
  hear({ message }) {
    const author = message?.author?.id;
    const upto = this.marks.get(author) ?? Infinity; // of who doesn't show it nothing is known
    if (upto < message?.seq) this.judge(new Map(this.marks).set(author, message.seq));
  }

  // Read marks go forward only, and only while somebody is looking.
  mark(last) {
    if (last <= this.told) return;
    send({ type: "room.read", room: this.room, upto: last })
      .then(() => {
        this.told = Math.max(this.told, last);
      })
      .catch(() => {}); // told with the next message, or when the connection is back
  }

  // Who shows theirs no more counts no more.
  judge(marks) {
    this.marks = marks;
    const others = [...marks].filter(([user, upto]) => user !== me && upto !== null).map(([, upto]) => upto);
    this.upto = others.length ? Math.min(...others) : 0;
    this.show();
  }

  // The last of mine that they have read says so.
  show() {
    const mine = [...this.log.querySelectorAll(`.entry[data-author="${me}"]`)];
    const last = mine.filter(({ dataset }) => Number(dataset.seq) <= this.upto).at(-1);
    for (const row of mine) {
      const receipt = row.querySelector(".receipt");
      if (receipt) receipt.hidden = row !== last;
    }
  }
}
