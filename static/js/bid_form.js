// Milestones of a bid or an offer: rows on demand, their sum beside the amount, and what is left of it. The server judges.
const form = document.querySelector("#bid-form, #offer-form");
const steps = form?.querySelector("[data-steps]"); // none by the hour
const net = form?.querySelector("[data-net]");

if (steps || net) {
  const list = steps?.querySelector("ol");
  const sum = steps?.querySelector("[data-sum]");
  const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: form.dataset.currency });
  const digits = money.resolvedOptions().maximumFractionDigits;
  const minor = (text) => (/^\d{1,13}(\.\d+)?$/.test(text.trim()) ? Math.round(Number(text) * 10 ** digits) : 0);
  const shown = (value) => money.format(value / 10 ** digits);

  function add_up(whole) {
    const parts = [...list.querySelectorAll("[name$='-amount']")].reduce((total, input) => total + minor(input.value), 0);
    sum.textContent = parts ? `${shown(parts)} / ${shown(whole)}` : "";
    sum.classList.toggle("wrong", parts > 0 && parts !== whole);
  }

  function count() {
    const whole = minor(form.elements.amount?.value ?? "");
    if (steps) add_up(whole);
    const fee = Math.floor((whole * Number(form.dataset.feeBps ?? 0) + 5000) / 10000);
    if (net) net.textContent = whole ? `${shown(whole)} − ${shown(fee)} = ${shown(whole - fee)}` : "";
  }

  const add = steps?.querySelector("[data-add]");
  if (add) add.hidden = false;
  add?.addEventListener("click", () => {
    const number = list.children.length;
    const row = list.lastElementChild.cloneNode(true);
    for (const input of row.querySelectorAll("input")) {
      input.name = input.name.replace(/\d+/, number);
      input.value = "";
    }
    list.append(row);
    row.querySelector("input").focus();
    add.hidden = list.children.length >= 20;
  });
  form.addEventListener("input", count);
  count();
}
