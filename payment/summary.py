"""A year in figures, per currency and per other person: what was invoiced, what came back, fees, what went in and out.

Years are those of papers: UTC. Amounts in minor units.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Case, F, Max, Min, Q, Sum, When
from django.utils.translation import gettext_lazy as _

from payment import papers
from payment.models import Entry, Transfer
from skilllink.clocks import now
from skilllink.errors import Missing
from users.models import User

# what came from outside or went there, by kind of transfer: the same line in and back
DEPOSITED = ("deposit", "deposit_return", "deposit_return_failed", "chargeback", "chargeback_won")
PAID_OUT = ("payout", "payout_cancelled", "payout_failed")


@dataclass(slots=True)
class Work:
    """With one other person: `gross` paid for work, `back` of it, `fee` kept of it by the platform."""

    other: Any = None
    gross: int = 0
    back: int = 0
    fee: int = 0

    @property
    def net(self) -> int:
        return self.gross - self.back - self.fee

    def add(self, gross: int, fee: int) -> None:
        if gross < 0:
            self.back -= gross
        else:
            self.gross += gross
        self.fee += fee


@dataclass(slots=True)
class Currency:
    """`earned` as the one who is paid, `spent` as the one who pays; `months` are net earnings, January first."""

    currency: str
    earned: Work = field(default_factory=Work)
    spent: Work = field(default_factory=Work)
    by_client: dict[Any, Work] = field(default_factory=dict)
    by_freelancer: dict[Any, Work] = field(default_factory=dict)
    months: list[int] = field(default_factory=lambda: [0] * 12)
    deposited: int = 0
    paid_out: int = 0

    @property
    def groups(self) -> list[tuple[Any, list[Work]]]:
        """Who it was with, under a title, those who paid most first; without empty groups."""
        both = ((_("By client"), self.by_client), (_("By freelancer"), self.by_freelancer))
        return [(title, sorted(group.values(), key=lambda work: -work.gross)) for title, group in both if group]


def years(user: Any) -> list[int]:
    """The years in which anything moved, newest first; at least the present one."""
    ends = Entry.objects.filter(account__user=user).aggregate(first=Min("transfer__at"), last=Max("transfer__at"))
    last = now().astimezone(UTC).year
    first = ends["first"].astimezone(UTC).year if ends["first"] else last
    return list(range(max(last, ends["last"].astimezone(UTC).year if ends["last"] else last), first - 1, -1))


def known(year: int) -> int:
    """The year, if there can be one such. Raises Missing."""
    if not 2000 <= year <= 9000:
        raise Missing()
    return year


def of(user: Any, year: int) -> list[Currency]:
    """The year's figures, one per currency in which anything moved."""
    within = Q(at__gte=datetime(year, 1, 1, tzinfo=UTC), at__lt=datetime(year + 1, 1, 1, tzinfo=UTC))
    found: dict[str, Currency] = {}
    for row in _payments(user, within):
        line = found.setdefault(row["escrow__currency"], Currency(row["escrow__currency"]))
        _count(line, user, row)
    outside = Entry.objects.filter(account__user=user, transfer__kind__in=DEPOSITED + PAID_OUT).filter(
        transfer__in=Transfer.objects.filter(within)
    )
    for currency, kind, total in (
        outside.order_by().values_list("account__currency", "transfer__kind").annotate(total=Sum("amount"))
    ):
        line = found.setdefault(currency, Currency(currency))
        if kind in DEPOSITED:
            line.deposited += total
        else:
            line.paid_out -= total
    _name_people(found.values())
    return [found[currency] for currency in sorted(found)]


def _payments(user: Any, within: Q) -> Any:
    """One row per transfer that is on papers: what it brought, and to the platform of it."""
    own = Transfer.objects.filter(within, Q(escrow__payee=user) | Q(escrow__payer=user), kind__in=papers.KINDS)
    sums = own.filter(entries__account__kind__in=papers.EARNED).order_by()
    fee = Sum(Case(When(entries__account__kind="fees", then=F("entries__amount")), default=0))
    return sums.values("pk", "at", "escrow__payer", "escrow__payee", "escrow__currency").annotate(
        gross=Sum("entries__amount"), fee=fee
    )


def _count(line: Currency, user: Any, row: dict[str, Any]) -> None:
    if row["escrow__payee"] == user.pk:
        line.earned.add(row["gross"], row["fee"])
        line.by_client.setdefault(row["escrow__payer"], Work()).add(row["gross"], row["fee"])
        line.months[row["at"].astimezone(UTC).month - 1] += row["gross"] - row["fee"]
    else:
        line.spent.add(row["gross"], 0)
        line.by_freelancer.setdefault(row["escrow__payee"], Work()).add(row["gross"], 0)


def _name_people(currencies: Any) -> None:
    groups = [group for line in currencies for group in (line.by_client, line.by_freelancer)]
    known = User.objects.in_bulk({pk for group in groups for pk in group})
    for group in groups:
        for pk, work in group.items():
            work.other = known[pk]


def as_rows(lines: list[Currency]) -> list[list[Any]]:
    """(currency, what, with whom, minor units): for the CSV."""
    found: list[list[Any]] = []
    for line in lines:
        for word, work in (("earned", line.earned), ("spent", line.spent)):
            found += _work_rows(line.currency, word, work, "")
        for word, group in (("earned", line.by_client), ("spent", line.by_freelancer)):
            for work in group.values():
                found += _work_rows(line.currency, word, work, work.other.name)
        found += [[line.currency, f"earned in month {n:02}", "", net] for n, net in enumerate(line.months, 1)]
        found += [[line.currency, "deposited", "", line.deposited], [line.currency, "paid out", "", line.paid_out]]
    return found


def _work_rows(currency: str, word: str, work: Work, other: str) -> list[list[Any]]:
    fees = [[currency, f"{word}: fees", other, work.fee]] if word == "earned" else []
    return [
        [currency, f"{word}: gross", other, work.gross],
        [currency, f"{word}: came back", other, work.back],
        *fees,
        [currency, f"{word}: net", other, work.net],
    ]
