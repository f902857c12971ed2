"""The register behind "Your moves": each app says what waits for a person, and what the person waits for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the home page. `mine` is what waits for the person; the rest is what they wait for."""

    due_at: datetime | None
    sentence: str
    consequence: str
    url: str
    act_label: str
    mine: bool


Source = Callable[[Any], list[Move]]
_sources: list[Source] = []


def register(source: Source) -> None:
    """Add a source of moves. Called from an app's `ready()`; the same one twice counts once."""
    if source not in _sources:
        _sources.append(source)


def of(user: Any) -> tuple[list[Move], list[Move]]:
    """(what waits for the person, what the person waits for), each by deadline, open-ended ones last."""
    found = [move for source in _sources for move in source(user)]
    ordered = sorted(found, key=lambda move: (move.due_at is None, move.due_at.timestamp() if move.due_at else 0.0))
    return [move for move in ordered if move.mine], [move for move in ordered if not move.mine]
