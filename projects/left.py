"""What is left in a contract: money held, milestones that haven't ended."""

from typing import NamedTuple

from django.db.models import Count, F, Q, Sum

from projects.models.contract import Contract
from projects.models.milestone import HELD, Milestone


class Left(NamedTuple):
    """`held` minor units, disputed parts included; `unended` milestones; whether anything was `paid`, or accepted pro bono."""

    held: int
    unended: int
    paid: bool


def of(contract: Contract) -> Left:
    """One query."""
    held = Sum(F("amount") - F("released") - F("refunded"), filter=Q(status__in=HELD), default=0)
    unended = Count("pk", filter=~Q(status__in=Milestone.TERMINAL))
    paid = Count("pk", filter=Q(released__gt=0) | Q(status="released"))
    row = Milestone.objects.filter(contract_id=contract.pk).aggregate(held=held, unended=unended, paid=paid)
    return Left(row["held"], row["unended"], row["paid"] > 0)
