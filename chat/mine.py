"""What a person keeps about a room for themselves: that it is muted, and a note that nobody else reads."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from chat import rooms, words
from chat.models import Membership
from skilllink.errors import Malformed, TooLarge
from skilllink.realtime.push import push
from skilllink.transactions import verb

LONGEST_NOTE = 4000  # characters


class NoteTooLong(TooLarge):
    code, sentence = "room.note_too_long", _("A note has up to {most} characters. The one before was kept.")


@verb
def mute(room: Any, user: Any, on: bool) -> Membership:
    """A muted room counts nowhere and tells nothing; it is read when one opens it."""
    membership = rooms.member(rooms.lock(room), user)
    if membership.muted != bool(on):
        membership.muted = bool(on)
        membership.save(update_fields=["muted"])
        push(f"user:{user.pk}", {"type": "rooms.changed"})
    return membership


@verb
def note(room: Any, user: Any, text: Any) -> Membership:
    """Keep a private note about the room; an empty one takes it away."""
    membership = rooms.member(rooms.lock(room), user)
    if not isinstance(text, str):
        raise Malformed(fields={"note": _("This should be text.")})
    if len(text) > LONGEST_NOTE:
        raise NoteTooLong(most=LONGEST_NOTE, fields={"note": str(NoteTooLong.sentence).format(most=LONGEST_NOTE)})
    membership.note = words.clean(text)
    membership.save(update_fields=["note"])
    push(f"user:{user.pk}", {"type": "room.note", "room": str(membership.room_id)})
    return membership
