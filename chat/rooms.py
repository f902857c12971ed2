"""A room's row, its numbers and its log, and whose room it is."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from chat.formats import event_of
from chat.models import Membership, Message, Room, RoomEvent
from skilllink import ids
from skilllink.clocks import now
from skilllink.errors import Forbidden, Missing
from skilllink.moments import written
from skilllink.prepared import ask_soon, insert, new, prepared, prepared_update
from skilllink.realtime import push as realtime
from skilllink.transactions import inside_transaction

R = TypeVar("R")
MEMBERSHIP = (RoomEvent.Kind.JOINED, RoomEvent.Kind.LEFT)


class Silenced(Forbidden):
    code, sentence = "room.silenced", _("You can read here, and write again from {until} on. Nothing was sent.")


@inside_transaction
def lock(room: Any) -> Room:
    """Lock the room and read it afresh. Raises Missing when it is gone."""
    return lock_soon(room)()


@inside_transaction
def lock_soon(room: Any) -> Callable[[], Room]:
    """Ask for it, and don't wait: what is returned gives the locked room, or raises Missing."""
    return _first_of(_locked.soon(pk=getattr(room, "pk", room)))


@prepared
def _locked(pk: Any) -> "QuerySet[Room]":
    return Room.objects.select_for_update().filter(pk=pk)


@inside_transaction
def lock_all(ids: Iterable[Any]) -> dict[Any, Room]:
    """The same for several, by id; those that are gone are left out."""
    return {room.pk: room for room in Room.objects.select_for_update().filter(pk__in=ids).order_by("pk")}


@inside_transaction
def take(wanted: Mapping[Any, int]) -> Callable[[], dict[Any, tuple[int, int]]]:
    """Give each of these rooms so many further numbers; what is returned says its last one and its version, by id.

    Those that are gone are left out.
    """
    if len(wanted) > 1:
        lock_all(wanted)  # an UPDATE would lock them as they come
    asked = []
    pk = Room._meta.pk
    for number in set(wanted.values()):
        ids = [pk.get_db_prep_value(one, connection) for one, count in wanted.items() if count == number]
        rows = ask_soon(
            "UPDATE chat_room SET seq = seq + %s, last_at = %s "  # noqa: S608
            f"WHERE id IN ({', '.join(['%s'] * len(ids))}) RETURNING id, seq, version",
            [number, now(), *ids],
        )
        asked.append(rows)
    return lambda: {pk.to_python(one): (seq, version) for rows in asked for one, seq, version in rows()}


@inside_transaction
def log(room: Room, kind: str, *, message: Message | None = None, user: Any = None) -> RoomEvent:
    """Give the next number of a locked room to one event. Whoever is in the room is told of it, unless it is about a
    message: those are told by who wrote them."""
    row = number(room, kind, message=message, user=user)
    insert([row])
    if message is None:
        state = Membership.objects.filter(room=room, user=user).first() if user else None
        realtime.push(f"room:{room.pk}", event_of(row, state=state), version=room.version)
    return row


@inside_transaction
def number(room: Room, kind: str, *, message: Message | None = None, user: Any = None) -> RoomEvent:
    """The event under the next number of a locked room, for who writes it; the room's row is written with it."""
    room.seq += 1
    if kind in MEMBERSHIP:
        room.version += 1
    _move.soon(pk=room.pk, seq=room.seq, version=room.version, last_at=now(), unread_due_at=room.unread_due_at)
    return new(RoomEvent, room=room, seq=room.seq, kind=kind, message=message, user=user)


@prepared_update
def _move(pk: Any, **changes: Any) -> Any:
    return Room.objects.filter(pk=pk), changes


def version(room_id: str) -> int:
    """By what number of changes to its people a right to hear the room was judged; 0 where there is none."""
    return Room.objects.filter(pk=ids.read(room_id)).values_list("version", flat=True).first() or 0


def revoke(room: Room, user_id: Any) -> None:
    """After commit nothing of the room reaches this person on any open page."""
    for topic in ("room", "reads"):
        realtime.revoke(f"{topic}:{room.pk}", user_id)


def member(room: Any, user: Any) -> Membership:
    """The person's membership in force. Raises Missing for everyone else: the room is none of their business."""
    return member_soon(room, user)()


def member_soon(room: Any, user: Any) -> Callable[[], Membership]:
    """Ask for it, and don't wait: what is returned gives the membership with its person, or raises Missing."""
    return _first_of(_member.soon(room=getattr(room, "pk", room), user=user.pk))


@prepared
def _member(room: Any, user: Any) -> "QuerySet[Membership]":
    return Membership.objects.filter(room=room, user=user, left_at__isnull=True).select_related("user")


def speaker(room: Any, user: Any) -> Membership:
    """The same for who wants to say something. Raises Silenced, Missing."""
    return require_voice(member(room, user))


def require_voice(membership: Membership) -> Membership:
    """Raise Silenced while this member may only read."""
    if membership.silenced_until and membership.silenced_until > now():
        raise Silenced(until=written(membership.silenced_until))
    return membership


def _first_of(asked: Callable[[], list[R]]) -> Callable[[], R]:
    def first() -> R:
        for row in asked():
            return row
        raise Missing()

    return first
