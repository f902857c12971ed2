// How far I have read, told to the others, and how far they have.

import { send } from "../socket.js";

const me = document.documentElement.dataset.user;

export class Reading {
  constructor({ room, log, upto }) {
    Object.assign(this, { room, log, upto, told: 0 });
    this.show();
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

  hear({ user, upto }) {
    if (user === me) return;
    this.upto = Math.max(this.upto, upto);
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
