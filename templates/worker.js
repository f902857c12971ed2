{% load static %}// Without a connection: the offline page in its own dress instead of the browser's. Nothing else is kept.
const PAGE = "{% url "offline" %}";
const SHEET = "{% static "css/app.css" %}";
const KEPT = "offline-1";
let away = false;

async function keep() {
  const shelf = await caches.open(KEPT);
  const sheet = await (await fetch(SHEET)).text();
  const parts = [...sheet.matchAll(/@import\s+(?:url\()?["']([^"']+)["']/g)].map((found) => new URL(found[1], new URL(SHEET, location)).href);
  await shelf.addAll([PAGE, SHEET, "{% static "fonts/besley-latin.woff2" %}", "{% static "fonts/source-sans-3-latin.woff2" %}", ...parts]);
}

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") {
    event.respondWith(
      fetch(event.request).then(
        (answer) => { away = false; return answer; },
        () => { away = true; return caches.match(PAGE); },
      ),
    );
  } else if (away && event.request.method === "GET") {
    event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
  }
});
