"""What is read of a room: its log after a number, its messages page by page, and how many are unread."""

import json
from collections.abc import Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Count, F, OuterRef, Q, Subquery

from chat import blocked, hiding, rooms
from chat.formats import event_of
from chat.models import Membership, Message, MessageVersion, Room, RoomEvent
from skilllink.realtime import topics

PAGE = 200
HISTORY = 50  # messages that a page shows at first, and each time one asks for earlier ones
PAGE_BYTES = 256 * 1024  # a socket's frame has a largest size, and a slow line must get through a page in time


def after(room: Room, user: Any, seq: int, limit: int = PAGE) -> dict[str, Any]:
    """What happened after number `seq` and after the person came, folded to the present state of each message.

    `{"events": [...], "upto": n, "more": bool}`; at most 200. Raises Ahead past the last number, Missing for everyone
    who isn't a member.
    """
    since = rooms.member(room, user).joined_seq
    answer = _after(room, seq, since, limit)
    # whoever was put out meanwhile, or came again, would read what isn't theirs
    return answer if rooms.member(room, user).joined_seq == since else after(room, user, seq, limit)


def _after(room: Room, seq: int, since: int, limit: int) -> dict[str, Any]:
    rows = list(
        RoomEvent.objects.filter(room=room, seq__gt=max(seq, since))
        .order_by("seq")
        .select_related("user", "room")[: min(limit, PAGE)]
    )
    if not rows and seq > room.seq:
        room.refresh_from_db(fields=["seq"])
        if seq > room.seq:
            raise topics.Ahead(head=room.seq)
    more = len(rows) == min(limit, PAGE)
    wanted = {row.message_id for row in rows if row.message_id}
    found = {message.pk: message for message in shown().filter(pk__in=wanted)}
    last = {row.message_id: row.seq for row in rows}
    people = {row.user_id for row in rows if not row.message_id and row.user_id}
    states = {state.user_id: state for state in Membership.objects.filter(room=room, user__in=people)}
    events: list[dict[str, Any]] = []
    upto, size = seq, 0
    for row in rows:
        if not row.message_id or last[row.message_id] == row.seq:
            event = event_of(
                row, found.get(row.message_id), since=since, state=states.get(row.user_id) if row.user_id else None
            )
            size += len(json.dumps(event, cls=DjangoJSONEncoder))
            if events and size > PAGE_BYTES:
                return {"events": events, "upto": upto, "more": True}
            events.append(event)
        upto = row.seq
    return {"events": events, "upto": upto, "more": more}


def history(membership: Membership, *, before: int | None = None, limit: int = HISTORY) -> list[Message]:
    """The last messages since the person came (before a number), oldest first."""
    rows = shown().filter(room=membership.room_id, seq__gt=membership.joined_seq)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    return list(reversed(rows.order_by("-seq")[:limit]))


def with_earlier(membership: Membership, ids: Sequence[Any]) -> list[tuple[Message | None, Message]]:
    """These messages, oldest first, each with the one before it; those that the person doesn't read are left out."""
    rows = shown().filter(room=membership.room_id, seq__gt=membership.joined_seq)
    earlier = Message.objects.filter(room=OuterRef("room"), seq__gt=membership.joined_seq, seq__lt=OuterRef("seq"))
    last = Subquery(earlier.order_by("-seq").values("pk")[:1])
    found = list(rows.filter(pk__in=ids).order_by("seq").annotate(earlier=last))
    before = {message.pk: message for message in rows.filter(pk__in={message.earlier for message in found})}
    return [(before.get(message.earlier), message) for message in found]


def later_than(membership: Membership, seq: int) -> list[Message]:
    """The half of a page that follows a number, oldest first."""
    rows = shown().filter(room=membership.room_id, seq__gt=max(seq, membership.joined_seq))
    return list(rows.order_by("seq")[: HISTORY // 2])


def open_to(user: Any) -> Any:
    """Messages of the rooms that a person is in, from the number on under which they came."""
    return shown().filter(
        room__memberships__user=user,
        room__memberships__left_at__isnull=True,
        seq__gt=F("room__memberships__joined_seq"),
    )


def versions(message: Message, reader: Any) -> list[MessageVersion]:
    """What a message said before, the latest first, as this person reads it."""
    rows = list(message.versions.all())
    for row in rows:
        row.body = hiding.words(row.body, message.room, own=message.author_id == reader.pk)
    return rows


def shown() -> Any:
    """Messages with all that their template needs, in five queries however many."""
    rows = Message.objects.select_related("author", "deleted_by", "room", "reply_to__author")
    return rows.prefetch_related("attachments", "reactions", "mentions__user__profile")


def unread(user: Any, *, muted: bool = True) -> dict[Any, int]:
    """Unread messages of others per room id, in one query; rooms without any are absent, on wish muted ones too.

    What was read isn't looked at, however much it is.
    """
    behind = Membership.objects.filter(user=user, left_at__isnull=True, room__seq__gt=F("read_seq"))
    past = unread_past(user, OuterRef("read_seq")).filter(room=OuterRef("room"))
    number = past.order_by().values("room").annotate(n=Count("pk")).values("n")
    rows = behind if muted else behind.filter(muted=False)
    return dict(rows.annotate(n=Subquery(number)).filter(n__isnull=False).values_list("room", "n"))


def unread_past(user: Any, seq: Any) -> Any:
    """What counts as unread for somebody who has read up to a number: said by others and not taken back.

    Of people whom they have blocked it counts in a contract's room alone.
    """
    said = Message.objects.filter(seq__gt=seq, deleted_at__isnull=True, notice="")
    return said.filter(~Q(author=user), blocked.heard(user))
