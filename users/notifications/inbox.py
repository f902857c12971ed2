"""Telling one person one thing: a row in their numbered log, an e-mail in the outbox, a hint on their open pages."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F

from skilllink.clocks import now
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users.models import Delivery, Notification, NotificationCounter, Preference
from users.notifications.sentences import ALWAYS, SENTENCES, group_of


@inside_transaction
def notify(recipient: Any, event: str, *, actor: Any = None, url: str = "", **params: Any) -> Notification:
    """Write one notification. `event` must be in `sentences.SENTENCES` (else KeyError: a programming error)."""
    if event not in SENTENCES:
        raise KeyError(f"No sentence for the event {event!r}; add it to users/notifications/sentences.py.")
    notification = Notification.objects.create(
        recipient=recipient,
        actor=actor,
        seq=_next(recipient),
        event=event,
        params={key: str(value) for key, value in params.items()},
        url=url,
    )
    if _wants_mail(recipient, event):
        due = now() + settings.SKILLLINK["NOTIFICATION_MAIL_DELAY"]
        Delivery.objects.create(notification=notification, due_at=due)
    push(f"user:{recipient.pk}", {"type": "notification.created", "seq": notification.seq})
    return notification


@verb
def mark_read(user: Any, *, upto: int | None = None, ids: list[Any] | None = None) -> int:
    """Mark the person's notifications read: the given ones, or all up to a number. Returns how many were unread."""
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


def head(user_id: Any) -> int:
    """The last number of a person's log, 0 for an empty one."""
    return NotificationCounter.objects.filter(pk=user_id).values_list("seq", flat=True).first() or 0


@verb
def forget_old() -> int:
    """Drop what is older than the history that is kept. Returns how many rows."""
    before = now() - timedelta(days=settings.SKILLLINK["NOTIFICATION_HISTORY"].days)
    return Notification.objects.filter(created_at__lt=before).delete()[0]


def _next(recipient: Any) -> int:
    NotificationCounter.objects.get_or_create(user=recipient)
    NotificationCounter.objects.filter(user=recipient).update(seq=F("seq") + 1)
    return head(recipient.pk)


def _wants_mail(recipient: Any, event: str) -> bool:
    group = group_of(event)
    if group in ALWAYS:
        return True
    return not Preference.objects.filter(user=recipient, group=group, email=False).exists()
