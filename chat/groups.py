"""Group rooms, which anyone opens: their name, size and key, and that they go with everything in them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from chat import keys, members, message_index, rights, rooms, titles, uploads
from chat.models import Message, Room, RoomEvent
from skilllink.errors import Unprocessable
from skilllink.realtime import push as realtime
from skilllink.transactions import verb
from users.standing import require_may_begin

LEAST, MOST = 2, 500  # people in a group room


class BadCapacity(Unprocessable):
    code, sentence = "room.bad_capacity", _("A room has room for 2 to 500 people.")


class TooSmall(BadCapacity):
    sentence = _("{people} people are in the room, so it can't have room for fewer. Nothing was changed.")


class TitleDiffers(Unprocessable):
    code, sentence = "room.title_differs", _("Type the room's exact name to delete it. Nothing was deleted.")


def create(owner: Any, name: str, *, public: bool = True, key: str = "", capacity: int = 100) -> Room:
    """A group room; a private one has a key, kept hashed. Raises BadTitle, BadCapacity, BadKey."""
    title = titles.clean(name)
    return _create(owner, title, public, "" if public else keys.hashed(key), _capacity(capacity))


@verb
def _create(owner: Any, title: str, public: bool, key_hash: str, capacity: int) -> Room:
    require_may_begin(owner)
    room = Room.objects.create(kind=Room.Kind.GROUP, title=title, public=public, key_hash=key_hash, capacity=capacity)
    members.admit(room, owner)
    return room


def change(room: Any, *, by: Any, name: str, public: bool, key: str = "", capacity: int) -> Room:
    """Another name, size or key. A private room keeps its key unless a new one is given.

    Raises NotOwner, BadTitle, BadCapacity, BadKey.
    """
    title, size = titles.clean(name), _capacity(capacity)
    return _change(room, by, title, public, keys.hashed(key) if key and not public else "", size)


@verb
def _change(room: Any, by: Any, title: str, public: bool, key_hash: str, capacity: int) -> Room:
    room = rooms.lock(room)
    rights.require_owner(room, by)
    rights.require_group(room)
    people = room.memberships.filter(left_at__isnull=True)
    if capacity < len(people):
        raise TooSmall(people=len(people), fields={"capacity": str(TooSmall.sentence).format(people=len(people))})
    kept = "" if public else key_hash or room.key_hash
    if not public and not kept:
        raise keys.BadKey(fields={"key": keys.BadKey.sentence})
    room.title, room.public, room.capacity, room.key_hash = title, public, capacity, kept
    room.save(update_fields=["title", "public", "capacity", "key_hash"])
    rooms.log(room, RoomEvent.Kind.SETTLED)
    for membership in people:
        realtime.push(f"user:{membership.user_id}", {"type": "rooms.changed"})
    return room


@verb
def delete(room: Room, *, by: Any, title: str) -> None:
    """Delete a group room with everything in it; asks for the exact name."""
    room = rooms.lock(room)
    rights.require_owner(room, by)
    rights.require_group(room)
    if title != room.title:
        raise TitleDiffers(fields={"title": TitleDiffers.sentence})
    people = list(room.memberships.values_list("user_id", flat=True))
    Message.objects.filter(room=room).update(reply_to=None)
    uploads.drop(room.attachments.all())
    for user_id in people:
        rooms.revoke(room, user_id)
        realtime.push(f"user:{user_id}", {"type": "rooms.changed"})
    message_index.forget_room(room)
    room.delete()


def _capacity(given: Any) -> int:
    if type(given) is not int or not LEAST <= given <= MOST:
        raise BadCapacity(fields={"capacity": BadCapacity.sentence})
    return given
