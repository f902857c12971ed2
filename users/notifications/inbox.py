"""Telling one person one thing: a row in their numbered log, an e-mail in the outbox, a hint on their open pages."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from skilllink import counters, prepared
from skilllink.clocks import now
from skilllink.realtime import topics
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users import preferences
from users.models import Delivery, Notification, NotificationCounter, Preference, PushSubscription, User
from users.notifications.sentences import SENTENCES, group_of
from users.notifications.timing import mail_due
from users.zones import zone_of


@inside_transaction
def notify(recipient: Any, event: str, *, actor: Any = None, url: str = "", **params: Any) -> Notification:
    """Write one notification. `event` must be in `sentences.SENTENCES` (else KeyError: a programming error)."""
    (written,) = writing([draft(recipient, event, actor=actor, url=url, **params)])()
    return written


def draft(recipient: Any, event: str, *, actor: Any = None, url: str = "", **params: Any) -> Notification:
    """What `writing` writes, without its number. `recipient` may be an id."""
    if event not in SENTENCES:
        raise KeyError(f"No sentence for the event {event!r}; add it to users/notifications/sentences.py.")
    facts = {key: str(value) for key, value in params.items()}
    recipient_id = getattr(recipient, "pk", recipient)
    return prepared.new(Notification, recipient_id=recipient_id, actor=actor, event=event, params=facts, url=url)


def writing(notes: Sequence[Notification]) -> Callable[[], Sequence[Notification]]:
    """Ask for the numbers of the notifications, in their order; what is returned writes them with e-mails, and pushes.

    Few statements however many.
    """
    people = {note.recipient_id for note in notes}
    number = counters.number_soon(notes, "recipient_id", NotificationCounter, "seq")
    listening = _listening(people)
    wishes = preferences.of(people, {group_of(note.event) for note in notes})

    def write() -> Sequence[Notification]:
        number()
        for note in notes:
            wish = wishes.get((note.recipient_id, group_of(note.event)))
            note.rings = wish is None or wish.bell
        prepared.insert(notes, [*_mails(notes, wishes), *_pushes(notes, wishes, listening())])
        for note in notes:
            push(f"user:{note.recipient_id}", {"type": "notification.created", "seq": note.seq})
        return notes

    return write


@inside_transaction
def mail_to(person: Any, addresses: Iterable[str], kind: str, subject_id: Any) -> None:
    """What the source of this `kind` says is mailed to further addresses of a person, by the next relay."""
    Delivery.objects.bulk_create(
        Delivery(recipient=person, address=address, subject_kind=kind, subject_id=subject_id, due_at=now())
        for address in addresses
    )


@inside_transaction
def lock(people: Iterable[Any]) -> None:
    """Lock the counters of these people, by id, for whoever is about to tell several of them something."""
    rows = NotificationCounter.objects.select_for_update().filter(user__in=people).order_by("pk")
    list(rows.values_list("pk", flat=True))


@verb
def mark_read(user: Any, *, upto: int | None = None, ids: list[Any] | None = None) -> int:
    """Mark the person's notifications read: the given ones, or all up to a number. Returns how many were unread.

    Raises Ahead past the last number.
    """
    if upto is not None and upto > (last := head(user.pk)):
        raise topics.Ahead(head=last)
    rows = Notification.objects.filter(recipient=user, read_at__isnull=True)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    if upto is not None:
        rows = rows.filter(seq__lte=upto)
    changed = rows.update(read_at=now())
    if changed:
        push(f"user:{user.pk}", {"type": "notification.read"})
    return changed


def unread(user: Any) -> int:
    return Notification.objects.filter(recipient=user, read_at__isnull=True).count()


def ringing(user: Any) -> int:
    """What the bell counts: unread, of the groups that the person lets ring."""
    return Notification.objects.filter(recipient=user, read_at__isnull=True, rings=True).count()


def head(user_id: Any) -> int:
    """The last number of a person's log, 0 for an empty one."""
    return NotificationCounter.objects.filter(pk=user_id).values_list("seq", flat=True).first() or 0


@verb
def forget_old() -> int:
    """Drop what is older than the history that is kept. Returns how many rows."""
    before = now() - timedelta(days=settings.SKILLLINK["NOTIFICATION_HISTORY"].days)
    return Notification.objects.filter(created_at__lt=before).delete()[0]


def _mails(notes: Iterable[Notification], wishes: Mapping[tuple[Any, str], Preference]) -> Iterator[Delivery]:
    delay = settings.SKILLLINK["NOTIFICATION_MAIL_DELAY"]
    for note in notes:
        due: datetime | None = now() + delay
        if wish := wishes.get((note.recipient_id, group_of(note.event))):
            due = mail_due(wish.mail, now(), zone_of(wish.user.timezone), delay=delay)
        if due is not None:
            yield prepared.new(Delivery, notification=note, recipient_id=note.recipient_id, due_at=due)


def _pushes(
    notes: Iterable[Notification], wishes: Mapping[tuple[Any, str], Preference], listening: Set[Any]
) -> Iterator[Delivery]:
    """At once, to whoever asked for it in a browser."""
    for note in notes:
        wish = wishes.get((note.recipient_id, group_of(note.event)))
        if note.recipient_id in listening and (wish is None or wish.push):
            yield prepared.new(
                Delivery,
                notification=note,
                recipient_id=note.recipient_id,
                channel=Delivery.Channel.PUSH,
                due_at=now(),
            )


def _listening(people: Set[Any]) -> Callable[[], set[Any]]:
    """Which of these people, by id, have a browser that takes pushes. Nobody's does without the server's key."""
    if not settings.VAPID_PRIVATE_KEY:
        return set
    key: Any = User._meta.pk
    table, places = PushSubscription._meta.db_table, ", ".join(["%s"] * len(people))
    wanted = [key.get_db_prep_value(pk, connection) for pk in people]
    rows = prepared.ask_soon(f"SELECT DISTINCT user_id FROM {table} WHERE user_id IN ({places})", wanted)  # noqa: S608
    return lambda: {key.to_python(pk) for (pk,) in rows()}
