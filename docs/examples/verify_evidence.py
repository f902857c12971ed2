#!/usr/bin/env python3
"""Verify a SkillLink evidence file, offline, with nothing but Python's standard library.

    python3 verify_evidence.py evidence.json [roots.txt]

evidence.json comes from "Check it yourself" on a contract or a statement, roots.txt from the site's /transparency/ page. With the
roots, the whole chain is computed from its first batch on, and the evidence must stand in it. Compare the last head
that is printed with one you kept: finance gets it by mail every hour, and it can't be changed afterwards.

Exit 0 when everything fits, 1 when a byte doesn't.
"""

import hashlib
import json
import sys

NOTHING = "0" * 64


class Wrong(Exception):
    """What doesn't fit."""


def sha256(data):
    return hashlib.sha256(data).digest()


def head_of(batch):
    text = "{number} {first} {last} {root} {previous}".format(**batch)
    return sha256(b"\x02" + text.encode()).hex()


def root_of(leaf, index, size, proof):
    """Climb from a leaf to the root of its batch, with the hash beside each step (RFC 6962)."""
    node, last, beside = leaf, size - 1, list(proof)
    while last:
        if index % 2 or index < last:
            if not beside:
                raise Wrong("a proof is too short")
            other = bytes.fromhex(beside.pop(0))
            node = sha256(b"\x01" + (other + node if index % 2 else node + other))
        index, last = index // 2, last // 2
    if beside:
        raise Wrong("a proof is too long")
    return node.hex()


def verify_file(text):
    """The evidence, once it is certain that no byte of the file differs from how it was written."""
    content = json.loads(text)
    if json.dumps(content, indent=1, sort_keys=True) + "\n" != text:
        raise Wrong("the file isn't written as it was")
    body = {name: content[name] for name in content if name != "digest"}
    digest = sha256((json.dumps(body, indent=1, sort_keys=True) + "\n").encode()).hex()
    if content.get("format") != "skilllink.evidence.1" or digest != content["digest"]:
        raise Wrong("the file's digest isn't that of its content")
    return content


def verify_transfer(transfer, batches, accounts):
    """From the sealed line to the root of its batch; the line is of this contract and its amounts sum to zero."""
    line = json.loads(transfer["line"])
    name = "transfer number {}".format(line["number"])
    if sha256(b"\x00" + transfer["line"].encode()).hex() != transfer["leaf"]:
        raise Wrong(name + ": its leaf isn't its line's")
    batch = batches[transfer["batch"]]
    if batch["first"] + transfer["index"] != line["number"] or line["number"] > batch["last"]:
        raise Wrong(name + ": it isn't where its batch says")
    size = batch["last"] - batch["first"] + 1
    if root_of(bytes.fromhex(transfer["leaf"]), transfer["index"], size, transfer["proof"]) != batch["root"]:
        raise Wrong(name + ": its proof doesn't lead to the root")
    sums = {}
    for account, currency, amount in line["entries"]:
        sums[currency] = sums.get(currency, 0) + amount
        if account not in accounts:
            raise Wrong(name + ": it touches an account of nobody here")
    if any(sums.values()):
        raise Wrong(name + ": its amounts don't sum to zero")


def verify_chain(roots, batches):
    """Compute the chain of all batches; those of the evidence must stand in it. Returns the last head."""
    previous, number, last = NOTHING, 0, 0
    for row in roots.splitlines():
        if not row or row.startswith("#"):
            continue
        fields = row.split()
        batch = {"number": int(fields[0]), "first": int(fields[1]), "last": int(fields[2])}
        batch.update(root=fields[3], previous=previous)
        if (batch["number"], batch["first"]) != (number + 1, last + 1) or head_of(batch) != fields[4]:
            raise Wrong("roots: batch {} doesn't follow".format(batch["number"]))
        number, last, previous = batch["number"], batch["last"], fields[4]
        mine = batches.pop(number, None)
        if mine and (mine["root"], mine["head"]) != (batch["root"], previous):
            raise Wrong(f"batch {number}: the published root is another one")
    if batches:
        raise Wrong(f"batch {min(batches)} isn't published")
    return number, previous


def verify(text, roots=None):
    """Returns what was found, in sentences. Raises Wrong (or an error of reading) when anything doesn't fit."""
    content = verify_file(text)
    batches = {batch["number"]: batch for batch in content["batches"]}
    for batch in batches.values():
        if head_of(batch) != batch["head"]:
            raise Wrong("batch {}: its head isn't that of its figures".format(batch["number"]))
    accounts = {row["account"] for row in content["accounts"]}
    for transfer in content["transfers"]:
        verify_transfer(transfer, batches, accounts)
    found = ["{} transfers stand in {} sealed batches as they were.".format(len(content["transfers"]), len(batches))]
    if content["not_sealed_yet"]:
        found.append("{} more were not sealed yet.".format(content["not_sealed_yet"]))
    if roots is None:
        found.append("Not compared with the published roots: give roots.txt as well.")
    else:
        found.append("The chain is whole up to batch {}: head {}".format(*verify_chain(roots, dict(batches))))
    return found


def main(paths):
    texts = []
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            texts.append(file.read())
    try:
        print("\n".join(verify(*texts)))
    except (Wrong, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        print(f"DOES NOT FIT: {error}")
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
