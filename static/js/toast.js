// A line at the bottom that leaves after six seconds, not while it is read or focused. Never errors, never money.
const LIFE = 6000;
const shelf = document.getElementById("toasts");

export function toast(text, undo) {
  const line = document.createElement("p");
  line.className = "toast";
  line.append(text);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = undo.label;
    button.addEventListener("click", () => { undo.act(); line.remove(); });
    line.append(button);
  }
  shelf?.append(line);
  age(line);
}

export function age(line) {
  let timer;
  const start = () => { timer = setTimeout(leave, LIFE); };
  const leave = () => {
    line.classList.add("leaving");
    setTimeout(() => line.remove(), 200);
  };
  for (const name of ["pointerenter", "focusin"]) line.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"]) line.addEventListener(name, start);
  start();
}

for (const line of shelf?.children ?? []) age(line);
document.addEventListener("toast", (event) => toast(event.detail?.value ?? event.detail?.text ?? ""));
