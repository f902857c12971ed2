"""What the room pane shows: the same dictionary on `/messages/` and inside the contract workspace."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.translation import gettext as _

from chat import blocked, reading, receipts
from chat.formats import as_read
from chat.models import Membership, Room
from skilllink.clocks import now
from skilllink.errors import Missing
from users import blocks

GROUP_SECONDS = 300


def pane_context(room: Room, user: Any, *, at: int | None = None) -> dict[str, Any]:
    """Messages as rows for the template, who is here, how far each has read: the latest, or those around number `at`.

    Raises Missing for a stranger.
    """
    people = list(room.memberships.filter(left_at__isnull=True).select_related("user__profile"))
    mine = next((row for row in people if row.user_id == user.pk), None)
    if mine is None:
        raise Missing()
    others = [row for row in people if row.user_id != user.pk]
    later = reading.later_than(mine, at) if at is not None else []
    gap = len(later) >= reading.HISTORY // 2  # more may follow than is shown
    history = reading.history(mine, before=at + 1) + later if gap and at is not None else reading.history(mine)
    shown = as_read(history, since=mine.joined_seq, reader=user)
    avoided = blocks.of(user)
    return {
        "room": room,
        "closed": blocked.refusal_in(room, user),
        "rows": rows_of(shown, user, mine.read_seq, avoided=avoided),
        "memberships": people,
        "others": [row.user for row in others],
        "other": _other(room, [row.user for row in others]),
        "silenced_until": mine.silenced_until if mine.silenced_until and mine.silenced_until > now() else None,
        "unread": _unread(mine, history, gap, set() if room.kind in blocked.WORK else avoided),
        "read_by_others": receipts.read_by_all(others, user),
        "shows_reading": user.shows_reading,
        "read_seq": mine.read_seq,
        "older": len(history) >= reading.HISTORY,
        "gap": gap,
        "mine": mine,
        "most_files": settings.SKILLLINK["FILES_PER_GIG"],
        "names": [row.user.name for row in people] if len(people) > 2 else [row.user.name for row in others],
    }


def _unread(mine: Membership, history: list[Any], gap: bool, unheard: set[Any]) -> int:
    """What `reading.unread` says of this room; the database counts only what reaches beyond what is shown."""
    if gap or (len(history) >= reading.HISTORY and history[0].seq > mine.read_seq):
        return reading.unread(mine.user).get(mine.room_id, 0)
    others = (row for row in history if row.author_id not in {None, mine.user_id, *unheard} and row.deleted_at is None)
    return sum(row.seq > mine.read_seq for row in others)


def rows_of(
    dictionaries: list[dict[str, Any]], user: Any, read_seq: int = 10**18, *, avoided: set[Any] | None = None
) -> list[dict[str, Any]]:
    """Add what depends on the neighbour and the reader: a new day, the first of a group, mine, the unread divider.

    What people say whom the reader has blocked, `avoided`, is folded, also where it is quoted.
    """
    rows: list[dict[str, Any]] = []
    folded = {str(pk) for pk in (blocks.of(user) if avoided is None else avoided)}
    previous: dict[str, Any] | None = None
    for message in dictionaries:
        at = timezone.localtime(parse_datetime(message["at"]))
        author = message["author"]["id"] if message["author"] else ""
        if author in folded and message["html"]:
            message |= {"html": _folded(message["html"]), "cards": []}
        if message["reply_to"] and message["reply_to"].get("author") in folded:
            message |= {"reply_to": message["reply_to"] | {"name": "", "body": _("From somebody you blocked")}}
        first = (
            previous is None
            or previous["author_id"] != author
            or (at - previous["when"]).total_seconds() > GROUP_SECONDS
        )
        row = {
            "message": message,
            "when": at,
            "author_id": author,
            "mine": author == str(user.pk),
            "folded": author in folded,
            "day": at.date() if previous is None or previous["when"].date() != at.date() else None,
            "first": first,
            "signs": [
                {"sign": sign, "n": len(given), "mine": str(user.pk) in given}
                for sign, given in message["reactions"].items()
            ],
            "to_me": any(named["id"] == str(user.pk) for named in message["mentions"]),
            "unread_here": message["seq"] > read_seq
            and author != str(user.pk)
            and not any(earlier["unread_here"] for earlier in rows),
        }
        rows.append(row)
        previous = row
    return rows


def single_rows(membership: Membership, ids: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows of these messages, each as it stands after the one before it."""
    reader, avoided = membership.user, blocks.of(membership.user)
    pairs = reading.with_earlier(membership, ids)
    messages = {message for pair in pairs for message in pair if message}
    shown = as_read(messages, since=membership.joined_seq, reader=reader)
    read = {message["id"]: message for message in shown}
    rows = []
    for pair in pairs:
        together = [dict(read[str(message.pk)]) for message in pair if message]
        rows.append(rows_of(together, reader, avoided=avoided)[-1])
    return rows


def _folded(html: Any) -> Any:
    """The words of somebody whom the reader has blocked, behind a press: a group goes on around them."""
    return format_html("<details><summary>{}</summary>{}</details>", _("From somebody you blocked"), html)


def room_rows(user: Any) -> list[dict[str, Any]]:
    """My rooms, latest first, each with its other people, its unread count and whether it is muted. Five queries."""
    rooms = list(Room.objects.visible_to(user).order_by("-last_at")[:100])
    counts = reading.unread(user)
    people = dict(
        Membership.objects.filter(room__in=rooms, left_at__isnull=True).values_list("room").annotate(n=Count("pk"))
    )
    others = _others(rooms, user)
    muted = set(Membership.objects.filter(user=user, muted=True).values_list("room_id", flat=True))
    return [
        {
            "room": room,
            "other": _other(room, others.get(room.pk, [])),
            "people": people.get(room.pk, 0),
            "unread": counts.get(room.pk, 0),
            "muted": room.pk in muted,
        }
        for room in rooms
    ]


def names(rooms: Iterable[Room], user: Any) -> dict[Any, str]:
    """What a person calls each room, by id: its title, beside the other's name where it is of two. One query."""
    rooms = list(rooms)
    others = _others(rooms, user)
    found = {}
    for room in rooms:
        other = _other(room, others.get(room.pk, []))
        found[room.pk] = " · ".join(filter(None, [str(other or ""), room.title])) or str(room)
    return found


def _others(rooms: list[Room], user: Any) -> dict[Any, list[Any]]:
    """The other people of those rooms that are of two, by the room's id."""
    of_two = [room for room in rooms if room.kind not in Room.KEPT]
    found: dict[Any, list[Any]] = {}
    for row in Membership.objects.filter(room__in=of_two, left_at__isnull=True).select_related("user__profile"):
        if row.user_id != user.pk:
            found.setdefault(row.room_id, []).append(row.user)
    return found


def _other(room: Room, others: list[Any]) -> Any:
    """The one whom a room of two is with; a group or a gig's questions stay that, also with one other person in it."""
    return others[0] if len(others) == 1 and room.kind not in Room.KEPT else None
