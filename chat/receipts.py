"""How far each person has read a room, shown among those who show their own: who hides theirs sees nobody's.

It is told on a topic of its own, `reads:<room>`, so that nothing of it reaches who may not hear it.
"""

from collections.abc import Iterable
from typing import Any

from chat import rooms
from chat.models import Membership, Room
from skilllink import ids
from skilllink.clocks import now
from skilllink.errors import Malformed
from skilllink.realtime import topics
from skilllink.realtime.push import push, revoke
from skilllink.transactions import inside_transaction, verb
from users import read_marks


@verb
def mark_read(room: Any, user: Any, seq: int) -> int:
    """Move the person's read mark forward, never back. Returns where it is. Raises Ahead past the last event."""
    if type(seq) is not int or seq < 0:
        raise Malformed()
    room = rooms.lock(room)
    membership = rooms.member(room, user)
    if seq > room.seq:
        raise topics.Ahead(head=room.seq)
    changed = Membership.objects.filter(pk=membership.pk, read_seq__lt=seq).update(read_seq=seq, read_at=now())
    if changed:
        if _showing(room.pk).filter(pk=membership.pk).exists():
            _tell(room, user, seq)
        push(f"user:{user.pk}", {"type": "messages.unread"})
    return max(membership.read_seq, seq)


def marks(room_id: Any, reader: Any) -> dict[str, int]:
    """How far the others have read, by their ids; of those who show it, to a reader who does. One query."""
    found = {str(user): seq for user, seq in _showing(room_id).values_list("user_id", "read_seq")}
    return found if found.pop(str(reader.pk), None) is not None else {}


def read_by_all(others: Iterable[Membership], reader: Any) -> int:
    """Up to which number all others have read who show it; 0 where nobody does, or the reader hides theirs."""
    shown = [row.read_seq for row in others if row.user.shows_reading] if reader.shows_reading else []
    return min(shown, default=0)


@inside_transaction
def follow(user: Any) -> None:
    """After somebody chose otherwise: in each of their rooms the others hear it, and they hear the others no more."""
    here = Membership.objects.filter(user=user, left_at__isnull=True)
    locked = rooms.lock_all(here.values_list("room_id", flat=True))  # a mark that is being moved is told before this
    for membership in here.filter(room__in=locked):
        if not user.shows_reading:
            revoke(f"reads:{membership.room_id}", user.pk)
        _tell(locked[membership.room_id], user, membership.read_seq if user.shows_reading else None)


def _tell(room: Room, user: Any, upto: int | None) -> None:
    push(f"reads:{room.pk}", {"type": "room.read", "user": str(user.pk), "upto": upto}, version=room.version)


def _showing(room_id: Any) -> Any:
    return Membership.objects.filter(room=room_id, left_at__isnull=True, user__shows_reading=True)


def _may_listen(user: Any, room_id: str) -> bool:
    return bool(_showing(ids.read(room_id)).filter(user=user).exists())


def _greeting(room_id: str) -> dict[str, Any]:
    return {"reads": {str(user): seq for user, seq in _showing(ids.read(room_id)).values_list("user_id", "read_seq")}}


def register() -> None:
    topics.register(
        topics.TopicKind(
            "reads",
            may_listen=_may_listen,
            head=lambda room_id: 0,
            version=rooms.version,
            greeting=_greeting,
            pages_know=True,
        )
    )
    read_marks.register(follow)
