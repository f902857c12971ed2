"""Identifiers that appear in addresses."""

import os
import time
import uuid
from typing import Any

NOBODY = uuid.UUID(int=0)  # the id of no row


def uuid7() -> uuid.UUID:
    """Return a time-ordered UUID (RFC 9562, version 7): unguessable, and kind to B-tree indexes."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def read(text: Any) -> uuid.UUID:
    """The id that `text` writes; for anything else the id that no row has, so that a look-up finds nothing."""
    try:
        return uuid.UUID(text if isinstance(text, str) else "")
    except ValueError:
        return NOBODY
