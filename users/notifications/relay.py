"""The relay: sends what the outbox still holds, one mail per person and turn. Safe beside other relays."""

from datetime import timedelta
from random import uniform

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.signing import Signer
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import ngettext

from skilllink import clocks
from skilllink.transactions import verb
from users import letters
from users.models import Delivery, User
from users.standing import stop

log = structlog.get_logger(__name__)
ATTEMPTS = 8
LEASE = timedelta(minutes=5)


def relay() -> dict[str, int]:
    """Send every due e-mail. Returns counts: sent, skipped (already read), failed."""
    counts = {"sent": 0, "skipped": 0, "failed": 0}
    while batch := _claim():
        by_person: dict[User, list[Delivery]] = {}
        for row in batch:
            by_person.setdefault(row.notification.recipient, []).append(row)
        for person, rows in by_person.items():
            _deliver(person, rows, counts)
    return counts


@verb
def _claim() -> list[Delivery]:
    """Take up to 100 due rows and put them out of reach of other relays for five minutes; no network in here."""
    due = Delivery.objects.filter(status="waiting", due_at__lte=clocks.now()).order_by("due_at")
    rows = clocks.claim(due.select_related("notification__recipient"))
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=clocks.now() + LEASE)
    return rows


def _deliver(person: User, rows: list[Delivery], counts: dict[str, int]) -> None:
    unread = [row for row in rows if row.notification.read_at is None and _may_get(person, row)]
    _end([row for row in rows if row not in unread], Delivery.Status.SKIPPED)
    counts["skipped"] += len(rows) - len(unread)
    if not unread:
        return
    try:
        _mail(person, unread).send()
    except OSError as error:  # smtplib's errors are OSErrors
        log.warning("mail.failed", person=str(person.pk), error=str(error))
        _try_later(unread, str(error))
        counts["failed"] += len(unread)
        return
    _end(unread, Delivery.Status.SENT)
    counts["sent"] += len(unread)


def _may_get(person: User, row: Delivery) -> bool:
    return person.is_active and (row.notification.event.startswith(("sanction.", "appeal.")) or stop(person) is None)


def _mail(person: User, rows: list[Delivery]) -> EmailMultiAlternatives:
    with translation.override(person.language):
        notifications = [row.notification for row in rows]
        first = notifications[0].sentence
        more = len(notifications) - 1
        subject = first if not more else first + " " + ngettext("(and %d more)", "(and %d more)", more) % more
        leave = f"{settings.SITE_URL}/notifications/unsubscribe/{Signer(salt='unsubscribe').sign(str(person.pk))}/"
        # on one line each: what people wrote in a reason must not become a paragraph, so never a button of ours
        lines = [{"sentence": " ".join(row.sentence.split()), "url": row.url} for row in notifications]
        context = {"person": person, "notifications": lines, "SITE_URL": settings.SITE_URL, "leave": leave}
        text = render_to_string("emails/notifications.txt", context)
        headers = {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        return letters.compose([person.email], subject, text, headers=headers)


@verb
def _end(rows: list[Delivery], status: str) -> None:
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(status=status)


@verb
def _try_later(rows: list[Delivery], error: str) -> None:
    """Exponential backoff with jitter; after eight attempts the row stays, visible in the admin."""
    for row in rows:
        row.attempts += 1
        row.error = error[:200]
        if row.attempts >= ATTEMPTS:
            row.status = Delivery.Status.DEAD
        row.due_at = clocks.now() + timedelta(seconds=30 * 2**row.attempts * uniform(0.8, 1.2))
        row.save()
