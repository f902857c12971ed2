"""What saying something asks of the database, in one round trip, and what it writes, in another with the COMMIT."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from chat import blocked, rooms
from chat.formats import event_of
from chat.models import Membership, Message, Room, RoomEvent
from chat.unread import due_after
from skilllink.prepared import insert, prepared, prepared_update
from skilllink.realtime.push import hint, push
from skilllink.transactions import inside_transaction
from users.standing import require_active_soon

Here = Sequence[tuple[Any, int]]  # who is in a room, by id, and under which number they came


@dataclass(frozen=True)
class Asked:
    """What a post is judged by, as it stands once the room is locked: each is there to be called."""

    standing: Callable[[], None]
    room: Callable[[], Room]
    membership: Callable[[], Membership]
    open: Callable[[], None]
    said: Callable[[], list[Message]]  # under the same client_id
    here: Callable[[], Here]

    def judged(self) -> tuple[Room, Membership]:
        """The locked room and its speaker. Raises what keeps the author from saying anything there."""
        self.standing()
        room, membership = self.room(), rooms.require_voice(self.membership())
        self.open()
        return room, membership


@inside_transaction
def ask(room_id: Any, author: Any, client_id: str) -> Asked:
    """Lock the room and ask for the rest; nothing is waited for."""
    return Asked(
        standing=require_active_soon(author),
        room=rooms.lock_soon(room_id),
        membership=rooms.member_soon(room_id, author),
        open=blocked.require_open_soon(room_id, author),
        said=_said.soon(room=room_id, client_id=client_id),
        here=_here.soon(room=room_id),
    )


@inside_transaction
def write(message: Message, membership: Membership) -> RoomEvent:
    """Number a message of a locked room and write it; its author has read up to it."""
    room = message.room
    room.unread_due_at = due_after(room)
    event = rooms.number(room, RoomEvent.Kind.POSTED, message=message, user=message.author)
    message.seq = event.seq
    insert([message], [event])
    _have_read.soon(pk=membership.pk, seq=message.seq)
    return event


@inside_transaction
def tell(event: RoomEvent, message: Message, speaker: Membership, here: Here) -> None:
    """Tell the room what was said, and the others in it that they have something to read; who was behind has no more."""
    room = message.room
    since = max(joined for _user, joined in here)
    push(f"room:{room.pk}", event_of(event, message, since=since), version=room.version)
    was_behind = speaker.read_seq < message.seq - 1
    concerned = [user_id for user_id, _joined in here if was_behind or user_id != speaker.user_id]
    hint([f"user:{user_id}" for user_id in concerned], {"type": "messages.unread"})


def bare(message: Message) -> None:
    """Nothing hangs on this new message, and nobody need ask the database what does."""
    message._prefetched_objects_cache = {"attachments": (), "reactions": (), "mentions": ()}  # type: ignore[attr-defined]


@prepared
def _said(room: Any, client_id: Any) -> "QuerySet[Message]":
    # said for the planner: the index of client ids has no empty ones, and a plan for any id would read the room
    return Message.objects.filter(room=room, client_id=client_id).exclude(client_id="")


@prepared
def _here(room: Any) -> "QuerySet[Any]":
    return Membership.objects.filter(room=room, left_at__isnull=True).values_list("user_id", "joined_seq")


@prepared_update
def _have_read(pk: Any, seq: Any) -> Any:
    return Membership.objects.filter(pk=pk), {"read_seq": seq}
