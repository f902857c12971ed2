"""Who is in a room: they join, leave, are put out and let back in. Each change takes a number and a new room version."""

from typing import Any

from django.db.models import Case, Value, When
from django.utils.translation import gettext_lazy as _

from chat import keys, rights, rooms
from chat.keys import WrongKey
from chat.models import Invitation, Membership, Room, RoomEvent
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden
from skilllink.realtime import push as realtime
from skilllink.transactions import inside_transaction, verb
from users.notifications import inbox
from users.standing import require_active


class Full(Conflict):
    code, sentence = "room.full", _("This room is full.")


class BannedHere(Forbidden):
    code, sentence = "room.banned", _("You can't come back into this room.")


class OwnerStays(Conflict):
    code = "room.owner_stays"
    sentence = _("These are the questions about your own gig, so you stay in the room. Nothing was changed.")


def join(room: Any, user: Any, *, key: str = "") -> Membership:
    """Enter a group room: a public one, or with its key, or invited.

    Raises WrongKey also where no group is, TooManyKeys, Full, BannedHere.
    """
    pk = getattr(room, "pk", room)
    found = Room.objects.filter(pk=pk, kind=Room.Kind.GROUP).first()
    if found and (found.public or _is_known(found, user)):
        return _join(pk, user, "")
    if not key:
        raise WrongKey()
    keys.check(user, key, found.key_hash if found else "")
    return _join(pk, user, found.key_hash if found else "")


@verb
def _join(pk: Any, user: Any, opened: str) -> Membership:
    """`opened` is the hash that the person's key fits; it may be another room's by now."""
    require_active(user)
    room = Room.objects.select_for_update().filter(pk=pk, kind=Room.Kind.GROUP).first()
    if room is None:
        raise WrongKey()
    if not (room.public or (opened and opened == room.key_hash) or _is_known(room, user)):
        raise WrongKey()
    return admit(room, user)


@verb
def leave(room: Room, user: Any) -> None:
    """Go out of a group or question room; a moderator, else who came first, inherits an owner's place."""
    room = rooms.lock(room)
    rights.require_kept(room)
    membership = rooms.member(room, user)
    if membership.role == Membership.Role.OWNER and room.kind == Room.Kind.GIG:
        raise OwnerStays()
    was_owner = membership.role == Membership.Role.OWNER
    put_out(room, membership)
    first = Case(When(role=Membership.Role.MODERATOR, then=Value(0)), default=Value(1))
    heir = room.memberships.filter(left_at__isnull=True).order_by(first, "pk").first() if was_owner else None
    if heir:
        Membership.objects.filter(pk=heir.pk).update(role=Membership.Role.OWNER)
        rooms.log(room, RoomEvent.Kind.CHANGED, user=heir.user)
        inbox.notify(heir.user, "room.owner", actor=user, url=room.get_absolute_url(), who=user, room=room.title)


@verb
def ban(room: Room, user: Any, *, by: Any) -> None:
    """Put a person out for good; nothing later reaches them on any open page."""
    room = rooms.lock(room)
    membership = rights.subordinate(room, user, by)
    put_out(room, membership, banned=True)
    inbox.notify(membership.user, "room.banned", url="/messages/", room=room.title)


@verb
def unban(room: Room, user: Any, *, by: Any) -> None:
    """They may join again."""
    room = rooms.lock(room)
    rights.require_moderating(room, by)
    if Membership.objects.filter(room=room, user=user, banned=True).update(banned=False):
        rooms.log(room, RoomEvent.Kind.CHANGED, user=user)


@inside_transaction
def put_out(room: Room, membership: Membership, *, banned: bool = False) -> None:
    """End a membership of a locked room; whoever comes back begins as a member."""
    Membership.objects.filter(pk=membership.pk).update(
        left_at=now(), banned=banned, role=Membership.Role.MEMBER, muted=False
    )
    Invitation.objects.filter(room=room, person=membership.user_id).delete()
    rooms.revoke(room, membership.user_id)
    rooms.log(room, RoomEvent.Kind.LEFT, user=membership.user)
    realtime.push(f"user:{membership.user_id}", {"type": "rooms.changed"})


@inside_transaction
def admit(room: Room, user: Any, *, reads_all: bool = False) -> Membership:
    """Let a person into the locked room; into one without an owner as its owner. Raises Full, BannedHere."""
    membership = Membership.objects.filter(room=room, user=user).first() or Membership(room=room, user=user)
    if membership.banned:
        raise BannedHere()
    if membership.pk and membership.left_at is None:
        return membership
    here = room.memberships.filter(left_at__isnull=True)
    if here.count() >= room.capacity:
        raise Full()
    if not here.filter(role=Membership.Role.OWNER).exists():
        membership.role = Membership.Role.OWNER
    membership.left_at, membership.read_seq = None, room.seq
    membership.joined_seq = 0 if reads_all else room.seq
    membership.save()
    Invitation.objects.filter(room=room, person=user).delete()
    rooms.log(room, RoomEvent.Kind.JOINED, user=user)
    realtime.push(f"user:{user.pk}", {"type": "rooms.changed"})
    return membership


@inside_transaction
def enter(room: Room, *people: Any) -> None:
    """Put the people of a new room into it, which nobody else joins."""
    room = rooms.lock(room)
    for person in people:
        Membership.objects.create(room=room, user=person)
        rooms.log(room, RoomEvent.Kind.JOINED, user=person)
        realtime.push(f"user:{person.pk}", {"type": "rooms.changed"})


def _is_known(room: Room, user: Any) -> bool:
    """Whether a room asks this person for no key: they are in it, were put out, or are invited."""
    rows = Membership.objects.filter(room=room, user=user)
    if any(row.banned or row.left_at is None for row in rows):
        return True
    return Invitation.objects.filter(room=room, person=user).exists()
