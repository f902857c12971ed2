"""Who may open a transaction, and how a verb is called from inside another one.

@verb
def release(milestone_id, *, by): ...

release(...)         from an edge (view, API, consumer, task): opens a durable transaction
release.within(...)  from another verb or a sweep: runs in the transaction that is open, refuses to run without

with whole(): ...    from the demo: every verb in the block belongs to one transaction, all of it is kept or nothing
"""

import functools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from skilllink.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

# PostgreSQL: serialization_failure, deadlock_detected, lock_not_available
RETRIED_SQLSTATES = {"40001", "40P01", "55P03"}
TRIES = 3

_whole: ContextVar[bool] = ContextVar("whole", default=False)


class Busy(Unavailable):
    code, sentence = "busy", _("Too many people are changing this right now. Nothing was changed; try again.")


class Unknown(Unavailable):
    code = "outcome_unknown"
    sentence = _(
        "The connection to our database broke before it answered. It may be done or not, never half: "
        "look again, or send the same request with the same key."
    )


class NoTransaction(RuntimeError):
    """A function that must run inside a verb's transaction was called without one."""


class Verb(Generic[P, R]):
    """A domain function that owns its transaction. See the module's docstring."""

    def __init__(self, function: Callable[P, R]) -> None:
        self.function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if _whole.get():
            return self.within(*args, **kwargs)

        def act() -> R:
            with transaction.atomic(durable=True):
                return self.function(*args, **kwargs)

        return _tried(act)

    def within(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run inside the caller's transaction. Raises NoTransaction when none is open."""
        require_transaction(self.function.__qualname__)
        return self.function(*args, **kwargs)


class Statement(Verb[P, R]):
    """A verb that writes by one statement: on PostgreSQL that is a transaction already, without BEGIN and COMMIT."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block or connection.vendor != "postgresql":
            return super().__call__(*args, **kwargs)
        return _tried(functools.partial(self.function, *args, **kwargs))


def verb(function: Callable[P, R]) -> Verb[P, R]:
    """Make a domain function a verb."""
    return Verb(function)


def statement(function: Callable[P, R]) -> Verb[P, R]:
    """Make a verb of a domain function that writes by one statement."""
    return Statement(function)


@contextmanager
def whole() -> Iterator[None]:
    """Make a long history one transaction: verbs inside join it, and being killed leaves nothing of it behind."""
    with transaction.atomic(durable=True):
        token = _whole.set(True)
        try:
            yield
        finally:
            _whole.reset(token)


@contextmanager
def snapshot() -> Iterator[None]:
    """Whatever is read inside is of one moment, however long it takes; writers are not held up. Nothing is written.

    Inside an open transaction it is that one, with what it sees.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:  # not Django's own, which keeps every other writer out
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
            yield


def require_transaction(name: str) -> None:
    """Raise NoTransaction unless a transaction is open on the default connection."""
    if not connection.in_atomic_block:
        raise NoTransaction(f"{name} must be called inside a verb's transaction.")


def inside_transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function that only verbs may call: it refuses to run outside a transaction."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        require_transaction(function.__qualname__)
        return function(*args, **kwargs)

    return call


def after_commit(function: Callable[[], Any]) -> None:
    """Run `function` once the transaction is committed; what it raises is logged, never passed on."""
    transaction.on_commit(function, using=DEFAULT_DB_ALIAS, robust=True)


def after_commit_together(function: Callable[[Sequence[T]], Any], item: T) -> None:
    """Like after_commit, called once with all that was given for the same `function` in a row."""
    db = transaction.get_connection(DEFAULT_DB_ALIAS)
    hooks: list[Any] = db.run_on_commit
    open_savepoints, items = set(db.savepoint_ids), [item]
    while hooks and isinstance(last := hooks[-1][1], _Together) and last.function is function:
        if not open_savepoints <= hooks[-1][0]:
            break  # a savepoint would undo this item and not that one
        last.items.extend(items)
        items = last.items
        hooks.pop()
    after_commit(_Together(function, items))


@dataclass(frozen=True, slots=True)
class _Together:
    function: Callable[[Sequence[Any]], Any]
    items: list[Any]

    def __call__(self) -> None:
        self.function(self.items)


def _tried(act: Callable[[], R]) -> R:
    """Do a transaction, again where it only met others. Raises Busy, or Unknown when the connection broke."""
    for attempt in range(1, TRIES + 1):
        try:
            return act()
        except (OperationalError, InterfaceError) as error:
            if not _is_contention(error):
                if _is_broken(error):
                    raise Unknown() from error
                raise
            if attempt == TRIES:
                raise Busy() from error
            time.sleep(random.uniform(0.01, 0.05) * attempt)
    raise AssertionError("unreachable")


def _is_contention(error: Exception) -> bool:
    cause = cast(Any, error.__cause__)
    if getattr(cause, "sqlstate", None) in RETRIED_SQLSTATES:
        return True
    return "database is locked" in str(error)


def _is_broken(error: Exception) -> bool:
    """Whether the database went away in the middle: it says so, or nothing was said at all."""
    state = getattr(error.__cause__, "sqlstate", None)
    return connection.vendor == "postgresql" and (state is None or state.startswith(("08", "57P")))
