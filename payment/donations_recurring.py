"""Donations that repeat: every renewal is announced DONATION_NOTICE before, and stops in one click until it is given.

A pledge names the first renewal that isn't announced yet. Announcing writes the renewal's row; only a row that was
announced long enough ago is given. So a weekly pledge begins with its notice's time, and late notices push renewals.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from payment import halt
from payment.models import Cause, Pledge, Renewal
from skilllink import moments, money
from skilllink.clocks import now
from skilllink.errors import Conflict, Missing, Refusal, Sentence, Unavailable
from skilllink.transactions import inside_transaction, verb
from users.notifications import inbox
from users.standing import require_active

log = structlog.get_logger(__name__)
BATCH = 100
ATTEMPTS = 8
SALT = "pledge.stop"


class Stopped(Conflict):
    code = "pledge.stopped"
    sentence = _("This donation has already stopped. Nothing more is given, and nothing was changed.")


def period(every: str) -> timedelta:
    return settings.SKILLLINK["DONATION_WEEKLY" if every == Pledge.Every.WEEK else "DONATION_MONTHLY"]  # type: ignore[no-any-return]


def notice() -> timedelta:
    return settings.SKILLLINK["DONATION_NOTICE"]  # type: ignore[no-any-return]


def first_renewal(every: str) -> timedelta:
    """How long after the first donation the second one comes: a period, and never before its notice's time."""
    return max(period(every), notice())


@inside_transaction
def begin(giver: Any, to: Any, amount: int, currency: str, *, every: str, visibility: str, note: str) -> Pledge:
    """The pledge behind a donation that repeats. `to` is a person or a cause."""
    moment = now()
    due = moment + first_renewal(every)
    target = {"cause": to} if isinstance(to, Cause) else {"person": to}
    return Pledge.objects.create(
        giver=giver, amount=amount, currency=currency, visibility=visibility, note=note, every=every,
        started_at=moment, next_at=due, notice_at=due - notice(), **target,
    )  # fmt: skip


@inside_transaction
def announce(pledge: Pledge) -> list[Renewal]:
    """Announce every renewal whose notice is due: the row, and a notification that can stop it. The pledge is locked."""
    made = []
    while pledge.notice_at <= now():
        number = pledge.renewals.count() + 1
        moment = now()
        due = max(pledge.next_at, moment + notice())
        row = Renewal.objects.create(pledge=pledge, number=number, noticed_at=moment, due_at=due)
        pledge.next_at = due + period(pledge.every)
        pledge.notice_at = pledge.next_at - notice()
        pledge.save(update_fields=["next_at", "notice_at"])
        _tell(pledge, "donation.announced", day=_day(pledge.giver, due))
        made.append(row)
    return made


@verb
def stop(pledge: Any, *, by: Any) -> Pledge:
    """The giver stops it: nothing more is given. Raises Stopped, Missing for anyone else's."""
    row = lock(getattr(pledge, "pk", pledge))
    if by is None or row.giver_id != by.pk:
        raise Missing()
    return end(row)


@verb
def stop_by_link(token: str) -> Pledge:
    """The same from the mail, by its signed link alone; one that has stopped is answered as it is."""
    row = lock(by_link(token).pk)
    return row if row.status == Pledge.Status.STOPPED else end(row)


@inside_transaction
def end(row: Pledge) -> Pledge:
    """Stop a locked pledge and every announced renewal of it."""
    if row.status != Pledge.Status.ACTIVE:
        raise Stopped()
    moment = now()
    row.status, row.stopped_at = Pledge.Status.STOPPED, moment
    row.save(update_fields=["status", "stopped_at"])
    row.renewals.filter(outcome="").update(outcome=Renewal.Outcome.STOPPED, ended_at=moment)
    _tell(row, "donation.stopped")
    return row


def link(pledge: Pledge) -> str:
    """The address on which the pledge stops in one click, without signing in."""
    return reverse("payment:pledge_stop_link", args=[Signer(salt=SALT).sign(str(pledge.pk))])


def by_link(token: str) -> Pledge:
    """The pledge of a signed link. Raises Missing."""
    try:
        return Pledge.objects.select_related("person", "cause", "giver").get(pk=Signer(salt=SALT).unsign(token))
    except (BadSignature, Pledge.DoesNotExist) as error:
        raise Missing() from error


def next_renewal(pledge: Pledge) -> Renewal | None:
    return next((row for row in pledge.renewals.all() if not row.outcome), None)


def missed(pledge: Pledge) -> Renewal | None:
    """The last renewal that had its day, if it could not be given."""
    last = next((row for row in reversed(list(pledge.renewals.all())) if row.outcome), None)
    return last if last is not None and last.outcome == Renewal.Outcome.MISSED else None


