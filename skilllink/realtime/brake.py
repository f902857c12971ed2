"""A slow reader is felt: a send waits while the connection holds more than it should.

Daphne takes whatever it is given and keeps it in memory until the reader reads, so nobody upstream would ever notice.
Twisted tells when too much is waiting (64 KiB) and when it has left; while it waits, nothing more is read either.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


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

    Other servers' own sends wait by themselves. What ends it is the extension `skilllink.abort`.
    """

    async def braked(scope: dict[str, Any], receive: Any, send: Any) -> None:
        transport = _transport(send)
        abort = getattr(transport, "abortConnection", None) or getattr(transport, "abort", None)
        if abort is not None:
            scope = {**scope, "extensions": {**(scope.get("extensions") or {}), "skilllink.abort": {"abort": abort}}}
        if not hasattr(transport, "registerProducer"):
            return await application(scope, receive, send)
        brake: Brake | None = None

        async def send_when_open(message: dict[str, Any]) -> None:
            nonlocal brake
            if message["type"] == "websocket.send":
                brake = brake or Brake(transport)
                if not brake.open.is_set():
                    await brake.open.wait()
            await send(message)

        await application(scope, receive, send_when_open)

    return braked


def _transport(send: Any) -> Any:
    """The connection behind a server's `send`: a method of Uvicorn's protocol, or of Daphne's server bound to its protocol."""
    protocol = next(iter(getattr(send, "args", ())), None) or getattr(send, "__self__", None)
    return getattr(protocol, "transport", None)
