"""The ways of money through the gateway after a deposit: payouts, returns, chargebacks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from payment import accounts, chargebacks, deposit_returns, donations, ledger, payout_methods, payouts
from payment.gateways.sandbox import bank
from payment.gateways.sandbox.cards import CLOSED_BANK, GOOD_BANK
from payment.models import Deposit, DepositReturn, Payout, PayoutMethod, SandboxObject
from skilllink import clocks
from tests.builders.gateway import dispute_of, settle_down
from tests.builders.payment import bank_account, earn, put_in_wallet
from tests.faults.flow import Flow, reread
from tests.faults.flows_gifts import cause_of

LATER = timedelta(hours=1)


def _letters_lost() -> None:
    """What the gateway wrote so far is not this flow's business."""
    SandboxObject.objects.filter(kind="event").update(due_at=None)


def _told(at: datetime) -> None:
    """Everything due happens, is told and processed; what failed the first time is tried again an hour later."""
    for moment in (at, at + LATER):
        with clocks.at(moment):
            settle_down()


# --- out ------------------------------------------------------------------------------------------


def _method(cast: Any, number: str) -> PayoutMethod:
    """The freelancer's bank account with this number, the same one each time, and 20.00 more to be paid out."""
    earn(cast["freelancer"], 2_000)
    known = payout_methods.of(cast["freelancer"]).filter(last4=number[-4:]).first()
    return known or bank_account(cast["freelancer"], number=number)


def _asked(cast: Any, number: str = GOOD_BANK) -> Payout:
    method = _method(cast, number)
    return payouts.request(method.user, method, 2_000, "USD", token=_token())


def _token() -> str:
    return f"{Payout.objects.count()} asked"


def _sent(number: str) -> Callable[[Any], Payout]:
    def prepare(cast: Any) -> Payout:
        row = _submitted(_asked(cast, number))
        _letters_lost()
        return row

    return prepare


def _submitted(row: Payout) -> Payout:
    """The sweep of its batch, or the one that asks again about it."""
    row = reread(row)
    with clocks.at(row.check_at or row.due_at):
        payouts.sweep()
    return reread(row)  # type: ignore[no-any-return]


def _of_cause(cast: Any, number: str = GOOD_BANK) -> tuple[PayoutMethod, str]:
    """20.00 more in the cause's account, and the bank account that its keeper named for it."""
    cause = cause_of(cast)
    donations.give(cast["client"], cause, 2_000, "USD", token=str(put_in_wallet(cast["client"], 2_000).pk))
    known = payout_methods.of(cause.keeper, cause).filter(last4=number[-4:]).first()
    return known or bank_account(cause.keeper, number=number, cause=cause), _token()


def _asked_of_cause(cast: Any, number: str = GOOD_BANK) -> Payout:
    method, token = _of_cause(cast, number)
    return payouts.request(method.user, method, 2_000, "USD", token=token)


def _sent_of_cause(number: str) -> Callable[[Any], Payout]:
    def prepare(cast: Any) -> Payout:
        row = _submitted(_asked_of_cause(cast, number))
        _letters_lost()
        return row

    return prepare


def _arrived(cast: Any, row: Payout) -> None:
    _told(reread(row).sent_at + LATER)


# --- back -----------------------------------------------------------------------------------------


def _return(cast: Any) -> DepositReturn:
    deposit = put_in_wallet(cast["client"], 700)
    return deposit_returns.request(deposit, by=cast["client"], amount=300, token="one")


def _return_of_contested(cast: Any) -> DepositReturn:
    """The bank was faster: the gateway will refuse to refund this."""
    row = _return(cast)
    dispute_of(row.deposit)
    _letters_lost()
    return row


def _returned(cast: Any, row: DepositReturn) -> None:
    with clocks.at(reread(row).check_at or clocks.now()):
        deposit_returns.sweep()


def _contested(cast: Any) -> Deposit:
    """700 came in, all but 200 of the wallet is spent, and the bank takes back the 700."""
    deposit = put_in_wallet(cast["client"], 700)
    wallet = accounts.wallet(cast["client"], "USD")
    spent = (wallet.balance or 0) - 200
    lines = [(wallet, -spent), (accounts.wallet(cast["freelancer"], "USD"), spent)]
    with transaction.atomic():
        ledger.post.within(f"test:{deposit.pk}:spent", "test", lines)
    _letters_lost()
    dispute_of(deposit)
    return deposit


def _charged_back(cast: Any, deposit: Deposit) -> None:
    _told(clocks.now())


def _won(cast: Any) -> Deposit:
    deposit = _contested(cast)
    _told(clocks.now())
    bank.decide(SandboxObject.objects.get(kind="dispute", owner=deposit.gateway_id).pk, won=True)
    return deposit


def _debtor(cast: Any) -> str:
    """Who owes 500 and has put 500 in. The wish's token."""
    deposit = _contested(cast)
    _told(clocks.now())
    put_in_wallet(cast["client"], 500)
    return str(deposit.pk)


FLOWS = {
    "payout asked for": Flow(
        lambda cast: (_method(cast, GOOD_BANK), _token()),
        lambda cast, it: payouts.request.within(cast["freelancer"], it[0], 2_000, "USD", token=it[1]),
        by="freelancer",
    ),
    "payout cancelled": Flow(
        _asked, lambda cast, it: payouts.cancel.within(it, by=cast["freelancer"]), by="freelancer"
    ),
    "payout submitted": Flow(_asked, lambda cast, it: _submitted(it)),
    "payout settled": Flow(_sent(GOOD_BANK), _arrived),
    "payout failed": Flow(_sent(CLOSED_BANK), _arrived),
    "payout of a cause asked for": Flow(
        _of_cause,
        lambda cast, it: payouts.request.within(cast["freelancer"], it[0], 2_000, "USD", token=it[1]),
        by="freelancer",
    ),
    "payout of a cause cancelled": Flow(
        _asked_of_cause, lambda cast, it: payouts.cancel.within(it, by=cast["freelancer"]), by="freelancer"
    ),
    "payout of a cause settled": Flow(_sent_of_cause(GOOD_BANK), _arrived),
    "payout of a cause failed": Flow(_sent_of_cause(CLOSED_BANK), _arrived),
    "deposit's return asked for": Flow(
        lambda cast: put_in_wallet(cast["client"], 700),
        lambda cast, it: deposit_returns.request.within(it, by=cast["client"], amount=300, token="one"),
        by="client",
    ),
    "deposit's return sent": Flow(_return, _returned),
    "deposit's return refused": Flow(_return_of_contested, _returned),
    "chargeback": Flow(_contested, _charged_back),
    "chargeback won": Flow(_won, _charged_back),
    "debt paid back": Flow(
        _debtor,
        lambda cast, it: chargebacks.repay.within(cast["client"], 500, "USD", token=it),
        by="client",
    ),
}
