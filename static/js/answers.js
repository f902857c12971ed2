// What htmx does with answers that are no fragment: a broken server keeps the page as it was and says so.
const words = document.documentElement.lang.startsWith("de")
  ? { broke: "Auf unserer Seite ist etwas kaputtgegangen. Es wurde nichts geändert; bitte noch einmal versuchen.", away: "Keine Verbindung. Es wurde nichts gesendet; bitte noch einmal versuchen." }
  : { broke: "Something broke on our side. Nothing was changed; try again.", away: "No connection. Nothing was sent; try again." };

function say(sentence) {
  const line = document.createElement("p");
  line.className = "refusal";
  line.textContent = sentence;
  const place = document.querySelector("dialog[open] #dialog-body") ?? document.getElementById("refusal");
  place?.querySelector(":scope > .refusal")?.remove();
  place?.prepend(line);
  line.scrollIntoView({ block: "nearest" });
}

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const status = ctx?.response?.status ?? ctx?.response?.raw?.status ?? 200;
  if (status >= 500) {
    event.preventDefault();
    if (!ctx.sourceElement?.matches?.("[data-live]")) say(words.broke);
  } else if (status >= 400 && ctx.sourceElement?.matches?.("[data-live]")) {
    event.preventDefault(); // a live part that is gone stays as it was until the page is left
  } else if (status < 400) {
    document.getElementById("refusal")?.replaceChildren();
  }
});
document.addEventListener("htmx:error", (event) => {
  if (!event.detail?.ctx?.sourceElement?.matches?.("[data-live]")) say(words.away);
});
document.querySelector(".summary")?.focus();
