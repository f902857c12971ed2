"""A chargeback that ended at the gateway before we heard of it, while a return of the same deposit was on its way."""

from datetime import timedelta
from typing import Any

import pytest

from payment import accounts, audit, deposit_returns, webhooks
from payment.gateways.sandbox import bank
from payment.models import Chargeback, Deposit, DepositReturn, GatewayEvent, SandboxObject, Transfer
from skilllink import clocks
from tests.builders.gateway import dispute_of, settle_down
from tests.builders.payment import put_in_wallet
from users.models import User


@pytest.fixture
def deposit(client_person: User) -> Deposit:
    """A deposit of 500.00 of which 300.00 were asked back; the gateway hasn't been told yet."""
    row = put_in_wallet(client_person, 50_000)
    settle_down()
    deposit_returns.request(row, by=client_person, amount=30_000, token="one")
    return row


def hear_everything() -> None:
    """All that is due within two days: events again and again, and the return."""
    for hour in range(48):
        with clocks.at(clocks.now() + timedelta(hours=hour)):
            settle_down()
            deposit_returns.sweep()
    with clocks.at(clocks.now() + timedelta(days=3)):
        settle_down()


def of_disputes() -> dict[str, set[str]]:
    """Status → why, of every event about a dispute."""
    found: dict[str, set[str]] = {}
    for row in GatewayEvent.objects.filter(kind__startswith="charge.dispute."):
        found.setdefault(row.status, set()).add(row.why)
    return found


def line(user: User) -> tuple[int, int]:
    found = accounts.balances(user)["USD"]
    return found["wallet"], found["owed"]


def transfers() -> list[Any]:
    return list(Transfer.objects.order_by("pk").values_list("key", flat=True))


def quarantined_and_nothing_else(deposit: Deposit, finance: User) -> None:
    """The return has left, the chargeback waits for finance, and no money moved for it."""
    assert DepositReturn.objects.get().status == "paid"
    assert of_disputes() == {"quarantined": {"The bank charges back more than is left of the deposit."}}
    assert not Chargeback.objects.exists()
    deposit.refresh_from_db()
    assert (deposit.returned, deposit.charged_back, line(deposit.user)) == (30_000, 0, (20_000, 0))
    assert [key for key in transfers() if key.startswith("chargeback:")] == []
    for row in GatewayEvent.objects.filter(status="quarantined"):
        webhooks.settle(row, by=finance, outcome="Compared with the gateway's books: as it should be.")
    with clocks.at(clocks.now() + timedelta(days=4)):
        settle_down()
    assert of_disputes().keys() == {"settled"}
    assert audit.run() == []


def test_one_that_was_won_lets_the_return_leave_and_waits_for_finance(deposit: Deposit, finance: User) -> None:
    bank.decide(dispute_of(deposit), won=True)
    hear_everything()
    quarantined_and_nothing_else(deposit, finance)


@pytest.mark.parametrize("won", [True, False])
def test_one_over_everything_after_the_return_has_left_waits_for_finance(
    deposit: Deposit, finance: User, won: bool
) -> None:
    deposit_returns.sweep()
    charge = SandboxObject.objects.get(kind="charge", owner=deposit.gateway_id)
    charge.data["amount_refunded"] = 0  # the bank takes all of it back, whatever went to the card
    charge.save()
    bank.decide(dispute_of(deposit), won=won)
    hear_everything()
    quarantined_and_nothing_else(deposit, finance)


def test_one_that_was_lost_ends_the_return_and_then_takes_the_whole(deposit: Deposit) -> None:
    bank.decide(dispute_of(deposit), won=False)
    before = transfers()
    settle_down()
    assert (of_disputes(), transfers()) == ({"received": {""}}, before)  # first the end of the return
    hear_everything()
    (returned, row) = DepositReturn.objects.get(), Chargeback.objects.get()
    assert (returned.status, row.status, row.amount, line(deposit.user)) == ("failed", "lost", 50_000, (0, 0))
    assert of_disputes() == {"processed": {""}}
    assert audit.run() == []


def test_another_deposit_is_not_held_up_by_it(deposit: Deposit, outsider: User) -> None:
    bank.decide(dispute_of(deposit), won=True)
    settle_down()
    deposit_returns.sweep()
    put_in_wallet(outsider, 7_000)
    settle_down()
    assert line(outsider) == (7_000, 0)
    assert not GatewayEvent.objects.filter(kind="payment_intent.succeeded").exclude(status="processed").exists()
