"""The relay: sends what the outbox still holds, one mail per address and turn, one push per line. Safe beside other relays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import uniform
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import ngettext

from skilllink import clocks
from skilllink.transactions import verb
from users import letters, preferences, push
from users.models import Delivery, Preference, User
from users.notifications import leaving, sources, web_push
from users.notifications.sentences import ALWAYS, URGENT, group_of
from users.notifications.sources import Later, News
from users.standing import stop

log = structlog.get_logger(__name__)
ATTEMPTS = 8
LEASE = timedelta(minutes=5)
MOST_OF_ONE = 500  # lines in one mail
PUSHED = 500  # characters of a sentence; a push message is small
TOGETHER = 5  # push messages at once; more, as after quiet hours, are told in one, and a turn never outlasts its lease


@dataclass(frozen=True, slots=True)
class Line:
    """What one row of the outbox says in the mail; `sent` is called in the transaction that notes it as sent."""

    row: Delivery
    sentence: str
    url: str
    quotes: Sequence[str] = ()
    sent: Callable[[], Any] | None = None


Send = Callable[[User, list[Line]], None]


def relay() -> dict[str, int]:
    """Send what is due. Returns counts: sent, skipped (no news any more), later (quiet hours), failed."""
    counts = {"sent": 0, "skipped": 0, "later": 0, "failed": 0}
    while batch := _claim():
        turns: dict[tuple[User, str, str], list[Delivery]] = {}
        for row in sorted(batch, key=lambda row: row.channel == Delivery.Channel.MAIL):  # what a mail told is no news
            turns.setdefault((row.recipient, row.channel, row.address), []).append(row)
        wishes = preferences.of({person for person, _channel, _address in turns}, preferences.OPTIONAL)
        for (person, channel, _address), claimed in turns.items():
            rows = _renew(claimed)
            if channel == Delivery.Channel.PUSH and not push.browsers(person):
                _end(rows, Delivery.Status.SKIPPED)
                counts["skipped"] += len(rows)
            elif rows:
                mine = {group: row for (pk, group), row in wishes.items() if pk == person.pk}
                _deliver(person, _push if channel == Delivery.Channel.PUSH else _mail, rows, mine, counts)
    return counts


@verb
def _claim() -> list[Delivery]:
    """Take up to 100 due rows and what else is due for the same people, out of reach of other relays for five minutes.

    No network in here.
    """
    due = _waiting().filter(due_at__lte=clocks.now()).order_by("due_at", "pk")
    rows = clocks.claim(due)
    people = {row.recipient_id for row in rows}
    taken = {row.pk for row in rows}
    rows += clocks.claim(due.filter(recipient__in=people).exclude(pk__in=taken), MOST_OF_ONE) if rows else []
    return _lease(rows)


@verb
def _renew(rows: list[Delivery]) -> list[Delivery]:
    """Those that are still ours, as they are now, for five minutes more.

    What is slow before them may use up their time, and then another relay takes them.
    """
    ours = _waiting().filter(pk__in=[row.pk for row in rows], due_at=rows[0].due_at).order_by("pk")
    return _lease(clocks.claim(ours, len(rows)))


def _waiting() -> "QuerySet[Delivery]":
    return Delivery.objects.filter(status="waiting").select_related("notification", "recipient")


def _lease(rows: list[Delivery]) -> list[Delivery]:
    until = clocks.now() + LEASE
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=until)
    for row in rows:
        row.due_at = until
    return rows


def _deliver(
    person: User, send: Send, rows: list[Delivery], wishes: dict[str, Preference], counts: dict[str, int]
) -> None:
    stopped = not person.is_active or stop(person) is not None
    quiet_until = preferences.quiet_until(person, clocks.now())
    lines: list[Line] = []
    with translation.override(person.language):
        for row in rows:
            try:
                found = _judge(row, wishes, quiet_until, stopped=stopped)
            except Exception as error:  # one that can't be told keeps nobody's news back
                log.exception("delivery.unreadable", delivery=row.pk)
                _try_later([row], type(error).__name__)
                counts["failed"] += 1
                continue
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
        send(person, lines)
        _end([line.row for line in lines], Delivery.Status.SENT, [line.sent for line in lines if line.sent])
    except Exception as error:  # whatever it is: others still get theirs, and these not without end
        expected = isinstance(error, OSError | web_push.Failed)  # smtplib's errors are OSErrors
        log.warning(
            "delivery.failed", way=send.__name__, person=str(person.pk), error=str(error), exc_info=not expected
        )
        _try_later([line.row for line in lines], str(error) if expected else type(error).__name__)
        counts["failed"] += len(lines)
        return
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
    if wish is not None and not _is_wanted(row, wish):
        return None
    if quiet_until > clocks.now() and group not in URGENT:
        return Later(quiet_until)
    if note is not None:
        return Line(row, note.sentence, note.url)
    news = sources.of(row.subject_kind).news(row.recipient, row.subject_id)
    if not isinstance(news, News):
        return news
    told_by_push = row.channel == Delivery.Channel.PUSH  # which names no words, so the mail is still to come
    return Line(row, news.sentence, news.url, news.quotes, None if told_by_push else news.sent)


def _is_wanted(row: Delivery, wish: Preference) -> bool:
    return wish.push if row.channel == Delivery.Channel.PUSH else wish.mail != Preference.Mail.NEVER


def _group(row: Delivery) -> str:
    return group_of(row.notification.event) if row.notification else sources.of(row.subject_kind).group


def _push(person: User, lines: list[Line]) -> None:
    """To every browser that asked, and to all of them again when one of their services is away.

    One that shows a line still puts the same in its place. A browser that is refused for good keeps none of the others
    waiting, nor are they told again because of it.
    """
    with translation.override(person.language):
        messages = _messages(lines)
    is_urgent = any(_group(line.row) in URGENT for line in lines)
    failed: list[web_push.Failed] = []
    told = False
    for browser in push.browsers(person):
        to = web_push.Browser(browser.endpoint, bytes(browser.key), bytes(browser.secret))
        try:
            if all(web_push.send(to, message, at=clocks.now(), urgent=is_urgent) for message in messages):
                told = True
            else:
                push.drop(browser)
        except web_push.Failed as error:
            log.warning("push.failed", person=str(person.pk), error=str(error))
            failed.append(error)
    again = [error for error in failed if not (told and isinstance(error, web_push.Refused))]
    if again:
        raise again[0]


def _messages(lines: list[Line]) -> list[dict[str, str]]:
    """What a browser shows: one for each line, or one for all of many."""
    if (n := len(lines)) > TOGETHER:
        text = ngettext("%d piece of news waits for you.", "%d pieces of news wait for you.", n) % n
        return [{"body": text, "url": "/notifications/", "tag": "many"}]
    return [
        {
            "body": _one_line(line.sentence)[:PUSHED],
            "url": line.url or "/notifications/",
            "tag": str(line.row.notification_id or line.row.subject_id),
        }
        for line in lines
    ]


def _mail(person: User, lines: list[Line]) -> None:
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
        headers = {"Message-ID": _number(lines), **(leaving.headers(leave) if leave else {})}
        letters.compose([address or person.email], subject, text, headers=headers).send()


def _number(lines: list[Line]) -> str:
    """The same mail has the same number: one that is sent again, because nobody noted it, is folded into the first."""
    rows = " ".join(sorted(str(line.row.pk) for line in lines))
    return f"<{sha256(rows.encode()).hexdigest()[:32]}@{urlsplit(settings.SITE_URL).hostname}>"


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
