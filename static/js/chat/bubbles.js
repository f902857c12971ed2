// What waits in the outbox, shown at once among the messages: pending, or refused with a way to try again or discard.

import { button } from "./button.js";
import * as outbox from "./outbox.js";

export class Bubbles {
  // `words` are those of the page; `onGone()` follows a discarded one.
  constructor({ room, pane, log, words, onSent, onGone }) {
    Object.assign(this, { room, log, words, onSent, onGone });
    this.template = pane.querySelector("[data-template=pending]").content;
    this.log.addEventListener("click", ({ target }) => this.click(target.dataset));
    document.addEventListener("outbox", ({ detail }) => detail.room === room && this.hear(detail));
    this.show();
  }

  hear({ sent, id }) {
    this.show();
    if (sent) this.onSent(id);
  }

  // Everything kept has its bubble, unless the server's own row stands there already.
  show() {
    const kept = outbox.kept(this.room);
    for (const message of kept) {
      if (this.said(message.client_id)) continue;
      this.fill(this.find(message.client_id) ?? this.add(message), message);
    }
    const ids = kept.map((message) => message.client_id);
    for (const failed of this.log.querySelectorAll(".entry:not([id]):has(.failed)")) {
      if (!ids.includes(failed.dataset.client)) failed.remove(); // discarded in another tab
    }
  }

  add(message) {
    const row = this.template.cloneNode(true).firstElementChild;
    row.dataset.client = message.client_id;
    row.querySelector(".msg").textContent = message.body || "…";
    this.log.append(row);
    return row;
  }

  fill(row, { client_id: id, refused }) {
    row.querySelector(".msg").classList.toggle("failed", Boolean(refused));
    const meta = row.querySelector(".meta");
    if (!refused) return meta.replaceChildren(this.words.sending);
    const [retry, discard] = [button(this.words.failed), button(this.words.discard)];
    retry.dataset.retry = discard.dataset.discard = id;
    return meta.replaceChildren(`${refused} `, retry, " ", discard);
  }

  click({ retry, discard }) {
    if (retry) {
      outbox.retry(this.room, retry);
      this.show();
    }
    if (discard) {
      outbox.forget(this.room, discard);
      this.show();
      this.onGone();
    }
  }

  // What is pending under this id; what the server has has an address of its own.
  find(clientId) {
    return clientId ? this.log.querySelector(`.entry:not([id])[data-client="${CSS.escape(clientId)}"]`) : null;
  }

  said(clientId) {
    const me = document.documentElement.dataset.user;
    return this.log.querySelector(`.entry[id][data-author="${me}"][data-client="${CSS.escape(clientId)}"]`);
  }

}
