"""What a block between two people does in rooms: it closes those where they are alone and no contract runs.

What the blocked one says elsewhere counts nowhere for who blocked them.
"""

from typing import Any

from django.db.models import OuterRef, Q

from chat.models import Membership, Room
from users import blocks
from users.models import Block

WORK = (Room.Kind.CONTRACT,)  # deadlines run there, so that everything said counts
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


def heard(reader: Any, path: str = "") -> Q:
    """Messages that count for a person, all but those of people whom they have blocked; `path` leads to the message."""
    blocker = OuterRef(reader) if isinstance(reader, OuterRef) else reader
    unheard = Block.objects.filter(blocker=blocker).values("blocked")
    return Q(**{f"{path}room__kind__in": WORK}) | ~Q(**{f"{path}author__in": unheard})
