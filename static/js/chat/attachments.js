// Files of the message that is being written: each with its progress and a way to leave it out.

import { upload } from "../upload.js";
import { button } from "./button.js";

// What a picture looks like, before it is there.
function pictureOf(file) {
  if (!/^image\/(png|jpeg|gif|webp)$/.test(file.type)) return null;
  const picture = document.createElement("img");
  picture.alt = "";
  picture.src = URL.createObjectURL(file);
  picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
  return picture;
}

export class Attachments {
  // `onUp()` when one has arrived, `onLost()` when one won't.
  constructor({ form, to, most, words, onUp, onLost }) {
    Object.assign(this, { to, most, words, onUp, onLost, files: [] });
    this.list = form.querySelector(".uploads");
    form.querySelector("[data-attach]").addEventListener("change", ({ target }) => {
      this.addAll(target.files);
      target.value = "";
    });
    form.addEventListener("paste", (event) => this.takeFrom(event, event.clipboardData));
    const pane = form.closest("[data-room]");
    pane.addEventListener("dragover", (event) => {
      if (event.dataTransfer.types.includes("Files")) event.preventDefault();
    });
    pane.addEventListener("drop", (event) => this.takeFrom(event, event.dataTransfer));
  }

  takeFrom(event, { files }) {
    if (!files.length) return;
    event.preventDefault();
    this.addAll(files);
  }

  addAll(files) {
    this.list.querySelector(".refusal")?.remove();
    for (const file of files) {
      if (this.files.length < this.most) this.add(file);
      else return this.refuse();
    }
  }

  refuse() {
    const row = document.createElement("li");
    row.className = "refusal";
    row.textContent = this.words.tooManyFiles;
    this.list.append(row);
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
    const picture = pictureOf(file);
    if (picture) row.append(picture);
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
