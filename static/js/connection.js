// The connection in words: silence while it is live, a sentence when it is not.

const WORDS = {
  en: {
    reconnecting: (s) => `Reconnecting in ${s} s. What you write is kept.`,
    offline: () => "Offline. Your messages will go when you’re back.",
    polling: () => "Live updates are blocked on this network. What is new comes every few seconds.",
    "signed-out": () => "You are signed out. Sign in again to go on.",
    stopped: () => "Your account can’t act now. Settings say why.",
  },
  de: {
    reconnecting: (s) => `Neue Verbindung in ${s} s. Was du schreibst, bleibt.`,
    offline: () => "Offline. Deine Nachrichten gehen los, wenn du zurück bist.",
    polling: () => "Dieses Netz sperrt Live-Verbindungen. Neues kommt alle paar Sekunden.",
    "signed-out": () => "Du bist abgemeldet. Melde dich wieder an.",
    stopped: () => "Dein Konto kann gerade nichts tun. Warum, steht in den Einstellungen.",
  },
};

document.addEventListener("connection", ({ detail: { state, seconds } }) => {
  const words = WORDS[document.documentElement.lang.slice(0, 2)] ?? WORDS.en;
  for (const line of document.querySelectorAll("[data-connection]:not(html)")) {
    line.hidden = !(state in words);
    line.textContent = state in words ? words[state](seconds) : "";
  }
  for (const word of document.querySelectorAll("[data-connection-word]")) {
    word.hidden = state !== "live";
  }
});
