"""Which frames a client may send beside `subscribe`, `unsubscribe` and `ping`. Apps register theirs in `ready()`."""

import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from skilllink import ids
from skilllink.errors import Malformed, TooMany

Handler = Callable[[Any, dict[str, Any]], dict[str, Any] | None]
MINUTE = 60.0
_handlers: dict[str, Handler] = {}
MANY = 1000  # people; with more, who has been quiet for a minute is forgotten before the next is counted
_arrivals: dict[Any, deque[float]] = defaultdict(deque)
_forgotten_at = [0.0]


class UnknownFrame(Malformed):
    code, sentence = "frame.unknown", _("There is no frame of this type.")


def register(name: str, handler: Handler) -> None:
    """`handler(user, frame)` runs in a thread; what it returns becomes the ack, a Refusal becomes an error frame."""
    _handlers[name] = handler


def handler_of(name: Any) -> Handler:
    """What to do with frames of this type. Raises UnknownFrame."""
    handler = _handlers.get(name) if isinstance(name, str) else None
    if handler is None:
        raise UnknownFrame()
    return handler


def subject_of(frame: dict[str, Any]) -> UUID | str | None:
    """What a frame takes turns for: its room; with all others, when it names a message; None when it names neither.

    A message's room is known when its row is read, and that needs a thread already.
    """
    if "message" in frame:
        return "message"
    return ids.read(frame["room"]) if "room" in frame else None


def count(user_id: Any) -> None:
    """One more frame of this person, by whatever door. Raises TooMany past FRAMES_PER_MINUTE in this process."""
    moment = time.monotonic()
    if len(_arrivals) > MANY and _forgotten_at[0] < moment - MINUTE:
        _forget_quiet(moment)
    arrivals = _arrivals[user_id]
    while arrivals and arrivals[0] < moment - MINUTE:
        arrivals.popleft()
    if len(arrivals) >= settings.SKILLLINK["FRAMES_PER_MINUTE"]:
        raise TooMany(_("Too many frames in a minute. Reconnect in a while."))
    arrivals.append(moment)


def _forget_quiet(moment: float) -> None:
    _forgotten_at[0] = moment
    for person, arrivals in list(_arrivals.items()):
        if not arrivals or arrivals[-1] < moment - MINUTE:
            _arrivals.pop(person, None)
