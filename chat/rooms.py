"""Rooms and who is in them. Each change of membership takes a number in the room's log and a new room version."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import Case, Value, When
from django.utils.translation import gettext_lazy as _

from chat import keys, message_index
from chat.formats import event_of
from chat.keys import WrongKey
from chat.models import Invitation, Membership, Message, Room, RoomEvent
from chat.unread import due_after
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed, Missing, Unprocessable
from skilllink.moments import written
from skilllink.prepared import ask
from skilllink.realtime import push as realtime
from skilllink.transactions import after_commit, inside_transaction, verb
from users import blocks
from users.notifications import inbox
from users.standing import require_active, require_may_begin

LEAST, MOST = 2, 500  # people in a group room
JOINERS = "\u200c\u200d"  # Persian and emoji need them; every other invisible sign only deceives
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs that show nothing
MEMBERSHIP = (RoomEvent.Kind.JOINED, RoomEvent.Kind.LEFT)


class BadTitle(Malformed):
    code = "room.bad_title"
    sentence = _("Give the room a name of 1 to 120 characters, without control characters or invisible ones.")


class Full(Conflict):
    code, sentence = "room.full", _("This room is full.")


class BannedHere(Forbidden):
    code, sentence = "room.banned", _("You can't come back into this room.")


class NotModerating(Forbidden):
    code, sentence = "room.not_moderating", _("Only the room's owner or a moderator can do that. Nothing was changed.")


class NotOwner(NotModerating):
    code, sentence = "room.not_owner", _("Only the room's owner can do that. Nothing was changed.")


class Silenced(Forbidden):
    code, sentence = "room.silenced", _("You can read here, and write again from {until} on. Nothing was sent.")


class IsEvidence(Conflict):
    code = "room.is_evidence"
    sentence = _("This room belongs to a bid or contract, so nobody is added, removed or deleted. Nothing was changed.")


class OwnerStays(Conflict):
    code = "room.owner_stays"
    sentence = _("These are the questions about your own gig, so you stay in the room. Nothing was changed.")


class BadCapacity(Unprocessable):
    code, sentence = "room.bad_capacity", _("A room has room for 2 to 500 people.")


class TooSmall(BadCapacity):
    sentence = _("{people} people are in the room, so it can't have room for fewer. Nothing was changed.")


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
    elif hired and not room.hired:  # made while they were being hired: neither of the two could see the other
        room = lock(room)
        _hire(room)
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
def open_for_gig(gig_id: Any, client: Any, asker: Any, title: str) -> Room:
    """The room of the questions about a gig, which its client owns; `asker` is in it afterwards and reads all of it.

    The caller has made sure that the asker may see the gig. Raises BannedHere, Full.
    """
    room, made = Room.objects.get_or_create(
        kind=Room.Kind.GIG, subject_id=gig_id, defaults={"title": clean_title(title), "capacity": MOST}
    )
    room = lock(room)
    if made:
        _admit(room, client)
    if asker.pk != client.pk:
        _admit(room, asker, reads_all=True)
    return room


@inside_transaction
def promote(room: Room, contract_id: Any, title: str) -> Room:
    """The bid's room becomes the contract's, with all that was said in it."""
    Room.objects.filter(pk=room.pk).update(kind=Room.Kind.CONTRACT, subject_id=contract_id, title=clean_title(title))
    room.refresh_from_db()
    _hire(room)
    direct = Room.objects.filter(pair=_pair(*room.memberships.values_list("user_id", flat=True))).first()
    if direct:
        _hire(direct)
    return room


def create_group(owner: Any, name: str, *, public: bool = True, key: str = "", capacity: int = 100) -> Room:
    """A group room; a private one has a key, kept hashed. Raises BadTitle, BadCapacity, BadKey."""
    title = clean_title(name)
    return _create_group(owner, title, public, "" if public else keys.hashed(key), _capacity(capacity))


@verb
def _create_group(owner: Any, title: str, public: bool, key_hash: str, capacity: int) -> Room:
    require_may_begin(owner)
    room = Room.objects.create(kind=Room.Kind.GROUP, title=title, public=public, key_hash=key_hash, capacity=capacity)
    _admit(room, owner)
    return room


def change_group(room: Any, *, by: Any, name: str, public: bool, key: str = "", capacity: int) -> Room:
    """Another name, size or key. A private room keeps its key unless a new one is given.

    Raises NotOwner, BadTitle, BadCapacity, BadKey.
    """
    title, size = clean_title(name), _capacity(capacity)
    return _change_group(room, by, title, public, keys.hashed(key) if key and not public else "", size)


@verb
def _change_group(room: Any, by: Any, title: str, public: bool, key_hash: str, capacity: int) -> Room:
    room = lock(room)
    require_owner(room, by)
    require_group(room)
    people = room.memberships.filter(left_at__isnull=True)
    if capacity < len(people):
        raise TooSmall(people=len(people), fields={"capacity": str(TooSmall.sentence).format(people=len(people))})
    kept = "" if public else key_hash or room.key_hash
    if not public and not kept:
        raise keys.BadKey(fields={"key": keys.BadKey.sentence})
    room.title, room.public, room.capacity, room.key_hash = title, public, capacity, kept
    room.save(update_fields=["title", "public", "capacity", "key_hash"])
    log(room, RoomEvent.Kind.SETTLED)
    for membership in people:
        realtime.push(f"user:{membership.user_id}", {"type": "rooms.changed"})
    return room


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
    return _admit(room, user)


@verb
def leave(room: Room, user: Any) -> None:
    """Go out of a group or question room; a moderator, else who came first, inherits an owner's place."""
    room = lock(room)
    require_kept(room)
    membership = member(room, user)
    if membership.role == Membership.Role.OWNER and room.kind == Room.Kind.GIG:
        raise OwnerStays()
    was_owner = membership.role == Membership.Role.OWNER
    put_out(room, membership)
    first = Case(When(role=Membership.Role.MODERATOR, then=Value(0)), default=Value(1))
    heir = room.memberships.filter(left_at__isnull=True).order_by(first, "pk").first() if was_owner else None
    if heir:
        Membership.objects.filter(pk=heir.pk).update(role=Membership.Role.OWNER)
        log(room, RoomEvent.Kind.CHANGED, user=heir.user)
        inbox.notify(heir.user, "room.owner", actor=user, url=room.get_absolute_url(), who=user, room=room.title)


