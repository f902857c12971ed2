// Check it yourself: this browser computes what the page claims. Each transfer's line is hashed, its proof climbed to the
// root of its batch, and that root compared with the one that is published for everybody.

const place = document.querySelector("[data-evidence]");
const NAMES = ["number", "first", "last", "root", "previous"];

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

const tagged = (tag, text) => sha256(Uint8Array.of(tag), new TextEncoder().encode(text));

async function rootOf(leaf, index, size, proof) {
  let [node, here, last] = [leaf, index, size - 1];
  const beside = proof.map(bytesOf);
  while (last) {
    if (here % 2 || here < last) {
      const other = beside.shift();
      if (!other) return "";
      node = await (here % 2 ? sha256(Uint8Array.of(1), other, node) : sha256(Uint8Array.of(1), node, other));
    }
    [here, last] = [Math.floor(here / 2), Math.floor(last / 2)];
  }
  return beside.length ? "" : hex(node);
}

// Which of the four steps fails for a transfer: "leaf", "proof", "head" or "published"; empty when none does.
async function fault(transfer, batch, published) {
  const leaf = await tagged(0, transfer.line);
  if (!batch || hex(leaf) !== transfer.leaf) return "leaf";
  if (JSON.parse(transfer.line).number !== batch.first + transfer.index) return "proof";
  const size = batch.last - batch.first + 1;
  if ((await rootOf(leaf, transfer.index, size, transfer.proof)) !== batch.root) return "proof";
  if (hex(await tagged(2, NAMES.map((name) => batch[name]).join(" "))) !== batch.head) return "head";
  return published?.root === batch.root && published?.head === batch.head ? "" : "published";
}

async function fetched(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

const byNumber = (batches) => new Map(batches.map((batch) => [batch.number, batch]));

function show(row, kind) {
  for (const word of row.querySelectorAll("[data-when]")) word.hidden = word.dataset.when !== kind;
}

// Every row of the page must be a transfer of the evidence, with the text that the page shows for it.
async function check() {
  place.dataset.state = "running";
  show(place.querySelector("[data-verdict]"), "running");
  try {
    const evidence = await fetched(place.dataset.evidence);
    const mine = byNumber(evidence.batches);
    const query = [...mine.keys()].map((number) => `batch=${number}`).join("&");
    const published = byNumber((await fetched(`${place.dataset.roots}?${query}`)).batches);
    const proven = new Map(evidence.transfers.map((transfer) => [transfer.leaf, transfer]));
    let wrong = 0;
    for (const row of place.querySelectorAll("[data-leaf]")) {
      const transfer = proven.get(row.dataset.leaf);
      const shown = row.querySelector("[data-line]").textContent;
      const found = transfer && shown === transfer.line
        ? await fault(transfer, mine.get(transfer.batch), published.get(transfer.batch))
        : "leaf";
      show(row, found || "fits");
      wrong += found ? 1 : 0;
    }
    place.dataset.state = wrong ? "wrong" : "fits";
  } catch {
    place.dataset.state = "failed";
  }
  show(place.querySelector("[data-verdict]"), place.dataset.state);
}

if (place) {
  place.querySelector("[data-again]").addEventListener("click", check);
  check();
}
