"""What the parts of the audit share: how a violation is told, and which rows a run looks at."""

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Q

from payment.models import Account, Entry, Escrow, Transfer

T = TypeVar("T")
CHUNK = 2000  # rows that are looked at together: the audit's memory doesn't grow with the books


@dataclass(frozen=True)
class Violation:
    """One broken promise: which invariant, in which row, and what was found."""

    invariant: str
    row: str
    found: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True)
class Scope:
    """The whole books, or the transfers numbered above `since` up to `upto` and what they touched.

    `at` is when the run before was: what changed without a transfer since then is looked at too. `news` says what there
    is in all that, in the words of `audit_news`; None when nobody has looked.
    """

    whole: bool = True
    since: int = 0
    upto: int = 0
    at: datetime | None = None
    news: frozenset[str] | None = None

    def has(self, *words: str) -> bool:
        """Whether something of these words is new."""
        return self.news is None or not self.news.isdisjoint(words)

    def new(self, path: str = "") -> Q:
        """The condition on rows that reach a transfer by `path`."""
        return (
            Q() if self.whole else Q(**{f"{path}seal__number__gt": self.since, f"{path}seal__number__lte": self.upto})
        )

    def accounts(self) -> Any:
        """The accounts that money came to or left."""
        if self.whole:
            return Account.objects.all()
        return Account.objects.filter(pk__in=Entry.objects.filter(self.new("transfer__")).values("account"))

    def escrows(self) -> Any:
        """The escrows whose money moved, also when it wasn't there any more."""
        if self.whole:
            return Escrow.objects.all()
        entries = Entry.objects.filter(self.new("transfer__"), account__escrow__isnull=False)
        named = Transfer.objects.filter(self.new(), escrow__isnull=False)
        ids = named.order_by().values("escrow").union(entries.order_by().values("account__escrow"))
        return Escrow.objects.filter(pk__in=ids)

    def later(self, field: str) -> Q:
        """The condition on rows that got their `field`, an instant, since the run before."""
        return Q() if self.whole or self.at is None else Q(**{f"{field}__gte": self.at})


def chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    """`rows` in lists of CHUNK."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


Check = Callable[[Scope], Iterator[Violation]]


def about(*words: str) -> Callable[[Check], Check]:
    """Mark a check that can find nothing unless something of these words is new: then it isn't asked."""

    def marked(check: Check) -> Check:
        @functools.wraps(check)
        def asked(scope: Scope) -> Iterator[Violation]:
            return check(scope) if scope.has(*words) else iter(())

        return asked

    return marked
