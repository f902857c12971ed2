"""Money in: a row, the gateway's call outside any transaction, the row's end with one transfer."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from payment import accounts, ledger
from payment.gateways.base import Gateway, Intent
from payment.gateways.sandbox import Sandbox
from payment.models import Deposit
from payment.signals import deposit_settled
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Conflict
from skilllink.realtime.push import push
from skilllink.transactions import verb
from users.notifications import inbox
from users.standing import require_active


class Ended(Conflict):
    code = "deposit.ended"
    sentence = _("This deposit has already ended: {state}. Nothing was charged again.")


class Mismatch(Conflict):
    code = "deposit.mismatch"
    sentence = _("The gateway answered with another amount. Nothing was credited; we look into it.")


def gateway() -> Gateway:
    """The gateway new deposits go through."""
    return Sandbox()


@verb
def request(user: Any, amount: int, currency: str) -> Deposit:
    """Write down the wish. Amount in minor units. Raises money.BadAmount."""
    require_active(user)
    money.exponent(currency)
    money.check_minor(amount)
    return Deposit.objects.create(user=user, amount=amount, currency=currency, gateway=gateway().name)


def pay(deposit: Deposit, *, card: str) -> Deposit:
    """Ask the gateway to charge `card`. Safe to repeat: the payment's key is the deposit's id.

    Raises Ended when there is nothing to pay any more, sandbox.UnknownCard for a number that isn't a card.
    """
    if deposit.status != Deposit.Status.REQUESTED:
        raise Ended(state=deposit.get_status_display().lower())
    intent = gateway().create(deposit.amount, deposit.currency, idempotency_key=f"deposit:{deposit.pk}")
    return record(deposit, gateway().confirm(intent.id, card=card))


def confirm(deposit: Deposit, *, approved: bool) -> Deposit:
    """The person's answer to the bank's question. Raises Ended when it isn't waiting for one."""
    if deposit.status != Deposit.Status.NEEDS_CONFIRMATION:
        raise Ended(state=deposit.get_status_display().lower())
    return record(deposit, gateway().complete(deposit.gateway_id, approved=approved))


@verb
def record(deposit: Deposit, intent: Intent) -> Deposit:
    """Bring the row to what the gateway says; money moves once, whatever is repeated or comes twice."""
    row = Deposit.objects.select_for_update().get(pk=deposit.pk)
    if (intent.amount, intent.currency) != (row.amount, row.currency):
        raise Mismatch()
    target = {"succeeded": "settled", "failed": "failed", "requires_action": "needs_confirmation"}.get(intent.status)
    if target is None or target == row.status or target not in Deposit.MOVES[row.status]:
        return row
    row.status, row.gateway_id, row.failure = target, intent.id, intent.error
    row.ended_at = now() if target in ("settled", "failed") else None
    row.gateway_fee = intent.fee
    row.save()
    if target == "settled":
        _credit(row)
    push(f"user:{row.user_id}", {"type": f"deposit.{target}"})
    return row


def _credit(row: Deposit) -> None:
    lines = [
        (accounts.gateway(row.currency), row.gateway_fee - row.amount),
        (accounts.gateway_fees(row.currency), -row.gateway_fee),
        (accounts.wallet(row.user, row.currency), row.amount),
    ]
    ledger.post(f"deposit:{row.pk}:settle", "deposit", [line for line in lines if line[1]])
    inbox.notify(row.user, "deposit.settled", url="/wallet/", amount=money.format_money(row.amount, row.currency))
    deposit_settled.send(sender=Deposit, deposit=row)
