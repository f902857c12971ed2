// Push messages: the browser subscribes with the site's key, the server keeps that for this session.
import { csrf } from "./upload.js";

const TOLD = "push-told"; // in this tab the server knows already: a new sign-in has a session of its own
const WHOSE = "push-person"; // who switched it on in this browser; nobody else is told by that
const person = document.documentElement.dataset.user;
const can = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window && isSecureContext;

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

async function tell(address, fields) {
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": csrf() }, body: new URLSearchParams(fields) });
  if (!answer.ok) throw new Error(answer.status);
}

async function keep(subscription) {
  const { endpoint, keys } = subscription.toJSON();
  await tell("/notifications/push/", { endpoint, key: keys.p256dh, secret: keys.auth });
  sessionStorage.setItem(TOLD, person);
  localStorage.setItem(WHOSE, person);
}

async function current() {
  if (localStorage.getItem(WHOSE) !== person) return null;
  return (await navigator.serviceWorker.ready).pushManager.getSubscription();
}

class Switch {
  constructor(section) {
    this.section = section;
    this.words = section.dataset.words.split("|");
    this.state = section.querySelector("[data-push-state]");
    [this.on, this.off] = ["on", "off"].map((name) => section.querySelector(`[data-push-${name}]`));
    this.on.addEventListener("click", () => this.act(() => this.start()));
    this.off.addEventListener("click", () => this.act(() => this.stop()));
    this.act(() => {});
  }

  async act(step) {
    try {
      await step();
      const told = Boolean(await current());
      const denied = Notification.permission === "denied";
      this.state.textContent = this.words[told ? 0 : denied ? 2 : 1];
      this.on.hidden = told;
      this.off.hidden = !told;
    } catch {
      this.state.textContent = this.words[3];
    }
  }

  async start() {
    if ((await Notification.requestPermission()) !== "granted") return;
    const key = bytes(this.section.dataset.push);
    const worker = await navigator.serviceWorker.ready;
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    try {
      await keep(made);
    } catch (error) {
      await made.unsubscribe();
      throw error;
    }
  }

  async stop() {
    const made = await current();
    if (!made) return;
    await tell("/notifications/push/end/", { endpoint: made.endpoint });
    await made.unsubscribe();
    localStorage.removeItem(WHOSE);
  }
}

const section = document.querySelector("[data-push]");
if (can && section) new Switch(section);
if (can && person && Notification.permission === "granted" && sessionStorage.getItem(TOLD) !== person) {
  current()
    .then((made) => made && keep(made))
    .catch(() => {}); // offline: the next page tells
}
