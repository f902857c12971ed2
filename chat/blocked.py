"""What a block between two people does in rooms: it closes those where they are alone and no contract runs.

What the blocked one says elsewhere counts nowhere for who blocked them.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import OuterRef, Q, QuerySet

from chat.models import Membership, Room
from skilllink.prepared import prepared
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
    return blocks.refusal(by, _closing(room=room.pk, by=by.pk))


def require_open_soon(room_id: Any, by: Any) -> Callable[[], None]:
    """Ask, and don't wait: what is returned refuses like `require_open`."""
    asked = _closing.soon(room=room_id, by=by.pk)

    def refuse() -> None:
        if refusal := blocks.refusal(by, asked()):
            raise refusal

    return refuse


@prepared
def _closing(room: Any, by: Any) -> "QuerySet[Block]":
    others = Membership.objects.filter(room=room, room__kind__in=CLOSES).values("user")
    either = Q(blocker=by, blocked__in=others) | Q(blocked=by, blocker__in=others)
    return Block.objects.filter(either).select_related("blocker", "blocked")


def heard(reader: Any) -> Q:
    """Messages that count for a person: all but those of people whom they have blocked."""
    blocker = OuterRef(reader) if isinstance(reader, OuterRef) else reader
    unheard = Block.objects.filter(blocker=blocker).values("blocked")
    return Q(room__kind__in=WORK) | ~Q(author__in=unheard)
