"""Rooms and who is in them. Each change of membership takes a number in the room's log and a new room version."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.utils.translation import gettext_lazy as _

from chat.models import Membership, Message, Room, RoomEvent
from chat.unread import due_after
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed, Missing, Unprocessable
from skilllink.realtime import push as realtime
from skilllink.transactions import after_commit, inside_transaction, verb
from users import blocks
from users.standing import require_active, require_may_begin


class BadTitle(Malformed):
    code, sentence = "room.bad_title", _("Give the room a name of 1 to 120 characters, without control characters.")


class WrongKey(Missing):
    """A private room and none at all answer alike: an address alone tells nobody that a room is there."""

    code, sentence = "room.wrong_key", _("There is no such room, or that isn't its key.")


class Full(Conflict):
    code, sentence = "room.full", _("This room is full.")


class BannedHere(Forbidden):
    code, sentence = "room.banned", _("You can't come back into this room.")


class NotModerating(Forbidden):
    code, sentence = "room.not_moderating", _("Only the room's owner or a moderator can do that. Nothing was changed.")


class IsEvidence(Conflict):
    code = "room.is_evidence"
    sentence = _("This room belongs to a bid or contract, so nobody is added, removed or deleted. Nothing was changed.")


class BadCapacity(Unprocessable):
    code, sentence = "room.bad_capacity", _("A room has room for 2 to 500 people.")


class TitleDiffers(Unprocessable):
    code, sentence = "room.title_differs", _("Type the room's exact name to delete it. Nothing was deleted.")


@verb
def open_direct(a: Any, b: Any) -> Room:
    """The one room of two people, made when there is none."""
    require_active(a)
    if a.pk == b.pk:
        raise Unprocessable(_("Choose somebody else to talk to."))
    pair = _pair(a.pk, b.pk)
    hired = Room.objects.filter(kind=Room.Kind.CONTRACT, memberships__user=a).filter(memberships__user=b).exists()
    room, made = Room.objects.get_or_create(pair=pair, defaults={"kind": Room.Kind.DIRECT, "hired": hired})
    if made:
        require_may_begin(a)
        blocks.require_open(a, [b.pk])
        _enter(room, a, b)
    return room


@inside_transaction
def open_for_bid(bid_id: Any, client: Any, freelancer: Any, title: str) -> Room:
    """The room of a bid, made when client and freelancer first have something to say."""
    contract_room = Room.objects.filter(kind=Room.Kind.CONTRACT, subject_id=bid_id).first()
    if contract_room:
        return contract_room
    room, made = Room.objects.get_or_create(
        kind=Room.Kind.BID, subject_id=bid_id, defaults={"title": clean_title(title)}
    )
    if made:
        _enter(room, client, freelancer)
    return room


@inside_transaction
def promote(room: Room, contract_id: Any, title: str) -> Room:
    """The bid's room becomes the contract's, with all that was said in it."""
    Room.objects.filter(pk=room.pk).update(
        kind=Room.Kind.CONTRACT, subject_id=contract_id, title=clean_title(title), hired=True
    )
    Room.objects.filter(pair=_pair(*room.memberships.values_list("user_id", flat=True))).update(hired=True)
    room.refresh_from_db()
    return room


@verb
def create_group(owner: Any, name: str, *, public: bool = True, key: str | None = None, capacity: int = 100) -> Room:
    """A group room; a private one has a key, kept hashed. Raises BadTitle, BadCapacity, or Malformed without a key."""
    require_may_begin(owner)
    if type(capacity) is not int or not 2 <= capacity <= 500:
        raise BadCapacity(fields={"capacity": BadCapacity.sentence})
    if not public and not key:
        raise Malformed(fields={"key": _("A private room needs a key.")})
    room = Room.objects.create(
        kind=Room.Kind.GROUP,
        title=clean_title(name),
        public=public,
        key_hash="" if public else make_password(key),
        capacity=capacity,
    )
    Membership.objects.create(room=room, user=owner, role=Membership.Role.OWNER)
    log(room, RoomEvent.Kind.JOINED, user=owner)
    return room


@verb
def join(room: Room, user: Any, *, key: str = "") -> Membership:
    """Enter a group room. Raises WrongKey also where no group is, Full, BannedHere."""
    require_active(user)
    room = Room.objects.select_for_update().filter(pk=getattr(room, "pk", room), kind=Room.Kind.GROUP).first()
    if room is None:
        raise WrongKey()
    membership = Membership.objects.filter(room=room, user=user).first()
    if membership and membership.banned:
        raise BannedHere()
    if membership and membership.left_at is None:
        return membership
    if not room.public and not check_password(key, room.key_hash):
        raise WrongKey()
    if room.memberships.filter(left_at__isnull=True).count() >= room.capacity:
        raise Full()
    membership = membership or Membership(room=room, user=user)
    membership.left_at, membership.joined_seq, membership.read_seq = None, room.seq, room.seq
    membership.save()
    log(room, RoomEvent.Kind.JOINED, user=user)
    return membership


@verb
def leave(room: Room, user: Any) -> None:
    """Go out of a group room; the oldest member inherits an owner's place."""
    room = lock(room)
    _require_group(room)
    membership = member(room, user)
    _out(room, membership)
    if membership.role == Membership.Role.OWNER:
        heir = room.memberships.filter(left_at__isnull=True).order_by("role", "pk").first()
        Membership.objects.filter(pk=heir.pk).update(role="owner") if heir else None


