"""What else may be mailed than notifications: an app registers its kind of subject and says its news when it is sent.

The words are made at that moment, so that nothing is told that was read, changed or deleted meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class News:
    """A sentence, where it leads, a few words of each thing, and what to call once it was sent."""

    sentence: str
    url: str
    quotes: tuple[str, ...] = ()
    sent: Callable[[], Any] | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: look again at `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """`group` decides which preference applies; `news` is asked with the person and the subject's id."""

    group: str
    news: Callable[[Any, Any], News | Later | None]


_sources: dict[str, Source] = {}


def register(kind: str, source: Source) -> None:
    """Called from an app's `ready()`."""
    _sources[kind] = source


def of(kind: str) -> Source:
    return _sources[kind]
