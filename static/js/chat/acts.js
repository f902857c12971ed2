// What is done to a message, under it or in its dialog: the page stays, and what changed comes back as an event.

import { send } from "../socket.js";

export function reactOn(log, onRefused) {
  log.addEventListener("click", ({ target }) => {
    const sign = target.closest("[data-react]");
    if (!sign) return;
    const on = sign.getAttribute("aria-pressed") !== "true";
    const message = sign.closest(".entry").id.slice(2);
    send({ type: "message.react", message, sign: sign.dataset.react, on }).catch(onRefused);
  });
}

export function actInDialog() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.closest("#dialog-body") || !new URL(form.action).pathname.startsWith("/messages/message/")) return;
    event.preventDefault();
    act(form, event.submitter);
  });
}

async function act(form, submitter) {
  const body = new FormData(form, submitter);
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" }).catch(() => null);
  if (answer?.type === "opaqueredirect") {
    document.dispatchEvent(new CustomEvent("done"));
    return;
  }
  const refusal = await answer?.json().catch(() => null);
  if (!refusal?.sentence) return form.submit();
  const line = document.createElement("p");
  line.className = "refusal";
  line.setAttribute("role", "alert");
  line.textContent = refusal.sentence;
  form.parentElement.querySelector(":scope > .refusal")?.remove();
  form.before(line);
}
