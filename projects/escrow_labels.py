"""What payment's escrows are for: a contract's milestone or bonus, an offer, a dispute."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from projects.models import Bonus, Contract, Dispute, Milestone, Offer


def labels(ids: list[Any]) -> dict[Any, tuple[str, str]]:
    """(label, address) per escrow id. Four queries."""
    found = {}
    for offer in Offer.objects.filter(escrow__in=ids).select_related("bid__gig"):
        found[offer.escrow_id] = (offer.bid.gig.title, offer.get_absolute_url())
    for step in Milestone.objects.filter(escrow__in=ids).select_related("contract"):
        found[step.escrow_id] = (f"{step.contract.title}: {step.title}", _anchored(step))
    for dispute in Dispute.objects.filter(escrow__in=ids).select_related("milestone__contract"):
        step = dispute.milestone
        label = _("{title}, in dispute").format(title=f"{step.contract.title}: {step.title}")
        found[dispute.escrow_id] = (label, dispute.get_absolute_url())
    for bonus in Bonus.objects.filter(escrow__in=ids).select_related("contract"):
        label = _("{title}, bonus").format(title=bonus.contract.title)
        found[bonus.escrow_id] = (label, bonus.contract.get_absolute_url())
    return found


def contracts(user: Any) -> list[tuple[Any, str]]:
    """(id, title) of everything the person is a party of, newest first."""
    mine = Contract.objects.filter(Q(client=user) | Q(freelancer=user)).order_by("-pk")
    return list(mine.values_list("pk", "title"))


def _anchored(step: Milestone) -> str:
    return f"{step.contract.get_absolute_url()}#milestone-{step.pk}"
