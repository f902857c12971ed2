"""What will come and go if nobody acts, from the same clocks that make it happen, and what came so far, by month."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncMonth
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from payment import escrow, labels, papers
from payment.models import Account, Clearing, Entry
from skilllink.clocks import now

# transfers by which a person's earnings grow, and shrink when they go back
EARNING = (*papers.KINDS, "tip", "donation")
PAST, FUTURE = 9, 3  # months of the chart, the present one among the past


@dataclass(frozen=True, slots=True)
class Expected:
    """One thing that happens by itself: at `at`, `amount` minor units come to (negative: leave) `place`.

    Places are kinds of account, and `escrow`. What comes to `pending` can be used from `usable_at` on.
    """

    at: datetime
    place: str
    amount: int
    currency: str
    sentence: str
    detail: str
    url: str
    usable_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """`first` is its first day, the reader's; `earned` came, `expected` comes if nobody acts, minor units."""

    first: date
    earned: int
    expected: int
    present: bool


Source = Callable[[Any, datetime], list[Expected]]
_sources: list[Source] = []


def register(source: Source) -> None:
    """`source(user, now)` gives what an app above expects. Called from an app's `ready()`."""
    _sources.append(source)


def of(user: Any) -> list[Expected]:
    """Everything that is expected, in order."""
    moment = now()
    found = [*_clearings(user), *(row for source in _sources for row in source(user, moment))]
    return sorted(found, key=lambda row: row.at)


def released(at: datetime, payee: Any) -> datetime:
    """When money that is released at `at` can be used: `escrow.clear`'s rule."""
    return at + escrow.clearing_time(payee)


def _clearings(user: Any) -> list[Expected]:
    rows = Clearing.objects.filter(escrow__payee=user, cleared_at__isnull=True, amount__gt=0).select_related("escrow")
    waiting = list(rows.order_by("due_at"))
    names = labels.of(row.escrow_id for row in waiting)
    return [
        Expected(
            at=row.due_at, place=Account.Kind.AVAILABLE, amount=row.amount, currency=row.escrow.currency,
            sentence=_("{label} clears").format(label=names.get(row.escrow_id, (row.escrow.get_kind_display(), ""))[0]),
            detail=_("If you do nothing, it is yours to use from then on."),
            url=names.get(row.escrow_id, ("", ""))[1], usable_at=row.due_at,
        )
        for row in waiting
    ]  # fmt: skip


def months(user: Any, expected: list[Expected]) -> dict[str, list[Month]]:
    """Per currency in which anything was or will be earned: the last months, the present one, and the next."""
    earned = _earned(user)
    coming: dict[str, dict[date, int]] = {}
    for row in expected:
        if row.place == Account.Kind.PENDING:
            month = localtime(row.at).date().replace(day=1)
            line = coming.setdefault(row.currency, {})
            line[month] = line.get(month, 0) + row.amount
    present = localtime(now()).date().replace(day=1)
    shown = [_shifted(present, n) for n in range(1 - PAST, FUTURE + 1)]
    return {
        currency: [
            Month(
                first, earned.get(currency, {}).get(first, 0), coming.get(currency, {}).get(first, 0), first == present
            )
            for first in shown
        ]
        for currency in sorted({*earned, *coming})
    }


def _earned(user: Any) -> dict[str, dict[date, int]]:
    since = localtime(now()) - timedelta(days=31 * PAST)
    own = Entry.objects.filter(
        account__user=user, account__kind__in=("pending", "available"), transfer__kind__in=EARNING
    )
    by_month = own.filter(transfer__at__gte=since).annotate(month=TruncMonth("transfer__at")).order_by()
    found: dict[str, dict[date, int]] = {}
    for currency, month, total in by_month.values_list("account__currency", "month").annotate(total=Sum("amount")):
        found.setdefault(currency, {})[month.date()] = total
    return found


def _shifted(first: date, by: int) -> date:
    years, month = divmod(first.month - 1 + by, 12)
    return date(first.year + years, month + 1, 1)
