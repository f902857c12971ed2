"""How far each person has read a room."""

from typing import Any

from chat import rooms
from chat.models import Membership
from skilllink.clocks import now
from skilllink.errors import Malformed
from skilllink.realtime.push import push
from skilllink.transactions import verb


@verb
def mark_read(room: Any, user: Any, seq: int) -> int:
    """Move the person's read mark forward, never back and never past the last event. Returns where it is."""
    if type(seq) is not int or seq < 0:
        raise Malformed()
    room = rooms.lock(room)
    membership = rooms.member(room, user)
    upto = min(seq, room.seq)
    changed = Membership.objects.filter(pk=membership.pk, read_seq__lt=upto).update(read_seq=upto, read_at=now())
    if changed:
        push(f"room:{room.pk}", {"type": "room.read", "user": str(user.pk), "upto": upto}, version=room.version)
        push(f"user:{user.pk}", {"type": "messages.unread"})
    return max(membership.read_seq, upto)
