"""The relay: sends what the outbox still holds, one mail per address and turn. Safe beside other relays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import ngettext

from skilllink import clocks
from skilllink.transactions import verb
from users import letters, preferences
from users.models import Delivery, Preference, User
from users.notifications import leaving, sources
from users.notifications.sentences import ALWAYS, URGENT, group_of
from users.notifications.sources import Later, News
from users.standing import stop

log = structlog.get_logger(__name__)
ATTEMPTS = 8
LEASE = timedelta(minutes=5)
MOST_OF_ONE = 500  # lines in one mail


@dataclass(frozen=True, slots=True)
class Line:
    """What one row of the outbox says in the mail; `sent` is called in the transaction that notes it as sent."""

    row: Delivery
    sentence: str
    url: str
    quotes: Sequence[str] = ()
    sent: Callable[[], Any] | None = None


def relay() -> dict[str, int]:
    """Send every due e-mail. Returns counts: sent, skipped (no news any more), later (quiet hours), failed."""
    counts = {"sent": 0, "skipped": 0, "later": 0, "failed": 0}
    while batch := _claim():
        mails: dict[tuple[User, str], list[Delivery]] = {}
        for row in batch:
            mails.setdefault((row.recipient, row.address), []).append(row)
        wishes = preferences.of({person for person, _address in mails}, preferences.OPTIONAL)
        for (person, _address), rows in mails.items():
            _deliver(person, rows, {group: row for (pk, group), row in wishes.items() if pk == person.pk}, counts)
    return counts


@verb
def _claim() -> list[Delivery]:
    """Take up to 100 due rows and what else is due for the same people, out of reach of other relays for five minutes.

    No network in here.
    """
    due = Delivery.objects.filter(status="waiting", due_at__lte=clocks.now()).order_by("due_at", "pk")
    due = due.select_related("notification", "recipient")
    rows = clocks.claim(due)
    people = {row.recipient_id for row in rows}
    taken = {row.pk for row in rows}
    rows += clocks.claim(due.filter(recipient__in=people).exclude(pk__in=taken), MOST_OF_ONE) if rows else []
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=clocks.now() + LEASE)
    return rows


def _deliver(person: User, rows: list[Delivery], wishes: dict[str, Preference], counts: dict[str, int]) -> None:
    stopped = not person.is_active or stop(person) is not None
    quiet_until = preferences.quiet_until(person, clocks.now())
    lines: list[Line] = []
    with translation.override(person.language):
        for row in rows:
            found = _judge(row, wishes, quiet_until, stopped=stopped)
            if isinstance(found, Line):
                lines.append(found)
            elif isinstance(found, Later):
                _put_off(row, found.at)
                counts["later"] += 1
            else:
                _end([row], Delivery.Status.SKIPPED)
                counts["skipped"] += 1
    if not lines:
        return
    try:
        _mail(person, lines).send()
    except OSError as error:  # smtplib's errors are OSErrors
        log.warning("mail.failed", person=str(person.pk), error=str(error))
        _try_later([line.row for line in lines], str(error))
        counts["failed"] += len(lines)
        return
    _end([line.row for line in lines], Delivery.Status.SENT, [line.sent for line in lines if line.sent])
    counts["sent"] += len(lines)


def _judge(
    row: Delivery, wishes: dict[str, Preference], quiet_until: datetime, *, stopped: bool
) -> Line | Later | None:
    """What there is to say of a row now: a line, not yet, or nothing any more."""
    note = row.notification
    if note is not None and note.read_at is not None:
        return None
    if stopped and not (note is not None and note.event.startswith(("sanction.", "appeal."))):
        return None
    group = _group(row)
    wish = wishes.get(group)
    if wish is not None and wish.mail == Preference.Mail.NEVER:
        return None
    if quiet_until > clocks.now() and group not in URGENT:
        return Later(quiet_until)
    if note is not None:
        return Line(row, note.sentence, note.url)
    news = sources.of(row.subject_kind).news(row.recipient, row.subject_id)
    return Line(row, news.sentence, news.url, news.quotes, news.sent) if isinstance(news, News) else news


def _group(row: Delivery) -> str:
    return group_of(row.notification.event) if row.notification else sources.of(row.subject_kind).group


def _mail(person: User, lines: list[Line]) -> EmailMultiAlternatives:
    """To the address of the first line, which is that of all."""
    address = lines[0].row.address
    with translation.override(person.language):
        first, more = lines[0].sentence, len(lines) - 1
        subject = first if not more else first + " " + ngettext("(and %d more)", "(and %d more)", more) % more
        leave = "" if all(_group(line.row) in ALWAYS for line in lines) else leaving.address(person)
        # on one line each: what people wrote in a reason must not become a paragraph, so never a button of ours
        told = [
            {"sentence": _one_line(line.sentence), "url": line.url, "quotes": [_one_line(text) for text in line.quotes]}
            for line in lines
        ]
        context = {
            "person": person,
            "notifications": told,
            "SITE_URL": settings.SITE_URL,
            "leave": leave,
            "elsewhere": address,
        }
        text = render_to_string("emails/notifications.txt", context)
        return letters.compose(
            [address or person.email], subject, text, headers=leaving.headers(leave) if leave else None
        )


def _one_line(text: str) -> str:
    return " ".join(text.split())


@verb
def _end(rows: list[Delivery], status: str, then: Sequence[Callable[[], Any]] = ()) -> None:
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(status=status)
    for step in then:
        step()


@verb
def _put_off(row: Delivery, at: datetime) -> None:
    Delivery.objects.filter(pk=row.pk).update(due_at=at)


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
