"""What a room keeps in sight: some of its messages, pinned by who may."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from chat import blocked, messages, reading, rights
from chat.models import Membership, Message, Room, RoomEvent
from skilllink.clocks import now
from skilllink.errors import Conflict
from skilllink.transactions import verb


class TooManyPins(Conflict):
    code = "room.too_many_pins"
    sentence = _("A room keeps up to {most} messages pinned. Take one off first; nothing was changed.")


class NothingToPin(Conflict):
    code, sentence = "message.not_pinned", _("Only what somebody said can be pinned. Nothing was changed.")


@verb
def pin(message: Any, *, by: Any, on: bool = True) -> Message:
    """Keep a message in sight, or not any more. In rooms with an owner that is up to the owner and the moderators.

    Raises TooManyPins, NotModerating, Missing, Gone.
    """
    message, room = messages.locked(message, by)
    blocked.require_open(room, by)
    if room.kind in Room.KEPT:
        rights.require_moderating(room, by)
    if message.author_id is None:
        raise NothingToPin()
    if (message.pinned_at is not None) == bool(on):
        return message
    most = settings.SKILLLINK["PINS_PER_ROOM"]
    if on and Message.objects.filter(room=room, pinned_at__isnull=False).count() >= most:
        raise TooManyPins(most=most)
    message.pinned_at, message.pinned_by = (now(), by) if on else (None, None)
    message.save(update_fields=["pinned_at", "pinned_by"])
    messages.tell(room, RoomEvent.Kind.PINNED if on else RoomEvent.Kind.UNPINNED, message, by)
    return message


def of(membership: Membership) -> Any:
    """The pinned messages that a member may read, the latest pin first."""
    rows = reading.shown().filter(room=membership.room_id, pinned_at__isnull=False, seq__gt=membership.joined_seq)
    return rows.order_by("-pinned_at")


def may_pin(membership: Membership, room: Room) -> bool:
    """Whether `pin` would take it from this member."""
    return room.kind not in Room.KEPT or membership.role != Membership.Role.MEMBER
