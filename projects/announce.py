"""Telling what happened to a contract: the activity row, the notice in the room, the notifications.

One call per event, in its transaction. The event's name is the activity's, the notice's and the sentence's.
"""

from typing import Any

from django.db.models import F, Sum

from chat import messages
from chat.models import Room
from projects import activity
from projects.models.activity import Activity
from projects.models.milestone import HELD, Milestone
from skilllink.money import format_money
from skilllink.transactions import inside_transaction
from users.notifications import inbox


def held(contract: Any) -> int:
    """What the contract's escrows hold together, disputed parts included, minor units."""
    rows = Milestone.objects.filter(contract_id=contract.pk, status__in=HELD)
    return rows.aggregate(held=Sum(F("amount") - F("released") - F("refunded")))["held"] or 0


@inside_transaction
def announce(
    event: str,
    *,
    contract: Any,
    actor: Any,
    milestone: Any = None,
    moved: int | None = None,
    to: tuple[Any, ...] | None = None,
    notice: bool = True,
    url: str = "",
    **data: Any,
) -> Activity:
    """Record `event` and tell those concerned.

    `moved` is signed minor units seen from escrow: funding is positive, what leaves is negative.
    `to` are the people to notify; by default the other party, both when the clock acted.
    """
    address = url or (milestone.get_absolute_url() if milestone is not None else contract.get_absolute_url())
    row = activity.record(
        event,
        actor=actor,
        contract=contract,
        gig=contract.gig,
        milestone=milestone,
        amount=moved,
        currency=contract.currency if moved is not None else "",
        held_after=held(contract) if moved is not None else None,
        **data,
    )
    facts = {key: str(value) for key, value in data.items() if not isinstance(value, list | dict)}
    facts |= {
        "contract": contract.title,
        "milestone": milestone.title if milestone is not None else "",
        "amount": format_money(abs(moved), contract.currency) if moved is not None else "",
        "who": actor.get_short_name() if actor is not None else "",
    }
    if notice and contract.room_id:
        messages.notice(
            Room.objects.get(pk=contract.room_id),
            event,
            actor=actor,
            text_key=event,
            amount=abs(moved) if moved is not None else None,
            currency=contract.currency,
            url=address,
            **{key: value for key, value in facts.items() if key != "amount"},
        )
    if to is None:
        to = (
            (contract.other(actor),)
            if actor is not None and contract.party(actor)
            else (contract.client, contract.freelancer)
        )
    for person in sorted(to, key=lambda person: person.pk):
        inbox.notify(person, event, actor=actor, url=address, **facts)
    return row
