"""Unspent deposited money back to the card it came from: reserved with the wish, sent by the sweep, known by its end."""

from typing import Any

import structlog
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from payment import accounts, gateways, ledger, quarantine, references, wishes
from payment.gateways.base import Refund, Rejected, Unanswered
from payment.gateways.patience import next_time
from payment.mismatch import Mismatch
from payment.models import Deposit, DepositReturn, Transfer
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Conflict, Missing, Unavailable
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users.notifications import inbox
from users.standing import require_active

log = structlog.get_logger(__name__)
BATCH = 50
Status = DepositReturn.Status


class NotLeft(Conflict):
    code = "deposit.not_left"
    sentence = _(
        "Of this deposit {left} can go back: the rest was spent, sent back or charged back. Nothing was moved."
    )


class OtherWish(Conflict):
    code = "deposit.other_return"
    sentence = _("This was already asked for with another amount. Nothing was moved.")


@verb
def request(deposit: Deposit, *, by: Any, amount: int, token: str) -> DepositReturn:
    """wallet → gateway: `amount` minor units on the way back to its source; the sweep sends them.

    `token` names the wish: the same one twice is one return. Raises Missing for somebody else's deposit, NotLeft when
    less than that is left of it or in the wallet, money.BadAmount.
    """
    require_active(by)
    money.check_minor(amount)
    wishes.require_token(token)
    row = Deposit.objects.select_for_update(of=("self",)).filter(pk=deposit.pk, user=by).first()
    if row is None:
        raise Missing()
    if there := DepositReturn.objects.filter(deposit=row, token=token).first():
        if there.amount != amount:
            raise OtherWish()
        return there
    money.check_step(amount, row.currency, gateways.of(row.gateway).step(row.currency))
    left = returnable(row)
    if amount > left:
        raise NotLeft(left=money.format_money(left, row.currency))
    found = DepositReturn.objects.create(deposit=row, amount=amount, token=token, check_at=now())
    lines = [(accounts.wallet(row.user, row.currency), -amount), (accounts.gateway(row.currency), amount)]
    ledger.post.within(f"return:{found.pk}:send", "deposit_return", lines)
    _change(row, amount)
    _tell(row)
    return found


def returnable(deposit: Deposit) -> int:
    """How much of it can go back now, minor units: what is left of it, and still in the wallet."""
    if not deposit.left or deposit.charged_back:
        return 0
    return min(deposit.left, accounts.wallet(deposit.user, deposit.currency).balance or 0)


def sweep() -> int:
    """Send what was asked for, and ask again about what was sent. Returns how many ended."""
    due = DepositReturn.objects.filter(check_at__lte=now()).select_related("deposit").order_by("check_at")
    return sum(_send(row) for row in list(due[:BATCH]))


@inside_transaction
def record(deposit: Deposit, refunds: tuple[Refund, ...]) -> None:
    """What the gateway says about a deposit's refunds. `deposit` is locked. Raises Mismatch for what we did not ask."""
    for refund in refunds:
        rows = DepositReturn.objects.select_for_update(of=("self",)).filter(deposit=deposit)
        row = rows.filter(pk=references.read("return", refund.reference)).first()
        if row is None:
            raise Mismatch(_("The gateway refunded what was not asked for here."))
        if refund.amount != row.amount:
            raise Mismatch(_("The gateway refunded another amount."))
        _end(deposit, row, refund)


def _end(deposit: Deposit, row: DepositReturn, refund: Refund) -> None:
    if row.status != Status.REQUESTED:
        if refund.status == "failed" and row.status == Status.PAID:
            raise Mismatch(_("The gateway takes back that it refunded this."))
        return
    if refund.status == "pending":
        DepositReturn.objects.filter(pk=row.pk).update(gateway_id=refund.id)
    elif refund.status == "paid":
        row.status, row.gateway_id, row.ended_at, row.check_at = Status.PAID, refund.id, now(), None
        row.save()
        _notify(deposit, row, "deposit.returned")
    else:
        _undo(deposit, row, refund.failure)


def _undo(deposit: Deposit, row: DepositReturn, why: str) -> None:
    """gateway → wallet: it did not arrive."""
    sent = Transfer.objects.get(key=f"return:{row.pk}:send")
    lines = [
        (accounts.wallet(deposit.user, deposit.currency), row.amount),
        (accounts.gateway(deposit.currency), -row.amount),
    ]
    ledger.post.within(f"return:{row.pk}:failed", "deposit_return_failed", lines, reverses=sent)
    row.status, row.failure, row.ended_at, row.check_at = Status.FAILED, why[:200], now(), None
    row.save()
    _change(deposit, -row.amount)
    _notify(deposit, row, "deposit.return_failed")


def _send(row: DepositReturn) -> int:
    """Under the same key each time: at the gateway it is one refund, however often it is asked for."""
    claimed = DepositReturn.objects.filter(pk=row.pk, status=Status.REQUESTED, check_at=row.check_at)
    if not claimed.update(checks=F("checks") + 1, check_at=next_time(row.checks)):
        return 0  # another sweep does it
    gateway = gateways.of(row.deposit.gateway)
    try:
        refund = gateway.give_back(f"return:{row.pk}", row.deposit.gateway_id, row.amount)
    except Unanswered as silence:
        log.warning("return.unanswered", deposit_return=str(row.pk), error=str(silence))
        return 0
    except Rejected as refusal:
        refund = Refund("", row.amount, "failed", f"return:{row.pk}", str(refusal))
    try:
        return _record_one(row, refund)
    except Unavailable as halted:
        log.warning("return.later", deposit_return=str(row.pk), error=str(halted))
        return 0
    except Mismatch as fault:
        quarantine.keep(row.deposit.gateway, f"return:{row.pk}", refund, str(fault))
        return 0


@verb
def _record_one(row: DepositReturn, refund: Refund) -> int:
    deposit = Deposit.objects.select_for_update(of=("self",)).get(pk=row.deposit_id)
    record(deposit, (refund,))
    return int(refund.status != "pending")


def _change(deposit: Deposit, amount: int) -> None:
    deposit.returned += amount
    deposit.status = deposit.standing
    deposit.save(update_fields=["returned", "status"])


def _notify(deposit: Deposit, row: DepositReturn, event: str) -> None:
    figure = money.format_money(row.amount, deposit.currency)
    inbox.notify(deposit.user, event, url=f"/wallet/deposit/{deposit.pk}/", amount=figure)
    _tell(deposit)


def _tell(deposit: Deposit) -> None:
    push(f"user:{deposit.user_id}", {"type": "deposit.changed"})
