// Before hire: what of the words being written the others won't see, and why. The server says so; nothing is sent by it.
import { send } from "./socket.js";

const PAUSE = 600; // after the last key
const EVERY = 2000; // at most, so that frames are left for what is said

class Check {
  constructor(pane) {
    this.room = pane.dataset.room;
    this.text = pane.querySelector(".composer").elements.body;
    this.line = pane.querySelector("[data-hidden-parts]");
    this.asked = 0;
    for (const name of ["input", "keyup"]) this.text.addEventListener(name, () => this.plan());
    this.text.form.addEventListener("submit", () => this.plan());
    this.plan();
  }

  plan() {
    clearTimeout(this.timer);
    if (this.text.value === this.checked) return;
    if (!this.text.value.trim()) {
      this.checked = this.text.value;
      this.show({ found: [] });
      return;
    }
    this.timer = setTimeout(() => this.ask(), Math.max(PAUSE, this.asked + EVERY - Date.now()));
  }

  async ask() {
    this.asked = Date.now();
    const body = this.text.value;
    try {
      const answer = await send({ type: "message.check", room: this.room, body });
      if (body !== this.text.value) return; // what was typed meanwhile is asked about by its own key
      this.checked = body;
      this.show(answer);
    } catch {
      this.checked = null; // offline: it is masked all the same once it arrives
    }
  }

  show({ found, why }) {
    this.line.hidden = found.length === 0;
    if (!found.length) {
      this.line.replaceChildren();
      return;
    }
    const parts = found.flatMap(({ text, name }) => {
      const mark = document.createElement("mark");
      mark.textContent = text;
      return [mark, ` (${name}) `];
    });
    this.line.replaceChildren(...parts, why);
  }
}

const pane = document.querySelector("[data-room][data-hides-contact]");
if (pane && document.documentElement.dataset.user) new Check(pane);
