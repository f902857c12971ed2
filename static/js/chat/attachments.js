// Files of the message that is being written: each with its progress and a way to leave it out.

import { upload } from "../upload.js";
import { button } from "./button.js";

export class Attachments {
  // `onUp()` when one has arrived, `onLost()` when one won't.
  constructor({ form, to, words, onUp, onLost }) {
    Object.assign(this, { to, words, onUp, onLost, files: [] });
    this.list = form.querySelector(".uploads");
    form.querySelector("[data-attach]").addEventListener("change", ({ target }) => {
      for (const file of target.files) this.add(file);
      target.value = "";
    });
  }

  isUnderWay() {
    return this.files.some((file) => !file.id);
  }

  // The ids of those that are there; the next message begins without any.
  take() {
    const ids = this.files.map(({ id }) => id);
    this.files = [];
    this.list.replaceChildren();
    return ids;
  }

  add(file) {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = `${this.words.uploading} ${file.name}`;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.setAttribute("aria-label", file.name);
    const cancel = button(this.words.remove);
    row.append(name, bar, cancel);
    this.list.append(row);
    const entry = { id: null };
    this.files.push(entry);
    const job = upload(this.to, file, { onProgress: (share) => (bar.value = share) });
    cancel.addEventListener("click", () => {
      job.abort();
      this.drop(entry);
      row.remove();
    });
    job.then(
      ({ id }) => {
        entry.id = id;
        name.textContent = file.name;
        bar.value = 1;
        this.onUp();
      },
      (error) => {
        this.drop(entry);
        bar.remove();
        if (!error.aborted) name.textContent = `${file.name}: ${error.sentence ?? this.words.failed}`;
        this.onLost();
      },
    );
  }

  drop(entry) {
    this.files = this.files.filter((kept) => kept !== entry);
  }
}
