"""What is left in a contract: money held, milestones that haven't ended."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet, Sum

from projects.models.contract import Contract
from projects.models.milestone import HELD, Milestone
from skilllink.prepared import prepared


class Left(NamedTuple):
    """`held` minor units, disputed parts included; `unended` milestones; whether anything was `paid`, or accepted pro bono."""

    held: int
    unended: int
    paid: bool


def of(contract: Contract) -> Left:
    """One query."""
    return soon(contract)()


def soon(contract: Contract) -> Callable[[], Left]:
    """Ask, and don't wait: what is left at this moment of the transaction."""
    rows = _of.soon(contract=contract.pk)

    def answer() -> Left:
        for held, unended, paid in rows():
            return Left(held, unended, paid > 0)
        return Left(0, 0, False)

    return answer


@prepared
def _of(contract: Any) -> "QuerySet[Any]":
    held = Sum(F("amount") - F("released") - F("refunded"), filter=Q(status__in=HELD), default=0)
    unended = Count("pk", filter=~Q(status__in=Milestone.TERMINAL))
    paid = Count("pk", filter=Q(released__gt=0) | Q(status="released"))
    rows = Milestone.objects.filter(contract=contract).order_by().values("contract")
    return rows.annotate(held=held, unended=unended, paid=paid).values_list("held", "unended", "paid")
