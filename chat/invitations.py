"""Asking somebody into a group room. Who is asked needs no key, and may say no without a trace in the room."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from chat import rights, rooms
from chat.models import Invitation, Membership, RoomEvent
from skilllink.errors import Conflict, Missing, TooMany
from skilllink.transactions import verb
from users import blocks
from users.notifications import inbox
from users.standing import require_may_begin


class IsHere(Conflict):
    code, sentence = "room.is_here", _("{name} is in this room already.")


class WasPutOut(Conflict):
    code = "room.was_put_out"
    sentence = _("{name} was put out of this room. Let them back in first; nobody was invited.")


class TooManyOpen(TooMany):
    code = "room.too_many_invitations"
    sentence = _("{most} of your invitations wait for an answer. Take some back, or wait; nobody was invited.")


@verb
def invite(room: Any, person: Any, *, by: Any) -> Invitation:
    """Ask a person in; asked again it is the same invitation. Into a private room its owner and moderators ask.

    Raises IsHere, WasPutOut, TooManyOpen.
    """
    room = rooms.lock(room)
    rooms.member(room, by)
    rights.require_group(room)
    require_may_begin(by)
    if not room.public:
        rights.require_moderating(room, by)
    there = Membership.objects.filter(room=room, user=person).first()
    if there and there.banned:
        raise WasPutOut(name=person.name)
    if there and there.left_at is None:
        raise IsHere(name=person.name)
    blocks.require_open(by, [person.pk])
    known = Invitation.objects.filter(room=room, person=person).first()
    if known:
        return known
    most = settings.SKILLLINK["ROOM_INVITATIONS_OPEN"]
    if Invitation.objects.filter(by=by).count() >= most:
        raise TooManyOpen(most=most)
    invitation = Invitation.objects.create(room=room, person=person, by=by)
    rooms.log(room, RoomEvent.Kind.INVITED, user=person)
    inbox.notify(person, "room.invited", actor=by, url="/messages/groups/", who=by, room=room.title)
    return invitation


@verb
def decline(room: Any, person: Any) -> None:
    """Say no. Raises Missing when one isn't invited."""
    room = rooms.lock(room)
    if not Invitation.objects.filter(room=room, person=person).delete()[0]:
        raise Missing()
    rooms.log(room, RoomEvent.Kind.CHANGED, user=person)


@verb
def withdraw(room: Any, person: Any, *, by: Any) -> None:
    """Take an invitation back: who wrote it, the owner and moderators. Raises Missing when there is none."""
    room = rooms.lock(room)
    rooms.member(room, by)
    invitation = Invitation.objects.filter(room=room, person=person).first()
    if invitation is None:
        raise Missing()
    if invitation.by_id != by.pk:
        rights.require_moderating(room, by)
    invitation.delete()
    rooms.log(room, RoomEvent.Kind.CHANGED, user=person)


def of(person: Any) -> Any:
    """The invitations that wait for this person, the latest first."""
    return Invitation.objects.filter(person=person).select_related("room", "by__profile")
