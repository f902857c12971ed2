"""What waits in contracts for a person, and what they wait for: the home page's "Your moves"."""

from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from projects import rail, schedule
from projects.models import Contract, Review
from skilllink.clocks import now
from skilllink.moves import Move


def moves(user: Any) -> list[Move]:
    """One per milestone that runs, from the same cards as the workspace, and one per review that is due."""
    moment = now()
    found: list[Move] = []
    rows = Contract.objects.visible_to(user).exclude(status="closed").select_related("client", "freelancer", "gig")
    for contract in rows.prefetch_related("milestones__escrow", "milestones__deliveries", "milestones__entries"):
        if not contract.party(user):
            continue
        clocks = schedule.of_known(contract)
        steps = schedule.upcoming(contract, now=moment, clocks=clocks)
        for card in rail.build(contract, user, steps=steps, clocks=clocks, now=moment):
            if card.shape not in ("move", "held"):
                continue
            step = next((s for s in steps if s.milestone == card.milestone and s.act != "remind"), None)
            act = card.primary or (card.acts[0] if card.acts and card.shape == "move" else None)
            found.append(
                Move(
                    due_at=card.milestone.due_at if card.milestone.status == "funded" else step.at if step else None,
                    sentence=f"{card.milestone.title}: {strip_tags(str(card.next))}",
                    consequence=strip_tags(str(card.silence)),
                    url=act.url if act else contract.get_absolute_url(),
                    act_label=act.label if act else _("Look"),
                    mine=card.shape == "move",
                )
            )
    for review in Review.objects.filter(author=user, status="due").select_related("contract", "subject"):
        found.append(
            Move(
                due_at=review.due_at,
                sentence=_("Review {name} for {contract}.").format(
                    name=review.subject.get_short_name(), contract=review.contract.title
                ),
                consequence=_("If you do nothing, what the other wrote comes out then and yours never does."),
                url=f"{review.contract.get_absolute_url()}review/",
                act_label=_("Review"),
                mine=True,
            )
        )
    return found
