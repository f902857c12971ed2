// Times: distances stay true by the minute (never announced), a press shows the exact instant,
// and a visitor without an account reads them in the zone of the device.
const root = document.documentElement;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const elsewhere = !root.dataset.user && zone && zone !== root.dataset.zone;
const tongue = root.lang === "en" ? "en-GB" : root.lang;
const relative = new Intl.RelativeTimeFormat(tongue, { numeric: "always" });

function distance(until) {
  const seconds = (Date.parse(until) - Date.now()) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return null;
  if (size >= 36 * 3600) return relative.format(Math.round(seconds / 86400), "day");
  if (size >= 5400) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.sign(seconds) * Math.max(Math.round(size / 60), 1), "minute");
}

function tick() {
  for (const element of document.querySelectorAll("[data-until]")) {
    const text = distance(element.dataset.until);
    if (text && element.textContent !== text) element.textContent = text;
  }
}

function written(at, part) {
  const pieces = {};
  const year = at.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  const format = new Intl.DateTimeFormat(tongue, {
    weekday: "short", day: "numeric", month: "short", year, hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  for (const { type, value } of format.formatToParts(at)) pieces[type] = value;
  const day = [pieces.weekday, pieces.day, pieces.month, pieces.year].filter(Boolean).join(" ");
  const hour = `${pieces.hour}:${pieces.minute}`;
  return part === "day" ? day : part === "hour" ? hour : `${day}, ${hour}`;
}

function localise(within) {
  if (!elsewhere) return;
  for (const time of within.querySelectorAll("time[data-part]:not([data-here])")) {
    time.dataset.here = zone;
    time.textContent = written(new Date(time.dateTime), time.dataset.part);
    const button = time.closest(".moment");
    const exact = new Date(time.dateTime).toLocaleString(tongue, { dateStyle: "full", timeStyle: "short", timeZone: zone });
    if (button) button.dataset.exact = `${exact} ${zone}\n${button.dataset.exact}`;
    else time.title = `${exact} ${zone}`;
  }
}

let bubble;
document.addEventListener("click", (event) => {
  const moment = event.target.closest(".moment");
  if (!moment) return;
  if (!bubble) {
    bubble = document.createElement("div");
    bubble.className = "exact-time";
    bubble.popover = "auto";
    bubble.setAttribute("role", "status");
  }
  (moment.closest("dialog") ?? document.body).append(bubble);
  bubble.textContent = moment.dataset.exact;
  bubble.showPopover();
  const at = moment.getBoundingClientRect();
  const size = bubble.getBoundingClientRect();
  const below = at.bottom + 6 + size.height < innerHeight;
  bubble.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
  bubble.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - size.height - 6)}px`;
});
document.addEventListener("scroll", () => bubble?.matches(":popover-open") && bubble.hidePopover(), { capture: true, passive: true });

tick();
localise(document);
setInterval(tick, 30_000);
document.addEventListener("htmx:after:swap", () => { tick(); localise(document); });
