"""Which frames a browser may send beside `subscribe`, `unsubscribe` and `ping`. Apps register theirs in `ready()`."""

from collections.abc import Callable
from typing import Any

Handler = Callable[[Any, dict[str, Any]], dict[str, Any] | None]
_handlers: dict[str, Handler] = {}


def register(name: str, handler: Handler) -> None:
    """`handler(user, frame)` runs in a thread; what it returns becomes the ack, a Refusal becomes an error frame."""
    _handlers[name] = handler


def handler_of(name: Any) -> Handler | None:
    return _handlers.get(name) if isinstance(name, str) else None
