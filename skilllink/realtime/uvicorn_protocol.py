"""Frames that are prepared once for all who listen: a WebSocket protocol for Uvicorn that takes them as they are.

    uvicorn --ws skilllink.realtime.uvicorn_protocol:PreparedProtocol …

It offers an ASGI extension, `skilllink.prepared`. An application that doesn't know it, and the hub on a server that
doesn't offer it, send as ever. See docs/decisions/0004-frames-prepared-once.md.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class PreparedProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's own protocol, and beside its `send` a way past it."""

    async def run_asgi(self) -> None:
        self.scope["extensions"] = {  # type: ignore[typeddict-item]  # Uvicorn knows its own extensions alone
            **(self.scope.get("extensions") or {}),
            "skilllink.prepared": {"write": self.write_prepared},
        }
        await super().run_asgi()

    def write_prepared(self, frames: bytes) -> bool:
        """Write whole frames at once if the reader keeps up. False when nothing was written: `send` waits, or says why."""
        ready = self.handshake_complete and not self.close_sent and self.initial_response is None
        if not ready or self.disconnected or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(frames)
        return True
