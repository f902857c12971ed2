// The worker that shows the offline page; it needs a secure address (or localhost).
if ("serviceWorker" in navigator && isSecureContext) {
  addEventListener("load", () => navigator.serviceWorker.register("/worker.js").catch(() => null));
}
