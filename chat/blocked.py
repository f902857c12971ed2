"""Where a block between two people closes a room: where they are alone and no contract runs."""

from typing import Any

from chat.models import Membership, Room
from users import blocks

CLOSES = (Room.Kind.DIRECT, Room.Kind.BID)


def require_open(room: Room, by: Any) -> None:
    """Raise YouBlocked or BlockedYou when `by` may say nothing to the other one."""
    if refusal := refusal_in(room, by):
        raise refusal


def refusal_in(room: Room, by: Any) -> blocks.YouBlocked | blocks.BlockedYou | None:
    """Why nobody writes here, in words for `by`; None where they may."""
    if room.kind not in CLOSES:
        return None
    return blocks.between(by, Membership.objects.filter(room=room).exclude(user=by).values_list("user_id", flat=True))