@verb
def ban(room: Room, user: Any, *, by: Any) -> None:
    """Put a person out for good; nothing later reaches them on any open page."""
    room = lock(room)
    membership = subordinate(room, user, by)
    put_out(room, membership, banned=True)
    inbox.notify(membership.user, "room.banned", url="/messages/", room=room.title)


@verb
def unban(room: Room, user: Any, *, by: Any) -> None:
    """They may join again."""
    room = lock(room)
    require_moderating(room, by)
    if Membership.objects.filter(room=room, user=user, banned=True).update(banned=False):
        log(room, RoomEvent.Kind.CHANGED, user=user)


@verb
def delete_group(room: Room, *, by: Any, title: str) -> None:
    """Delete a group room with everything in it; asks for the exact name."""
    room = lock(room)
    require_owner(room, by)
    require_group(room)
    if title != room.title:
        raise TitleDiffers(fields={"title": TitleDiffers.sentence})
    people = list(room.memberships.values_list("user_id", flat=True))
    Message.objects.filter(room=room).update(reply_to=None)
    files = [attachment.file for attachment in room.attachments.all()]
    after_commit(lambda: [file.storage.delete(file.name) for file in files])
    for user_id in people:
        realtime.revoke(f"room:{room.pk}", user_id)
        realtime.push(f"user:{user_id}", {"type": "rooms.changed"})
    message_index.forget_room(room)
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
def take(wanted: Mapping[Any, int]) -> dict[Any, tuple[int, int]]:
    """Give each of these rooms so many further numbers: its last one and its version, by id. Those that are gone are left out."""
    if len(wanted) > 1:
        lock_all(wanted)  # an UPDATE would lock them as they come
    given: dict[Any, tuple[int, int]] = {}
    pk = Room._meta.pk
    for number in set(wanted.values()):
        ids = [pk.get_db_prep_value(one, connection) for one, count in wanted.items() if count == number]
        rows = ask(
            "UPDATE chat_room SET seq = seq + %s, last_at = %s "  # noqa: S608
            f"WHERE id IN ({', '.join(['%s'] * len(ids))}) RETURNING id, seq, version",
            [number, now(), *ids],
        )
        given |= {pk.to_python(one): (seq, version) for one, seq, version in rows}
    return given


@inside_transaction
def log(room: Room, kind: str, *, message: Message | None = None, user: Any = None) -> RoomEvent:
    """Give the next number of a locked room to one event. Whoever is in the room is told of it, unless it is about a
    message: those are told by who wrote them."""
    room.seq += 1
    if kind in MEMBERSHIP:
        room.version += 1
    if kind == RoomEvent.Kind.POSTED:
        room.unread_due_at = due_after(room)
    Room.objects.filter(pk=room.pk).update(
        seq=room.seq, version=room.version, last_at=now(), unread_due_at=room.unread_due_at
    )
    row = RoomEvent.objects.create(room=room, seq=room.seq, kind=kind, message=message, user=user)
    if message is None:
        state = Membership.objects.filter(room=room, user=user).first() if user else None
        realtime.push(f"room:{room.pk}", event_of(row, state=state), version=room.version)
    return row


