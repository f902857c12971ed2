"""What stays unread is mailed: one line per person and room, with what is unread when it is sent, never the same twice.

A message sets its room's clock unless it runs. The sweep puts those who are behind into the outbox; the relay asks
`news` when it sends, so that what was read, deleted or edited meanwhile is told as it is then.
"""

from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Subquery
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat import hiding, presence, reading
from chat.models import Membership, Message, Room
from skilllink import clocks
from skilllink.transactions import inside_transaction, verb
from users import preferences
from users.models import Delivery, PushSubscription
from users.notifications import sources
from users.notifications.sources import Later, News
from users.notifications.timing import mail_due
from users.zones import zone_of

KIND, GROUP = "room", "messages"
QUOTED, QUOTED_CHARACTERS = 3, 200
ROOMS_AT_ONCE = 20


def due_after(room: Room) -> datetime:
    """The room's clock once somebody has said something: as it runs, or begun now."""
    return room.unread_due_at or clocks.now() + settings.SKILLLINK["CHAT_MAIL_DELAY"]


@verb
def sweep() -> int:
    """Put whoever has had a message unread for CHAT_MAIL_DELAY into the outbox. Returns how many rooms were looked at."""
    due = Room.objects.filter(unread_due_at__lte=clocks.now()).order_by("unread_due_at")
    rooms = clocks.claim(due, ROOMS_AT_ONCE)
    for room in rooms:
        _queue(room)
    return len(rooms)


def _queue(room: Room) -> None:
    delay, at = settings.SKILLLINK["CHAT_MAIL_DELAY"], clocks.now()
    behind = list(_behind(room))
    wishes = preferences.of({row.user_id for row in behind}, [GROUP])
    soon: list[datetime] = []
    rows: list[Delivery] = []
    for row in behind:
        if row.since + delay > at:
            soon.append(row.since + delay)
            continue
        wish = wishes.get((row.user_id, GROUP))
        when = mail_due(wish.mail, row.since, zone_of(wish.user.timezone), delay=delay) if wish else at
        told = {"recipient_id": row.user_id, "subject_kind": KIND, "subject_id": room.pk}
        if when is not None and not row.mail_waits:
            rows.append(Delivery(**told, due_at=when))
        if row.listens and not row.push_waits and (wish is None or wish.push):
            rows.append(Delivery(**told, channel=Delivery.Channel.PUSH, due_at=at))
    Delivery.objects.bulk_create(rows)
    Room.objects.filter(pk=room.pk).update(unread_due_at=min(soon, default=None))


def _behind(room: Room) -> Any:
    """Members with something unread that no mail has told; `since` when the first was said, and what waits to be sent."""
    unread = reading.unread_past(OuterRef("user"), Greatest(OuterRef("read_seq"), OuterRef("mailed_seq")))
    waiting = Delivery.objects.filter(
        recipient=OuterRef("user"), subject_kind=KIND, subject_id=room.pk, status=Delivery.Status.WAITING
    )
    members = Membership.objects.filter(room=room, left_at__isnull=True, muted=False).annotate(
        since=Subquery(unread.filter(room=room).order_by("seq").values("at")[:1]),
        mail_waits=Exists(waiting.filter(channel=Delivery.Channel.MAIL)),
        push_waits=Exists(waiting.filter(channel=Delivery.Channel.PUSH)),
        listens=Exists(PushSubscription.objects.filter(user=OuterRef("user"))),
    )
    return members.filter(since__isnull=False)


def news(person: Any, room_id: Any) -> News | Later | None:
    """What the mail says of a room: what is unread now. Later while the person looks at it."""
    row = Membership.objects.filter(room=room_id, user=person, left_at__isnull=True).select_related("room").first()
    if row is None or row.muted:
        return None
    unread = reading.unread_past(person, max(row.read_seq, row.mailed_seq)).filter(room=row.room)
    last = list(unread.select_related("author", "room").order_by("-seq")[:QUOTED])
    if not last:
        return None
    if str(person.pk) in presence.here(row.room_id):
        return Later(clocks.now() + settings.SKILLLINK["CHAT_MAIL_DELAY"])
    return News(
        sentence=_sentence(row.room, last[0], unread.count()),
        url=row.room.get_absolute_url(),
        quotes=tuple(_quote(message) for message in reversed(last)),
        sent=partial(_mailed, row.pk, last[0].seq),
    )


def _sentence(room: Room, last: Message, n: int) -> str:
    if room.kind == Room.Kind.DIRECT:
        text = ngettext("{n} unread message from {who}", "{n} unread messages from {who}", n)
        return text.format(n=n, who=last.author)
    return ngettext("{n} unread message in “{room}”", "{n} unread messages in “{room}”", n).format(n=n, room=room)


def _quote(message: Message) -> str:
    words = " ".join(hiding.words(message.body, message.room).split())
    if len(words) > QUOTED_CHARACTERS:
        words = words[: QUOTED_CHARACTERS - 1] + "…"
    return f"{message.author}: {words or _('sent a file')}"


@inside_transaction
def _mailed(membership_id: Any, upto: int) -> None:
    Membership.objects.filter(pk=membership_id).update(mailed_seq=Greatest(F("mailed_seq"), upto))


def register() -> None:
    clocks.register("room.unread", sweep)
    sources.register(KIND, sources.Source(GROUP, news))
