{% load static %}// Without a connection: the offline page in its own dress instead of the browser's. Nothing else is kept.
// Push messages are shown unless somebody looks at the site already; a press leads to what they tell of.
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
self.addEventListener("push", (event) => event.waitUntil(show(event.data.json())));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});

async function show({ body, url, tag }) {
  const pages = await self.clients.matchAll({ type: "window" });
  if (pages.some((page) => page.focused)) return;
  await self.registration.showNotification("SkillLink", { body, tag, data: url, icon: "{% static "icon.svg" %}" });
}

async function open(url) {
  const [page] = await self.clients.matchAll({ type: "window" });
  if (!page) return self.clients.openWindow(url);
  await page.focus();
  return page.navigate(url);
}
