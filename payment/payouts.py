"""Money out: reserved with the wish, queued for a batch, sent under one key, settled or voided, never both (L14).

`source → in_transit` when it is asked for; `in_transit → gateway` when the bank has it; back when it failed or was
cancelled. The source is what a person has available, or a cause's account; the bank account says which. Its end has one key in the ledger, so that there is only one. A gateway that gives no answer leaves it
reserved: it is asked again under the same key.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from payment import accounts, gateways, halt, ledger, payout_holds, payout_methods, quarantine, references, wishes
from payment.gateways.base import Event, Rejected, Sent, Unanswered
from payment.gateways.patience import next_time
from payment.mismatch import Mismatch
from payment.models import Account, Payout, PayoutMethod
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Conflict, Missing, Unavailable, Unprocessable
from skilllink.moments import written
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users.notifications import inbox
from users.standing import require_active

log = structlog.get_logger(__name__)
BATCH = 100
DAY = timedelta(days=1)
Status = Payout.Status


class NotAvailable(Conflict):
    code = "payout.not_available"
    sentence = _("Only {available} of your earnings is available. Nothing was moved; ask for that much or less.")


class NotInCause(NotAvailable):
    sentence = _(
        "Only {available} of what was given to this cause is here. Nothing was moved; ask for that much or less."
    )


class NotConfirmed(Conflict):
    code = "payout.not_confirmed"
    sentence = _("This bank account isn’t confirmed. Nothing was moved; confirm it on the payout page, then ask again.")


class StillWaiting(Conflict):
    code = "payout.method_waits"
    sentence = _("This bank account is new and can be used from {day} on. Nothing was moved; ask again then.")


class OnHold(Conflict):
    code = "payout.on_hold"
    sentence = _(
        "Your payouts are on hold until {day} because of this: “{reason}”. Nothing was moved; write to us if that is wrong."
    )


class Halted(Conflict):
    code = "payout.halted"
    sentence = _(
        "Money stands still while we check the books. Nothing was moved and nothing is lost; ask again when the notice is gone."
    )


class Owing(Conflict):
    code = "payout.owing"
    sentence = _("You owe {owed} after a chargeback. Nothing was moved; pay it from your wallet, then ask again.")


class TooSmall(Unprocessable):
    code = "payout.too_small"
    sentence = _("A payout is {least} or more. Nothing was moved.")


class OtherWish(Conflict):
    code = "payout.other_wish"
    sentence = _("This was already asked for with other figures. Nothing was moved.")


class Gone(Conflict):
    code = "payout.gone"
    sentence = _("This payout is not in the queue any more: {state}. Nothing was changed.")


# --- asking for one -------------------------------------------------------------------------------


@verb
def request(user: Any, method: PayoutMethod, amount: int, currency: str, *, token: str) -> Payout:
    """source → in_transit: `amount` minor units go to `method` with the next batch; a cause's bank account takes the cause's.

    `token` names the wish: the same one twice is one payout. Raises Halted, OnHold, NotConfirmed, StillWaiting, Owing,
    payout_methods.NotVerified, NotAvailable (409 with the way out), TooSmall, money.BadAmount for a figure, or for a currency that isn't the
    method's.
    """
    require_active(user)
    money.exponent(currency)
    money.check_minor(amount)
    wishes.require_token(token)
    mine = PayoutMethod.objects.visible_to(user).filter(pk=method.pk, ended_at=None)
    kept = mine.select_related("cause").select_for_update(of=("self",)).first()
    if kept is None or (kept.cause is not None and kept.cause.keeper_id != user.pk):
        raise Missing()
    if there := Payout.objects.filter(user=user, token=token).first():
        if (there.amount, there.currency, there.method_id) != (amount, currency, kept.pk):
            raise OtherWish()
        return there
    _require_currency(kept, amount, currency)
    _require_allowed(user, kept)
    _require_figure(kept, amount)
    return _write(kept, amount, token)


@verb
def cancel(payout: Payout, *, by: Any) -> Payout:
    """in_transit → source, while it is in the queue or on hold. Raises Gone, Missing for somebody else's."""
    require_active(by)
    row = _locked(payout)
    if row.user_id != by.pk:
        raise Missing()
    if row.status == Status.CANCELLED:
        return row
    _move(row, Status.CANCELLED)
    row.ended_at = now()
    row.save()
    _give_back(row, "payout_cancelled")
    _tell(row)
    return row


def place(payout: Payout) -> int:
    """How many that a batch would take are before or with it, this one included: 1 is the next, 0 is not one of them."""
    if payout.status != Status.REQUESTED or payout.waits_for_two:
        return 0
    before = Q(due_at__lt=payout.due_at) | Q(due_at=payout.due_at, pk__lte=payout.pk)
    return _let_go(Payout.objects.filter(before, status=Status.REQUESTED)).count()


def waits_for(payout: Payout) -> str:
    """What keeps a payout in the queue from its batch: "approval" by two of finance, a "debt" after a chargeback, or ""."""
    if payout.status != Status.REQUESTED:
        return ""
    if payout.waits_for_two:
        return "approval"
    return "debt" if payout.cause_id is None and _debts().filter(user=payout.user_id).exists() else ""


def next_batch() -> datetime:
    """When what is asked for now is sent: the next full PAYOUT_BATCH_EVERY of the day, UTC."""
    every: timedelta = settings.SKILLLINK["PAYOUT_BATCH_EVERY"]
    midnight = now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + every * ((now() - midnight) // every + 1)


def promise(payout: Payout) -> datetime | None:
    """When the bank has it at the latest: the batch and the bank's time. None while it isn't known whether it goes."""
    if payout.status == Status.ON_HOLD or waits_for(payout):
        return None
    bank: timedelta = settings.SKILLLINK["PAYOUT_BANK_TIME"]
    return (payout.sent_at or max(payout.due_at, payout.approved_at or payout.due_at)) + bank


def least(currency: str) -> int:
    """The smallest payout, minor units."""
    return int(settings.SKILLLINK["PAYOUT_MINIMUM"][currency])


def alone(currency: str) -> int:
    """How much a person or a cause gets paid out within a day without two people of finance, minor units."""
    return int(settings.SKILLLINK["PAYOUT_ALONE"][currency])


# --- sending and asking again ---------------------------------------------------------------------


def sweep() -> int:
    """Send the batch that is due, and ask about what was sent. Returns how many payouts moved on."""
    due = Payout.objects.filter(status=Status.REQUESTED, due_at__lte=now()).order_by("due_at", "pk")
    due = _let_go(due).exclude(cause__isnull=True, user__in=_debts().values("user"))
    sent = sum(_send(row) for row in list(due[:BATCH]))
    unknown = Payout.objects.filter(status=Status.PROCESSING, check_at__lte=now()).order_by("check_at")
    return sent + sum(_ask_again(row) for row in list(unknown[:BATCH]))


def heard(gateway: str, event: Event) -> None:
    """An event about a payout: ask the gateway and record. Raises Mismatch, Unanswered."""
    about = event.object
    found = Payout.objects.filter(gateway=gateway, pk=references.read("payout", event.reference))
    row = found.select_related("method").first()
    if row is None or event.account != row.method.gateway_id:
        raise Mismatch(_("The gateway names a payout that is none of ours."))
    if (about.get("amount"), str(about.get("currency", "")).upper()) != (row.amount, row.currency):
        raise Mismatch(_("The event is about another amount or currency than the payout."))
    if row.status in (Status.REQUESTED, Status.ON_HOLD, Status.CANCELLED):
        raise Mismatch(_("The gateway sent a payout that was not sent here."))
    row.gateway_id = row.gateway_id or str(about.get("id"))
    record(row, _sent(row))


def require_known(gateway: str, event: Event) -> None:
    """Raises Mismatch when money of ours was moved for a payout that we know nothing of, as after a restore."""
    ours = Payout.objects.filter(gateway=gateway, pk=references.read("payout", event.reference))
    if event.reference.startswith("payout:") and not ours.exists():
        raise Mismatch(_("The gateway names a payout that is none of ours."))


@verb
def record(payout: Payout, sent: Sent) -> int:
    """What the gateway says; 1 when the payout has ended by it. Raises Mismatch for another amount or object."""
    row = _locked(payout)
    if (sent.amount, sent.currency) != (row.amount, row.currency):
        raise Mismatch(_("The gateway sent another amount or currency."))
    if row.gateway_id and sent.id and sent.id != row.gateway_id:
        raise Mismatch(_("The gateway sent this payout twice."))
    if row.status in (Status.PAID, Status.FAILED):
        if {"paid": Status.PAID, "failed": Status.FAILED, "pending": row.status}[sent.status] != row.status:
            raise Mismatch(_("The gateway changed its mind about a payout that has ended."))
        return 0
    row.gateway_id = sent.id or row.gateway_id
    if sent.status == "pending":
        row.check_at = next_time(row.checks)
        row.save()
        return 0
    return _end(row, sent)


# --- the steps ------------------------------------------------------------------------------------


def _require_currency(method: PayoutMethod, amount: int, currency: str) -> None:
    if currency != method.currency:
        text = _("This account takes {currency}.").format(currency=method.currency)
        raise money.BadAmount(text, fields={"currency": text})
    money.check_step(amount, currency, gateways.of(method.gateway).step(currency))


def _let_go(rows: Any) -> Any:
    """Those that don't wait for two people of finance."""
    return rows.exclude(needs_two=True, approved_at__isnull=True)


def _debts() -> Any:
    """What people owe after a chargeback: while it isn't paid, nothing is paid out to them in any currency."""
    return Account.objects.filter(kind=Account.Kind.RECEIVABLE, balance__lt=0)


def _require_no_debt(row: Payout | PayoutMethod) -> None:
    """Who owes is paid out nothing; what a cause's keeper owes, the cause doesn't."""
    debt = _debts().filter(user=row.user_id).first() if row.cause_id is None else None
    if debt:
        raise Owing(owed=money.format_money(-debt.balance, debt.currency))


def _require_allowed(user: Any, method: PayoutMethod) -> None:
    """Whether any payout is possible at all; each refusal says the way out."""
    if halt.in_force():
        raise Halted()
    if hold := payout_holds.in_force(user):
        raise OnHold(day=written(hold.until), reason=hold.reason)
    if method.cause is not None:
        payout_methods.require_verified(method.cause)
    if method.confirmed_at is None or method.usable_at is None:
        raise NotConfirmed()
    if method.usable_at > now():
        raise StillWaiting(day=written(method.usable_at))
    _require_no_debt(method)


def _require_figure(method: PayoutMethod, amount: int) -> None:
    currency, refusal = method.currency, NotAvailable if method.cause is None else NotInCause
    there = accounts.locked(accounts.source(method)).balance or 0
    if amount > there:
        raise refusal(available=money.format_money(there, currency))
    if amount < least(currency):
        sentence = str(TooSmall.sentence).format(least=money.format_money(least(currency), currency))
        raise TooSmall(sentence, fields={"amount": sentence})


def _of_this_day(method: PayoutMethod) -> int:
    """What its source was asked for since this time yesterday and did not get back: many small ones are as good as a large."""
    of_source = Payout.objects.of(method.user, method.cause).filter(currency=method.currency)
    asked = of_source.filter(created_at__gt=now() - DAY)
    kept = asked.exclude(status__in=(Status.CANCELLED, Status.FAILED))
    return int(kept.aggregate(total=Sum("amount"))["total"] or 0)


@inside_transaction
def _write(method: PayoutMethod, amount: int, token: str) -> Payout:
    row = Payout.objects.create(
        user=method.user, cause=method.cause, method=method, amount=amount, currency=method.currency, token=token,
        gateway=method.gateway, due_at=next_batch(), needs_two=amount + _of_this_day(method) > alone(method.currency),
    )  # fmt: skip
    lines = [(accounts.source(row), -amount), (accounts.in_transit(row), amount)]
    ledger.post.within(f"payout:{row.pk}:reserve", "payout", lines)
    if row.waits_for_two:
        _notify(row, "payout.waits_for_two")
    else:
        _notify(row, "payout.requested", day=written(row.due_at))
    _tell(row)
    return row


def _send(row: Payout) -> int:
    try:
        began = _begin(row)
    except (Conflict, Unavailable) as refusal:
        log.info("payout.not_sent", payout=str(row.pk), why=str(refusal))
        return 0
    if began.status == Status.PROCESSING:
        _ask(began)
    return 1


@verb
def _begin(payout: Payout) -> Payout:
    """Requested → processing, judged again: whoever is cut off after this is found by the sweep.

    Raises Gone, Owing, halt.Halted.
    """
    row = _locked(payout)
    halt.require_running()
    _require_no_debt(row)
    if row.waits_for_two:
        raise Gone(state=row.get_status_display())
    if payout_holds.in_force(row.user):  # it began while this one was asked for
        _move(row, Status.ON_HOLD)
    else:
        _move(row, Status.PROCESSING)
        row.sent_at, row.check_at = now(), next_time(0)
    row.save()
    _tell(row)
    return row


def _ask_again(row: Payout) -> int:
    claimed = Payout.objects.filter(pk=row.pk, status=Status.PROCESSING, check_at=row.check_at)
    if not claimed.update(checks=F("checks") + 1, check_at=next_time(row.checks + 1)):
        return 0  # another sweep asks
    return _ask(row)


def _ask(row: Payout) -> int:
    """Send it, or ask how it stands. Without an answer it stays reserved. 1 when it has ended."""
    sent: Sent | None = None
    try:
        sent = _sent(row)
        return record(row, sent)
    except (Unanswered, Unavailable) as silence:
        log.warning("payout.unanswered", payout=str(row.pk), error=str(silence))
        return 0
    except (Mismatch, Rejected) as fault:
        quarantine.keep(row.gateway, _reference(row), sent, str(fault))
        return 0


def _sent(row: Payout) -> Sent:
    """How it stands at the gateway; what failed there is brought back to the platform before it counts as failed."""
    gateway, account = gateways.of(row.gateway), row.method.gateway_id
    try:
        if row.gateway_id:
            sent = gateway.sent(row.gateway_id, account)
        else:
            sent = gateway.send(_reference(row), account, row.amount, row.currency)
    except Rejected as refusal:
        sent = Sent("", row.amount, row.currency, "failed", str(refusal))
    if sent.status == "failed":
        gateway.void(_reference(row), account, row.amount, row.currency)
    return sent


def _reference(row: Payout) -> str:
    return f"payout:{row.pk}"


@inside_transaction
def _end(row: Payout, sent: Sent) -> int:
    _move(row, Status.PAID if sent.status == "paid" else Status.FAILED)
    row.failure, row.ended_at, row.check_at = sent.failure[:200], now(), None
    row.save()
    if row.status == Status.PAID:
        lines = [(accounts.in_transit(row), -row.amount), (accounts.gateway(row.currency), row.amount)]
        ledger.post.within(f"payout:{row.pk}:end", "payout_paid", lines)
        _notify(row, "payout.paid")
    else:
        _give_back(row, "payout_failed")
        _notify(row, "payout.failed", reason=row.failure)
    _tell(row)
    return 1


@inside_transaction
def _give_back(row: Payout, kind: str) -> None:
    lines = [(accounts.in_transit(row), -row.amount), (accounts.source(row), row.amount)]
    ledger.post.within(f"payout:{row.pk}:end", kind, lines)


def _locked(payout: Payout) -> Payout:
    return Payout.objects.select_for_update(of=("self",)).select_related("method", "user", "cause").get(pk=payout.pk)


def _move(row: Payout, status: str) -> None:
    if status not in Payout.MOVES[row.status]:
        raise Gone(state=row.get_status_display())
    row.status = status


def _notify(row: Payout, event: str, **facts: Any) -> None:
    figure = money.format_money(row.amount, row.currency)
    if row.cause is not None:
        event, facts = f"cause.{event.replace('.', '_')}", facts | {"cause": row.cause.title}
    inbox.notify(row.user, event, url=f"/wallet/payout/{row.pk}/", amount=figure, method=row.method, **facts)


def _tell(row: Payout) -> None:
    push(f"user:{row.user_id}", {"type": "payout.changed"})
    if row.cause_id is not None:
        push(f"cause:{row.cause_id}", {"type": "payout.changed"})
