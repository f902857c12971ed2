// Names that begin like what stands behind the last @ before the cursor.

import { button } from "./button.js";

const TYPED = /(?:^|[^\p{L}\p{N}_])@([^@\n]{0,40})$/u;
const MOST = 6;

export class Mentions {
  constructor({ text, list, names }) {
    Object.assign(this, { text, list, names });
    list.addEventListener("click", ({ target }) => target.closest("button") && this.choose(target.textContent));
  }

  suggest() {
    const typed = TYPED.exec(this.text.value.slice(0, this.text.selectionStart))?.[1].toLowerCase();
    const fits = (name) => name.toLowerCase().startsWith(typed) && name.toLowerCase() !== typed;
    this.show(typed === undefined ? [] : this.names.filter(fits).slice(0, MOST));
  }

  hide() {
    this.show([]);
  }

  show(names) {
    this.list.hidden = names.length === 0;
    this.list.replaceChildren(
      ...names.map((name) => {
        const item = document.createElement("li");
        item.append(button(name, "chip"));
        return item;
      }),
    );
  }

  choose(name) {
    const end = this.text.selectionStart;
    const before = this.text.value.slice(0, end).replace(/@[^@\n]*$/, `@${name} `);
    this.text.value = before + this.text.value.slice(end);
    this.text.focus();
    this.text.setSelectionRange(before.length, before.length);
    this.hide();
  }
}
