// A passkey that was cancelled or isn't there is told on the page, not in the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const line = document.getElementById("passkey-failed");
  if (line) line.hidden = false;
});
