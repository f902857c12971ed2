"""The register of clocks: each app says what it sweeps, `manage.py sweep` and beat run them all.

A sweeper is a function that does a bounded batch of what is due and returns how many rows it finished.
It is safe beside other sweeps: rows are claimed with `claim`, judged again inside the transaction.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TypeVar

import structlog
from django.db import connection
from django.db.models import Model, QuerySet
from django.utils import timezone

from skilllink.transactions import require_transaction

log = structlog.get_logger(__name__)
M = TypeVar("M", bound=Model)
Sweeper = Callable[[], int]
# seconds after which a batch writes what it has and ends: so long a person who comes to one of its rows waits.
# SQLite has one writer: there everybody waits.
LONGEST = {"postgresql": 0.5, "sqlite": 0.1}
_sweepers: dict[str, Sweeper] = {}


_pretended: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def now() -> datetime:
    """The instant that decides what is due, UTC."""
    return _pretended.get() or timezone.now()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside the block it is `moment`: the demo's history is written through the verbs, in order."""
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)


def register(kind: str, sweeper: Sweeper) -> None:
    """Add a sweeper under a dotted kind such as `milestone.release`. Called from an app's `ready()`."""
    _sweepers[kind] = sweeper


def sweep() -> dict[str, int]:
    """Run every sweeper until nothing is due; return how many rows each finished.

    One that fails is logged and does not stop the others; it is tried again at the next sweep.
    """
    done: dict[str, int] = {}
    for kind, sweeper in sorted(_sweepers.items()):
        done[kind] = 0
        try:
            while finished := sweeper():
                done[kind] += finished
        except Exception:
            log.exception("clock.failed", kind=kind)
    return done


def claim(rows: "QuerySet[M]", limit: int = 100) -> list[M]:
    """Lock up to `limit` rows that no other sweep holds. Needs a transaction.

    SQLite has no row locks: its IMMEDIATE transaction already keeps every other writer out.
    """
    require_transaction("claim")
    if connection.vendor == "postgresql":
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    return list(rows[:limit])