def of_giver(user: Any) -> "QuerySet[Pledge]":
    return (
        Pledge.objects.visible_to(user)
        .select_related("person__profile", "cause")
        .prefetch_related("renewals")
        .order_by("status", "-id")
    )


# --- the clock ------------------------------------------------------------------------------------


def sweep() -> int:
    """Announce and give what is due, each in a transaction of its own. Returns how many rows were finished.

    Nothing is tried while money stands still. A row that fails is logged and goes to the back.
    """
    if halt.in_force():
        return 0
    notices = Pledge.objects.active().filter(notice_at__lte=now()).order_by("notice_at").values_list("pk", flat=True)
    done = sum(_try(announce_due, pk) for pk in list(notices[:BATCH]))
    due = Renewal.objects.filter(outcome="", due_at__lte=now(), attempts__lt=ATTEMPTS).order_by("attempts", "due_at")
    done += sum(_try(renew, pk) for pk in list(due.values_list("pk", flat=True)[:BATCH]))
    broken = Renewal.objects.filter(outcome="", attempts__gte=ATTEMPTS)
    return done + sum(_try(give_up, pk) for pk in list(broken.values_list("pk", flat=True)[:BATCH]))


def _try(step: Any, pk: Any) -> int:
    try:
        return int(step(pk))
    except Unavailable as refusal:
        log.info("donation.waits", row=str(pk), code=refusal.code)
    except Exception:
        log.exception("donation.failed", row=str(pk))
        Renewal.objects.filter(pk=pk, attempts__lt=ATTEMPTS).update(attempts=F("attempts") + 1)
    return 0


@verb
def announce_due(pk: Any) -> bool:
    """Announce the renewals of one pledge whose notice is due. False when another sweep did, or it has stopped."""
    row = lock(pk)
    return row.status == Pledge.Status.ACTIVE and bool(announce(row))


@verb
def renew(pk: Any) -> bool:
    """Give one announced renewal, or say why it can't be given. False when it was stopped or given meanwhile.

    Lock order: the cause, accounts, the pledge, its renewal.
    """
    from payment import donations  # which begins pledges

    pledge = Pledge.objects.select_related("person", "cause", "giver").get(renewals=pk)
    donations.lock(pledge.giver, pledge.target, pledge.currency)
    pledge = lock(pledge.pk)
    renewal = Renewal.objects.select_for_update().get(pk=pk)
    if renewal.outcome or renewal.due_at > now():
        return False
    wish = {"visibility": pledge.visibility, "note": pledge.note, "pledge": pledge}
    try:
        with transaction.atomic():
            require_active(pledge.giver)
            donations.check(pledge.giver, pledge.target, pledge.amount, pledge.currency)
            renewal.donation = donations.hand_over(
                pledge.giver, pledge.target, pledge.amount, pledge.currency, token=f"renewal:{renewal.pk}", **wish
            )
    except Unavailable:
        raise  # what can't be done now is done later
    except Refusal as refusal:
        return _miss(pledge, renewal, refusal.sentence)
    renewal.outcome, renewal.ended_at = Renewal.Outcome.GIVEN, now()
    renewal.save(update_fields=["donation", "outcome", "ended_at"])
    _tell(pledge, "donation.renewed")
    return True


@verb
def give_up(pk: Any) -> bool:
    """A renewal that broke ATTEMPTS times is missed, and its giver is told; the next one is announced as ever."""
    pledge = lock(Pledge.objects.values_list("pk", flat=True).get(renewals=pk))
    renewal = Renewal.objects.select_for_update().get(pk=pk)
    if renewal.outcome or renewal.attempts < ATTEMPTS:
        return False
    return _miss(pledge, renewal, _("Something on our side broke. Nothing was moved, and this one isn’t tried again."))


@inside_transaction
def _miss(pledge: Pledge, renewal: Renewal, why: Sentence) -> bool:
    with _words_of(pledge.giver):
        renewal.reason = str(why)[:300]
    renewal.outcome, renewal.ended_at = Renewal.Outcome.MISSED, now()
    renewal.save(update_fields=["outcome", "reason", "ended_at"])
    _tell(pledge, "donation.missed", reason=renewal.reason)
    return True


@inside_transaction
def lock(pk: Any) -> Pledge:
    """The pledge, locked and read afresh. Raises Missing."""
    rows = Pledge.objects.select_for_update(of=("self",)).select_related("person", "cause__keeper", "giver")
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Missing()
    return row


def _tell(pledge: Pledge, event: str, **facts: str) -> None:
    amount = money.format_money(pledge.amount, pledge.currency)
    address = "/donations/" if event == "donation.stopped" else link(pledge)
    inbox.notify(pledge.giver, event, url=address, amount=amount, name=pledge.target_name, **facts)


def _day(person: Any, at: datetime) -> str:
    with _words_of(person), timezone.override(person.timezone):
        return moments.written(at)


def _words_of(person: Any) -> Any:
    return translation.override(person.language)
