"""Identifiers that appear in addresses."""

import os
import time
import uuid
from threading import Lock
from typing import Any

NOBODY = uuid.UUID(int=0)  # the id of no row
PARTS = 4096  # of a millisecond, in the twelve bits after it (RFC 9562, 6.2, method 3)
BEHIND = 10_000 * PARTS  # so far behind the last id the clock was set back: it is followed

_turn, _last = Lock(), [0]


def uuid7() -> uuid.UUID:
    """Return a time-ordered UUID (RFC 9562, version 7): unguessable, and kind to B-tree indexes.

    Those of one process are in the order in which they were made, also within a millisecond: what is listed by its id
    is listed as it was written.
    """
    milliseconds, part = divmod(_stamp(), PARTS)
    value = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | part << 64 | int.from_bytes(os.urandom(8), "big")
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def _stamp() -> int:
    """Parts of a millisecond since 1970, each given once."""
    moment = time.time_ns() * PARTS // 1_000_000
    with _turn:
        _last[0] = _last[0] + 1 if moment <= _last[0] < moment + BEHIND else moment
        return _last[0]


def read(text: Any) -> uuid.UUID:
    """The id that `text` writes; for anything else the id that no row has, so that a look-up finds nothing."""
    try:
        return uuid.UUID(text if isinstance(text, str) else "")
    except ValueError:
        return NOBODY
