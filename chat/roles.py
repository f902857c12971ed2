"""Who may do what in a room: moderators, the owner's place, silence for a while."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat import rights, rooms
from chat.models import Membership, RoomEvent
from skilllink.clocks import now
from skilllink.errors import Malformed, Unprocessable
from skilllink.moments import written
from skilllink.transactions import verb
from users.notifications import inbox

LONGEST_SILENCE = timedelta(days=365)


class UnknownRole(Malformed):
    code, sentence = "room.unknown_role", _("Choose moderator or member. Nothing was changed.")


class BadSilence(Unprocessable):
    code, sentence = "room.bad_silence", _("Silence ends at a time between now and a year from now.")


@verb
def appoint(room: Any, user: Any, role: str, *, by: Any) -> Membership:
    """The owner makes somebody a moderator, or a member again."""
    room = rooms.lock(room)
    rights.require_owner(room, by)
    if role not in (Membership.Role.MODERATOR, Membership.Role.MEMBER):
        raise UnknownRole(fields={"role": UnknownRole.sentence})
    membership = rooms.member(room, user)
    if membership.role == Membership.Role.OWNER:
        raise rights.NotOwner(_("Give the room to somebody else first. Nothing was changed."))
    if membership.role != role:
        _become(membership, role)
        rooms.log(room, RoomEvent.Kind.CHANGED, user=membership.user)
    return membership


@verb
def hand_over(room: Any, user: Any, *, by: Any) -> Membership:
    """The owner gives the group room to another member, and stays as a moderator."""
    room = rooms.lock(room)
    before = rights.require_owner(room, by)
    rights.require_group(room)
    membership = rooms.member(room, user)
    if membership.pk == before.pk:
        return membership
    _become(before, Membership.Role.MODERATOR)
    _become(membership, Membership.Role.OWNER)
    rooms.log(room, RoomEvent.Kind.CHANGED, user=before.user)
    rooms.log(room, RoomEvent.Kind.CHANGED, user=membership.user)
    inbox.notify(membership.user, "room.owner", actor=by, url=room.get_absolute_url(), who=by, room=room.title)
    return membership


@verb
def silence(room: Any, user: Any, *, by: Any, until: Any) -> Membership:
    """Until then a person reads without writing; None ends it. Raises BadSilence."""
    room = rooms.lock(room)
    membership = rights.subordinate(room, user, by)
    if until is not None and not (
        isinstance(until, datetime) and timezone.is_aware(until) and now() < until <= now() + LONGEST_SILENCE
    ):
        raise BadSilence(fields={"until": BadSilence.sentence})
    if membership.silenced_until == until:
        return membership
    membership.silenced_until = until
    membership.save(update_fields=["silenced_until"])
    rooms.log(room, RoomEvent.Kind.CHANGED, user=membership.user)
    if until is not None:
        facts = {"room": room.title, "until": written(until)}
        inbox.notify(membership.user, "room.silenced", url=room.get_absolute_url(), **facts)
    return membership


def _become(membership: Membership, role: str) -> None:
    membership.role = role
    membership.save(update_fields=["role"])
