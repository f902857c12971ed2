"""Reviews that ended in silence, with their notices given in time."""

from datetime import timedelta
from typing import Any

from projects import milestones
from projects.models import Activity, Clock, Contract, Milestone
from skilllink.clocks import now
from tests.builders.projects_contracts import signed_contract
from users.models import Notification


def due_releases(client: Any, freelancer: Any, number: int, *, amounts: tuple[int, ...] = (9_000,)) -> list[Contract]:
    """As many contracts between two people, whose first milestone is due to be released since a second ago."""
    found = [signed_contract(client, freelancer, amounts=amounts) for _n in range(number)]
    for contract in found:
        step = contract.milestones.order_by("position").first()
        milestones.deliver(step, by=freelancer, note="Here")
        ended, noticed = now() - timedelta(seconds=1), now() - timedelta(hours=25)
        clocks = Clock.objects.filter(milestone=step)
        clocks.filter(kind="milestone.release.remind").update(due_at=noticed, rung_at=noticed, outcome="done")
        clocks.filter(kind="milestone.release").update(due_at=ended)
        Milestone.objects.filter(pk=step.pk).update(review_due_at=ended)
    return found


def released_in(contracts: list[Contract]) -> list[Contract]:
    """Those whose first milestone was released and told of once; that anything was told twice is an error."""
    found = []
    for contract in contracts:
        told = Activity.objects.filter(contract=contract, event="milestone.released").count()
        step = contract.milestones.order_by("position").first()
        paid = step.escrow.transfers.filter(kind="release").count()
        assert (paid, told) == ((1, 1) if step.status == "released" else (0, 0)), contract
        if told:
            found.append(contract)
        notes = Notification.objects.filter(event="milestone.released", url=step.get_absolute_url()).count()
        assert notes == (0 if not told else 2 if step.released_by_clock else 1), contract
    return found
