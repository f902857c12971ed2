// Where a message is written: its draft, whom it names, what it answers, its files.

import { Attachments } from "./attachments.js";
import { Mentions } from "./mentions.js";

// randomUUID is there on secure addresses alone
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const newId = () => crypto.randomUUID?.() ?? hex(crypto.getRandomValues(new Uint8Array(16)));

export class Composer {
  // `onSay(message)` when it goes, `onType()` while it is written.
  constructor({ form, draft, names, uploadTo, mostFiles, words, onSay, onType }) {
    Object.assign(this, { form, draft, words, onSay, onType });
    this.text = form.elements.body;
    this.reply = form.elements.reply_to;
    this.line = form.querySelector("[data-typing]");
    this.mentions = new Mentions({ text: this.text, list: form.querySelector("[data-suggest]"), names });
    this.attachments = new Attachments({
      form,
      to: uploadTo,
      most: mostFiles,
      words,
      onUp: () => this.saysWhenUp && this.say(),
      onLost: () => {
        this.saysWhenUp = false; // without this file it may not be what was meant
      },
    });
    this.text.value = localStorage.getItem(draft) ?? "";
    this.listen();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.say();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.mentions.hide();
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.say();
    });
    this.text.addEventListener("input", () => {
      this.mentions.suggest();
      localStorage.setItem(this.draft, this.text.value);
      this.onType();
    });
    this.form.querySelector("[data-no-reply]").addEventListener("click", () => this.answer("", ""));
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-reply]");
      if (!link) return;
      event.preventDefault();
      document.getElementById("dialog")?.close();
      this.answer(link.dataset.reply, link.dataset.words);
    });
  }

  // With files still on their way, the message goes when the last of them is there.
  say() {
    const body = this.text.value.trim();
    this.saysWhenUp = this.attachments.isUnderWay();
    this.line.textContent = this.saysWhenUp ? this.words.goesWhenUp : "";
    if (this.saysWhenUp || (!body && !this.attachments.files.length)) return;
    const message = { client_id: newId(), body, attachments: this.attachments.take() };
    if (this.reply.value) message.reply_to = this.reply.value;
    this.answer("", "");
    this.mentions.hide();
    this.text.value = "";
    localStorage.removeItem(this.draft);
    this.onSay(message);
  }

  // The next message answers this one; without an id it answers none.
  answer(id, words) {
    this.reply.value = id;
    this.form.querySelector("[data-replying-words]").textContent = words;
    this.form.querySelector("[data-replying]").hidden = !id;
    if (id) this.text.focus();
  }

  complain({ sentence }) {
    if (sentence) this.line.textContent = sentence;
  }
}
