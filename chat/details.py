"""What the details of a room show: its people with what I may do about each, its pins, what waits."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from chat import pane, pins
from chat.formats import as_read
from chat.models import Attachment, Membership, Room
from skilllink.clocks import now

Role = Membership.Role
ORDER = {Role.OWNER: 0, Role.MODERATOR: 1, Role.MEMBER: 2}


def page(room: Room, user: Any) -> dict[str, Any]:
    """The conversation with its details beside it. Raises Missing for a stranger."""
    context = pane.pane_context(room, user)
    mine, people = context["mine"], context["memberships"]
    people.sort(key=lambda row: (ORDER[Role(row.role)], row.user.name.casefold()))
    judges = room.kind in Room.KEPT and mine.role != Role.MEMBER
    pinned = as_read(pins.of(mine), since=mine.joined_seq, reader=user)
    return {
        "rooms": pane.room_rows(user),
        **context,
        "details": True,
        "people": [{"row": row, "powers": powers(room, mine, row), "silent": is_silent(row)} for row in people],
        "banned": room.memberships.filter(banned=True).select_related("user__profile") if judges else [],
        "invitations": room.invitations.select_related("person__profile", "by") if room.kind == Room.Kind.GROUP else [],
        "judges": judges,
        "may_invite": room.kind == Room.Kind.GROUP and (room.public or judges),
        "pinned": pane.rows_of(pinned, user),
        "link": f"{settings.SITE_URL}{reverse('chat:enter')}?room={room.pk}",
    }


def powers(room: Room, mine: Membership, other: Membership) -> set[str]:
    """What I may do about somebody: `put_out` (and silence), `appoint`, `hand_over`."""
    if room.kind not in Room.KEPT or mine.pk == other.pk or mine.role == Role.MEMBER:
        return set()
    owner = mine.role == Role.OWNER
    found = {"appoint"} if owner else set()
    if owner and room.kind == Room.Kind.GROUP:
        found.add("hand_over")
    if other.role == Role.MEMBER or (owner and other.role == Role.MODERATOR):
        found.add("put_out")
    return found


def is_silent(membership: Membership) -> bool:
    return membership.silenced_until is not None and membership.silenced_until > now()


def size(room: Room) -> dict[str, int]:
    """How much goes with a room."""
    return {
        "people": room.memberships.filter(left_at__isnull=True).count(),
        "messages": room.messages.count(),
        "files": Attachment.objects.filter(room=room).count(),
    }