@verb
def ban(room: Room, user: Any, *, by: Any) -> None:
    """Put a person out for good; nothing later reaches them on any open page."""
    room = lock(room)
    _require_moderating(room, by)
    membership = member(room, user)
    if membership.role == Membership.Role.OWNER:
        raise NotModerating()
    _out(room, membership, banned=True)


@verb
def unban(room: Room, user: Any, *, by: Any) -> None:
    """They may join again."""
    room = lock(room)
    _require_moderating(room, by)
    Membership.objects.filter(room=room, user=user, banned=True).update(banned=False)


@verb
def delete_group(room: Room, *, by: Any, title: str) -> None:
    """Delete a group room with everything in it; asks for the exact name."""
    room = lock(room)
    _require_group(room)
    if member(room, by).role != Membership.Role.OWNER:
        raise NotModerating()
    if title != room.title:
        raise TitleDiffers(fields={"title": TitleDiffers.sentence})
    people = list(room.memberships.values_list("user_id", flat=True))
    Message.objects.filter(room=room).update(reply_to=None)
    files = [attachment.file for attachment in room.attachments.all()]
    after_commit(lambda: [file.storage.delete(file.name) for file in files])
    for user_id in people:
        realtime.revoke(f"room:{room.pk}", user_id)
    room.delete()


@inside_transaction
def lock(room: Any) -> Room:
    """Lock the room and read it afresh. Raises Missing when it is gone."""
    found = Room.objects.select_for_update().filter(pk=getattr(room, "pk", room)).first()
    if found is None:
        raise Missing()
    return found


@inside_transaction
def lock_all(ids: Iterable[Any]) -> dict[Any, Room]:
    """The same for several, by id; those that are gone are left out."""
    return {room.pk: room for room in Room.objects.select_for_update().filter(pk__in=ids).order_by("pk")}


@inside_transaction
def log(room: Room, kind: str, *, message: Message | None = None, user: Any = None) -> RoomEvent:
    """Give the next number of a locked room to one event."""
    room.seq += 1
    if kind in (RoomEvent.Kind.JOINED, RoomEvent.Kind.LEFT):
        room.version += 1
    if kind == RoomEvent.Kind.POSTED:
        room.unread_due_at = due_after(room)
    Room.objects.filter(pk=room.pk).update(
        seq=room.seq, version=room.version, last_at=now(), unread_due_at=room.unread_due_at
    )
    return RoomEvent.objects.create(room=room, seq=room.seq, kind=kind, message=message, user=user)


def member(room: Room, user: Any) -> Membership:
    """The person's membership in force. Raises Missing for everyone else: the room is none of their business."""
    membership = Membership.objects.filter(room=room, user=user, left_at__isnull=True).first()
    if membership is None:
        raise Missing()
    return membership


def clean_title(text: str) -> str:
    """NFC, one line, no control or direction-override characters, 1 to 120 characters. Raises BadTitle."""
    title = unicodedata.normalize("NFC", text).strip() if isinstance(text, str) else ""
    if not 1 <= len(title) <= 120 or any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in title):
        raise BadTitle(fields={"title": BadTitle.sentence})
    return title


def _pair(*people: Any) -> str:
    return ":".join(sorted(person.hex for person in people))


def _enter(room: Room, *people: Any) -> None:
    room = lock(room)
    for person in people:
        Membership.objects.create(room=room, user=person)
        log(room, RoomEvent.Kind.JOINED, user=person)


def _out(room: Room, membership: Membership, *, banned: bool = False) -> None:
    Membership.objects.filter(pk=membership.pk).update(left_at=now(), banned=banned)
    log(room, RoomEvent.Kind.LEFT, user=membership.user)
    realtime.revoke(f"room:{room.pk}", membership.user_id)


def _require_group(room: Room) -> None:
    if room.kind != Room.Kind.GROUP:
        raise IsEvidence()


def _require_moderating(room: Room, by: Any) -> None:
    _require_group(room)
    require_active(by)
    if member(room, by).role == Membership.Role.MEMBER:
        raise NotModerating()
