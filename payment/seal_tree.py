"""The arithmetic of the seal: hashes of lines, the Merkle tree of a batch (RFC 6962), the chain of batches.

Knows nothing of rows: `docs/examples/verify_evidence.py` and `static/js/verify.js` say the same in their languages.
The first byte says what is hashed, so that a node never passes for a leaf: 0 a line, 1 two nodes, 2 a batch.
"""

import hashlib
from collections.abc import Sequence

NOTHING = "0" * 64  # the head before the first batch


def leaf(line: str) -> str:
    """SHA-256 of a transfer's canonical text, hex."""
    return hashlib.sha256(b"\x00" + line.encode()).hexdigest()


def root(leaves: Sequence[str]) -> str:
    """The root of a batch: neighbours are joined pair by pair, one that is left over rises as it is."""
    level = [bytes.fromhex(one) for one in leaves]
    while len(level) > 1:
        level = _joined(level)
    return level[0].hex()


def path(leaves: Sequence[str], index: int) -> list[str]:
    """The hashes beside the way from leaf `index` up to the root: its inclusion proof."""
    level, found = [bytes.fromhex(one) for one in leaves], []
    while len(level) > 1:
        if (beside := index ^ 1) < len(level):
            found.append(level[beside].hex())
        level, index = _joined(level), index // 2
    return found


def root_of(one: str, index: int, size: int, beside: Sequence[str]) -> str:
    """The root that a leaf and its proof lead to. Raises ValueError for a proof that doesn't fit the tree's size."""
    node, here, last = bytes.fromhex(one), index, size - 1
    hashes = iter(beside)
    while last:
        if here % 2 or here < last:
            other = bytes.fromhex(next(hashes, ""))
            if len(other) != 32:
                raise ValueError("The proof is too short.")
            node = _node(other, node) if here % 2 else _node(node, other)
        here, last = here // 2, last // 2
    if next(hashes, None) is not None:
        raise ValueError("The proof is too long.")
    return node.hex()


def head(number: int, first: int, last: int, root: str, previous: str) -> str:
    """The head of the chain after a batch."""
    return hashlib.sha256(b"\x02" + f"{number} {first} {last} {root} {previous}".encode()).hexdigest()


def _joined(level: list[bytes]) -> list[bytes]:
    pairs = [_node(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