def member(room: Any, user: Any) -> Membership:
    """The person's membership in force. Raises Missing for everyone else: the room is none of their business."""
    membership = Membership.objects.filter(room=room, user=user, left_at__isnull=True).first()
    if membership is None:
        raise Missing()
    return membership


def speaker(room: Any, user: Any) -> Membership:
    """The same for who wants to say something. Raises Silenced, Missing."""
    membership = member(room, user)
    if membership.silenced_until and membership.silenced_until > now():
        raise Silenced(until=written(membership.silenced_until))
    return membership


def clean_title(text: Any) -> str:
    """NFC, one line, 1 to 120 characters of which something shows; no control, no direction marks. Raises BadTitle."""
    title = unicodedata.normalize("NFC", text).strip() if isinstance(text, str) else ""
    hidden = [sign for sign in title if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    shows = any(unicodedata.category(sign)[0] in "LNPS" and sign not in BLANKS for sign in title)
    if not shows or len(title) > 120 or set(hidden) - set(JOINERS):
        raise BadTitle(fields={"title": BadTitle.sentence})
    return title


def require_group(room: Room) -> None:
    if room.kind != Room.Kind.GROUP:
        raise IsEvidence()


def require_kept(room: Room) -> None:
    """Raise IsEvidence for rooms whose people are settled by what they belong to."""
    if room.kind not in Room.KEPT:
        raise IsEvidence()


def require_moderating(room: Room, by: Any) -> Membership:
    """Their membership, if they own or moderate the locked room. Raises NotModerating, IsEvidence, Missing."""
    require_active(by)
    membership = member(room, by)
    require_kept(room)
    if membership.role == Membership.Role.MEMBER:
        raise NotModerating()
    return membership


def require_owner(room: Room, by: Any) -> Membership:
    """The same for its owner alone. Raises NotOwner, IsEvidence, Missing."""
    require_active(by)
    membership = member(room, by)
    require_kept(room)
    if membership.role != Membership.Role.OWNER:
        raise NotOwner()
    return membership


def subordinate(room: Room, user: Any, by: Any) -> Membership:
    """The membership of somebody whom `by` may put out or silence: a member, for the owner a moderator too."""
    judge, membership = require_moderating(room, by), member(room, user)
    if membership.role == Membership.Role.OWNER:
        raise NotModerating()
    if membership.role == Membership.Role.MODERATOR and judge.role != Membership.Role.OWNER:
        raise NotOwner()
    return membership


@inside_transaction
def put_out(room: Room, membership: Membership, *, banned: bool = False) -> None:
    """End a membership of a locked room; whoever comes back begins as a member."""
    Membership.objects.filter(pk=membership.pk).update(
        left_at=now(), banned=banned, role=Membership.Role.MEMBER, muted=False
    )
    Invitation.objects.filter(room=room, person=membership.user_id).delete()
    realtime.revoke(f"room:{room.pk}", membership.user_id)
    log(room, RoomEvent.Kind.LEFT, user=membership.user)
    realtime.push(f"user:{membership.user_id}", {"type": "rooms.changed"})


def _admit(room: Room, user: Any, *, reads_all: bool = False) -> Membership:
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
    log(room, RoomEvent.Kind.JOINED, user=user)
    realtime.push(f"user:{user.pk}", {"type": "rooms.changed"})
    return membership


def _pair(*people: Any) -> str:
    return ":".join(sorted(person.hex for person in people))


def _enter(room: Room, *people: Any) -> None:
    room = lock(room)
    for person in people:
        Membership.objects.create(room=room, user=person)
        log(room, RoomEvent.Kind.JOINED, user=person)
        realtime.push(f"user:{person.pk}", {"type": "rooms.changed"})


def _hire(room: Room) -> None:
    """From now on all that is said in the room is read and found as it was written."""
    room.hired = True
    room.save(update_fields=["hired"])
    message_index.write_room(room)


def _is_known(room: Room, user: Any) -> bool:
    """Whether a room asks this person for no key: they are in it, were put out, or are invited."""
    rows = Membership.objects.filter(room=room, user=user)
    if any(row.banned or row.left_at is None for row in rows):
        return True
    return Invitation.objects.filter(room=room, person=user).exists()


def _capacity(given: Any) -> int:
    if type(given) is not int or not LEAST <= given <= MOST:
        raise BadCapacity(fields={"capacity": BadCapacity.sentence})
    return given
