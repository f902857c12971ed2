"""A slow reader is felt: a send waits while the connection holds more than it should.

Daphne takes whatever it is given and keeps it in memory until the reader reads, so nobody upstream would ever notice.
Twisted tells when too much is waiting (64 KiB) and when it has left; while it waits, nothing more is read either.

While it doesn't, frames that are prepared once for all who listen go past Daphne's own framing, as on Uvicorn with our
protocol (docs/decisions/0004-frames-prepared-once.md).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Brake:
    """Told by Twisted about one connection's outgoing bytes, as a push producer is."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.open = asyncio.Event()
        self.open.set()
        transport.unregisterProducer()  # the HTTP channel's, whose part ended with the handshake
        transport.registerProducer(self, True)

    def pauseProducing(self) -> None:
        self.open.clear()
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        self.open.set()
        self.transport.resumeProducing()

    def stopProducing(self) -> None:
        self.open.set()


def with_brake(application: Application) -> Application:
    """An application whose `websocket.send` waits for the reader, and which may end a connection that reads nothing.

    Other servers' own sends wait by themselves. What ends it is the extension `skilllink.abort`; on Daphne there is
    `skilllink.prepared` as well.
    """

    async def braked(scope: dict[str, Any], receive: Any, send: Any) -> None:
        protocol = _protocol(send)
        transport = getattr(protocol, "transport", None)
        extensions = dict(scope.get("extensions") or {})
        abort = getattr(transport, "abortConnection", None) or getattr(transport, "abort", None)
        if abort is not None:
            extensions["skilllink.abort"] = {"abort": abort}
        if hasattr(transport, "registerProducer"):
            send, write = _braked(protocol, send)
            extensions["skilllink.prepared"] = {"write": write}
        await application({**scope, "extensions": extensions}, receive, send)

    return braked


def _braked(protocol: Any, send: Any) -> tuple[Send, Callable[[bytes], bool]]:
    """Daphne's `send`, that waits for the reader, and one that writes whole frames or says that it didn't."""
    brake: Brake | None = None

    def keeps_up() -> bool:
        nonlocal brake
        brake = brake or Brake(protocol.transport)
        return brake.open.is_set()

    async def wait_and_send(message: dict[str, Any]) -> None:
        if brake is not None:
            await brake.open.wait()
        await send(message)

    def send_when_open(message: dict[str, Any]) -> Awaitable[None]:
        waits = message["type"] == "websocket.send" and not keeps_up()
        sent: Awaitable[None] = wait_and_send(message) if waits else send(message)
        return sent

    def write_prepared(frames: bytes) -> bool:
        if protocol.state != protocol.STATE_OPEN or not keeps_up():
            return False
        protocol.sendData(frames)
        return True

    return send_when_open, write_prepared


def _protocol(send: Any) -> Any:
    """What is behind a server's `send`: a method of Uvicorn's protocol, or of Daphne's server bound to its protocol."""
    return next(iter(getattr(send, "args", ())), None) or getattr(send, "__self__", None)
