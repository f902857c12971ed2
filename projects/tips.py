"""A tip for a milestone that was released: payment moves it, the contract tells of it."""

from datetime import datetime
from typing import Any

from payment import donations
from payment.models import Donation
from projects import bonuses, milestones, pro_bono
from projects.announce import announce
from projects.models import Milestone
from projects.rules import rule
from skilllink.money import format_money
from skilllink.transactions import verb


@verb
def give(milestone: Any, *, by: Any, amount: int, note: str = "", token: str = "") -> Milestone:
    """wallet → pending of the freelancer, whole: `amount` minor units, up to TIP_WINDOW after a release.

    `token` names the wish: the same one twice gives once. Raises NotFunded, NotYours, and what donations.tip raises.
    """
    row = milestones.lock(milestone)
    milestones.require_client(row, by)
    pro_bono.require_money(row.contract)
    words = bonuses.note_of(note)
    if row.escrow is None:
        raise milestones.NotFunded()
    given_before = bool(token) and Donation.objects.filter(giver=by, token=token).exists()
    gift = donations.tip.within(by, row.escrow, amount, note=words, token=token)
    if not given_before:
        announce(
            "milestone.tipped",
            contract=row.contract,
            milestone=row,
            actor=by,
            figure=format_money(gift.amount, gift.currency),
            reason=words,
        )
    return row


def open_for(milestone: Milestone, moment: datetime) -> bool:
    """Whether the client may still tip a milestone that has ended, as far as its own row tells."""
    ended = milestone.ended_at
    return bool(milestone.released and ended and moment < ended + rule("TIP_WINDOW"))
