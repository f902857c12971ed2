"""A frame on its way to a socket: as JSON, and as the bytes of a WebSocket's text frame."""

import json
from typing import Any

_encoder = json.JSONEncoder(separators=(",", ":"), default=str, ensure_ascii=False)


def encoded(frame: dict[str, Any]) -> str:
    """A frame as JSON text."""
    return _encoder.encode(frame)


def framed(text: str) -> bytes:
    """A text as a whole WebSocket frame of a server (RFC 6455, 5.2): not masked, not compressed."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload
