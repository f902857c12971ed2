"""Money in: a row, the gateway's call outside any transaction, the row's end with one transfer.

Whatever happens in between, the gateway's own picture of the payment decides: `record` brings the row to it, whether
the answer came at once, by an event in any order, or to the sweep that asks again.
"""

from typing import Any

import structlog
from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from payment import accounts, chargebacks, deposit_returns, gateways, halt, ledger, quarantine, references
from payment.gateways.base import Gateway, Payment, Rejected, Unanswered
from payment.gateways.patience import next_time
from payment.gateways.sandbox.cards import method_of
from payment.mismatch import Mismatch
from payment.models import Deposit
from payment.signals import deposit_settled
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Conflict, Unavailable
from skilllink.realtime.push import push
from skilllink.transactions import verb
from users.notifications import inbox
from users.standing import require_active

log = structlog.get_logger(__name__)
BATCH = 50
Status = Deposit.Status
STATES = {
    "open": Status.REQUESTED,
    "needs_confirmation": Status.NEEDS_CONFIRMATION,
    "succeeded": Status.SETTLED,
    "failed": Status.FAILED,
}

__all__ = ["Ended", "Mismatch", "checkout", "confirm", "look_up", "pay", "record", "request", "sweep"]


class Ended(Conflict):
    code = "deposit.ended"
    sentence = _("This deposit has already ended: {state}. Nothing was charged again.")


class NotHere(Conflict):
    code = "deposit.not_here"
    sentence = _(
        "The card is typed on the payment provider’s page. Nothing was charged; go on from the deposit’s page."
    )


@verb
def request(user: Any, amount: int, currency: str) -> Deposit:
    """Write down the wish. Amount in minor units. Raises money.BadAmount."""
    require_active(user)
    halt.require_running()
    money.exponent(currency)
    money.check_minor(amount)
    gateway = gateways.current()
    money.check_step(amount, currency, gateway.step(currency))
    return Deposit.objects.create(user=user, amount=amount, currency=currency, gateway=gateway.name)


def pay(deposit: Deposit, *, card: str) -> Deposit:
    """Ask the gateway to charge a test card. Safe to repeat: one deposit is one payment there, which succeeds once.

    Without an answer the deposit stays as it is and the sweep asks again. Raises halt.Halted before anything is charged
    while money stands still, Ended when there is nothing to pay any more, cards.UnknownCard for a number that isn't a card, NotHere where cards are typed at the gateway.
    """
    gateway = _typed_here(deposit, Status.REQUESTED)
    method = method_of(card)
    _begin(deposit)
    try:
        payment = gateway.open(reference(deposit), deposit.amount, deposit.currency)
        record(deposit, payment, asking=True)
        payment = gateway.pay(payment.id, method=method, key=f"{reference(deposit)}:{method}")
        return record(deposit, _ended_if_declined(gateway, payment))
    except (Unanswered, Unavailable):
        return _asked(deposit)  # what was charged is credited when the gateway answers or money moves again
    except Rejected as refusal:
        return _fail(deposit, str(refusal))


def confirm(deposit: Deposit, *, approved: bool) -> Deposit:
    """The person's answer to the sandbox bank's question.

    Raises Ended when it isn't waiting for one, NotHere, and halt.Halted before anything is charged.
    """
    gateway = _typed_here(deposit, Status.NEEDS_CONFIRMATION)
    _begin(deposit)
    gateway.answer(deposit.gateway_id, approved=approved)
    try:
        return look_up(deposit)
    except (Unanswered, Unavailable):
        return _asked(deposit)


def checkout(deposit: Deposit) -> str:
    """The address of the gateway's page for this deposit, the same one each time; empty when the gateway refuses it,
    by which it fails. Raises Ended, Unanswered.
    """
    if deposit.gateway_page:
        return deposit.gateway_page
    _require(deposit, Status.REQUESTED)
    gateway = gateways.of(deposit.gateway)
    back = settings.SITE_URL + reverse("payment:deposit", args=[deposit.pk])
    try:
        page = gateway.page(reference(deposit), deposit.amount, deposit.currency, back=back)
    except Rejected as refusal:
        return _fail(deposit, str(refusal)).gateway_page
    Deposit.objects.filter(pk=deposit.pk, status=Status.REQUESTED).update(
        gateway_session=page.id, gateway_page=page.url, check_at=next_time(0)
    )
    return page.url


def look_up(deposit: Deposit) -> Deposit:
    """Ask the gateway how it stands and record it. Raises Unanswered, Mismatch."""
    payment = _answer(deposit)
    return deposit if payment is None else record(deposit, payment)


def sweep() -> int:
    """Ask about a batch of deposits of which no answer came. Returns how many were answered."""
    due = Deposit.objects.filter(check_at__lte=now()).order_by("check_at")
    return sum(_ask_again(row) for row in list(due[:BATCH]))


@verb
def record(deposit: Deposit, payment: Payment, *, asking: bool = False) -> Deposit:
    """Bring the row to what the gateway says; money moves once, whatever is repeated or comes twice.

    `asking` while another question is on its way. Raises Mismatch for another amount, currency or object: nothing moves.
    """
    row = Deposit.objects.select_for_update(of=("self",)).get(pk=deposit.pk)
    _require_same(row, payment)
    settled = _advance(row, payment)
    row.gateway_id = payment.id or row.gateway_id
    row.failure = payment.error[:200] if row.status == Status.FAILED else ""
    if not asking:
        row.asked_at = None
        row.check_at = next_time(row.checks) if row.gateway_session and row.ended_at is None else None
    row.save()
    if settled:
        _credit(row)
    if row.status in Deposit.CAPTURED and STATES[payment.status] == Status.SETTLED:
        deposit_returns.record(row, payment.refunds)
        chargebacks.record(row, payment.contests)
    return row


def reference(deposit: Deposit) -> str:
    """What the gateway calls our row, and the key under which it is asked."""
    return f"deposit:{deposit.pk}"


def of_reference(gateway: str, name: str) -> Deposit | None:
    """The deposit that a gateway's object names, if it is one of ours."""
    return Deposit.objects.filter(gateway=gateway, pk=references.read("deposit", name)).first()


def _require(deposit: Deposit, status: str) -> None:
    if deposit.status != status:
        raise Ended(state=deposit.get_status_display().lower())


def _typed_here(deposit: Deposit, status: str) -> Any:
    """The gateway of a deposit that waits in `status` for what is typed on our own page: the sandbox. Raises Ended, NotHere."""
    _require(deposit, status)
    gateway = gateways.of(deposit.gateway)
    if gateway.hosted:
        raise NotHere()
    return gateway


def _require_same(row: Deposit, payment: Payment) -> None:
    if payment.reference != reference(row) or (row.gateway_id and payment.id != row.gateway_id):
        raise Mismatch(_("This payment is not the one of our deposit."))
    if payment.currency != row.currency:
        raise Mismatch(_("The gateway charged another currency."))
    if payment.amount != row.amount:
        raise Mismatch(_("The gateway charged another amount."))


def _advance(row: Deposit, payment: Payment) -> bool:
    """Move the state; whether the money has just come in."""
    target = STATES[payment.status]
    if row.status in Deposit.CAPTURED:
        if target == Status.FAILED:
            raise Mismatch(_("The gateway takes back that it charged this deposit."))
        return False  # an answer from before it was charged, overtaken by a later one
    if target == row.status:
        return False
    if target not in Deposit.MOVES[row.status]:
        if target == Status.SETTLED:
            raise Mismatch(_("The gateway charged a deposit that has failed here."))
        return False  # what failed here stays failed, whatever the gateway still keeps open
    row.status, row.gateway_fee = target, payment.fee
    row.ended_at = now() if target in (Status.SETTLED, Status.FAILED) else None
    push(f"user:{row.user_id}", {"type": f"deposit.{target}"})
    return target == Status.SETTLED


def _credit(row: Deposit) -> None:
    lines = [
        (accounts.gateway(row.currency), row.gateway_fee - row.amount),
        (accounts.gateway_fees(row.currency), -row.gateway_fee),
        (accounts.wallet(row.user, row.currency), row.amount),
    ]
    ledger.post.within(f"deposit:{row.pk}:settle", "deposit", [line for line in lines if line[1]])
    inbox.notify(row.user, "deposit.settled", url="/wallet/", amount=money.format_money(row.amount, row.currency))
    deposit_settled.send(sender=Deposit, deposit=row)


@verb
def _begin(deposit: Deposit) -> Deposit:
    """Remember that the gateway is asked, before it is: whoever is cut off here is found by the sweep."""
    halt.require_running()
    return _asked.within(deposit)


@verb
def _asked(deposit: Deposit) -> Deposit:
    """The gateway was asked and its answer isn't known; the sweep asks again."""
    row = Deposit.objects.select_for_update(of=("self",)).get(pk=deposit.pk)
    if row.ended_at is None:
        row.asked_at, row.check_at = row.asked_at or now(), next_time(row.checks)
        row.save(update_fields=["asked_at", "check_at"])
    return row


@verb
def _fail(deposit: Deposit, why: str) -> Deposit:
    """The gateway refused the request itself, so that nothing can have been charged."""
    row = Deposit.objects.select_for_update(of=("self",)).get(pk=deposit.pk)
    if row.status in (Status.REQUESTED, Status.NEEDS_CONFIRMATION):
        row.status, row.failure, row.ended_at = Status.FAILED, why[:200], now()
        row.asked_at = row.check_at = None
        row.save()
        push(f"user:{row.user_id}", {"type": "deposit.failed"})
    return row


def _ended_if_declined(gateway: Gateway, payment: Payment) -> Payment:
    """A declined card ends the payment at the gateway too: nobody can charge it later."""
    return gateway.cancel(payment.id) if payment.status == "open" and payment.error else payment


def _answer(deposit: Deposit) -> Payment | None:
    """What the gateway says of it now; None while its page hasn't led to a payment."""
    gateway = gateways.of(deposit.gateway)
    if deposit.gateway_id:
        payment = gateway.payment(deposit.gateway_id)
    elif deposit.gateway_session:
        found = gateway.payment_of_page(deposit.gateway_session)
        if found is None:
            return None
        payment = found
    else:  # the same key: the payment that is there, or one that nobody has charged
        payment = gateway.open(reference(deposit), deposit.amount, deposit.currency)
    return payment if gateway.hosted else _ended_if_declined(gateway, payment)


def _ask_again(row: Deposit) -> int:
    claimed = Deposit.objects.filter(pk=row.pk, check_at=row.check_at)
    if not claimed.update(checks=F("checks") + 1, check_at=next_time(row.checks + 1)):
        return 0  # another sweep asks
    payment: Payment | None = None
    try:
        payment = _answer(row)
        if payment is not None:
            record(row, payment)
    except (Unanswered, Unavailable) as silence:
        log.warning("deposit.unanswered", deposit=str(row.pk), error=str(silence))
        return 0
    except (Mismatch, Rejected) as fault:
        quarantine.keep(row.gateway, reference(row), payment, str(fault))
        return 0
    return 1
