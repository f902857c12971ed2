"""A bank takes a deposit back: what is there, what is owed, what comes back, and what two people write off."""

from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from payment import accounts, audit, chargebacks, deposit_returns, deposits, earnings, ledger, movements
from payment.gateways.sandbox import bank
from payment.gateways.sandbox.cards import CONTESTED
from payment.models import Account, Chargeback, Deposit, Entry, Movement, Transfer
from skilllink import clocks
from skilllink.errors import Forbidden, Unprocessable
from tests.builders.gateway import dispute_of, settle_down
from tests.builders.payment import put_in_wallet
from tests.cast import staff
from users.models import User


def line(user: User) -> tuple[int, int]:
    """(in the wallet, owed), minor units of USD."""
    found = accounts.balances(user)["USD"]
    return found["wallet"], found["owed"]


def entries(key: str) -> dict[str, int]:
    return dict(Entry.objects.filter(transfer__key=key).values_list("account__kind", "amount"))


@pytest.fixture
def felix(database: None) -> User:
    return staff("Felix Ahn", "Finance")


@pytest.fixture
def contested(client_person: User, freelancer: User) -> tuple[Deposit, str]:
    """A deposit of 500 of which 380 was spent, then charged back; and the dispute's number."""
    deposit = put_in_wallet(client_person, 50_000)
    wallet = accounts.wallet(client_person, "USD")
    with transaction.atomic():
        ledger.post.within("test:spent", "spend", [(wallet, -38_000), (accounts.wallet(freelancer, "USD"), 38_000)])
    number = dispute_of(deposit)
    settle_down()
    deposit.refresh_from_db()
    return deposit, number


def test_what_the_wallet_has_is_taken_and_the_rest_is_owed(contested: Any, client_person: User) -> None:
    deposit, _number = contested
    row = Chargeback.objects.get()
    assert (deposit.status, deposit.charged_back) == ("charged_back", 50_000)
    assert (row.status, row.from_wallet, row.owed) == ("open", 12_000, 38_000)
    assert line(client_person) == (0, 38_000)
    assert entries(f"chargeback:{row.pk}:open") == {"gateway": 50_000, "wallet": -12_000, "receivable": -38_000}
    assert audit.run() == []


def test_won_is_the_exact_reversal(contested: Any, client_person: User) -> None:
    deposit, number = contested
    bank.decide(number, won=True)
    settle_down()
    deposit.refresh_from_db()
    row = Chargeback.objects.get()
    assert (row.status, deposit.status, deposit.charged_back) == ("won", "settled", 0)
    assert line(client_person) == (12_000, 0)
    assert Transfer.objects.get(key=f"chargeback:{row.pk}:won").reverses.key == f"chargeback:{row.pk}:open"
    assert audit.run() == []


def test_won_after_a_part_was_paid_gives_that_part_to_the_wallet(contested: Any, client_person: User) -> None:
    put_in_wallet(client_person, 10_000)
    chargebacks.repay(client_person, 8_000, "USD", token="one")
    assert line(client_person) == (2_000, 30_000)
    bank.decide(contested[1], won=True)
    settle_down()
    assert line(client_person) == (2_000 + 12_000 + 8_000, 0)
    assert audit.run() == []


def test_a_debt_is_paid_once_and_never_beyond_what_is_owed_or_there(contested: Any, client_person: User) -> None:
    put_in_wallet(client_person, 60_000)
    for amount in (38_001, 60_001):
        with pytest.raises(chargebacks.NotOwed):
            chargebacks.repay(client_person, amount, "USD", token="two")
    first = chargebacks.repay(client_person, 38_000, "USD", token="one")
    assert chargebacks.repay(client_person, 38_000, "USD", token="one") == first
    assert line(client_person) == (22_000, 0)


def test_lost_stays_owed_until_two_people_of_finance_write_it_off(
    contested: Any, client_person: User, finance: User, felix: User, moderator: User
) -> None:
    row = Chargeback.objects.get()
    with pytest.raises(movements.AlreadyAsked):  # still open
        movements.propose_write_off(row, 38_000, by=finance, reason="Gone.")
    bank.decide(contested[1], won=False)
    settle_down()
    assert line(client_person) == (0, 38_000)
    for person in (moderator, client_person):
        with pytest.raises(movements.NotYours):
            movements.propose_write_off(row, 38_000, by=person, reason="Gone.")
    asked = movements.propose_write_off(row, 38_000, by=finance, reason="The account is abandoned.")
    with pytest.raises(movements.SamePerson):
        movements.decide(asked, by=finance, approve=True, reason="Yes.")
    assert line(client_person) == (0, 38_000)
    movements.decide(asked, by=felix, approve=True, reason="Looked at.")
    assert line(client_person) == (0, 0)
    assert entries(f"movement:{asked.pk}") == {"receivable": 38_000, "loss": -38_000}
    with pytest.raises(movements.Decided):
        movements.decide(asked, by=felix, approve=True, reason="Again.")
    assert audit.run() == []


def test_more_than_is_owed_is_never_written_off(contested: Any, finance: User, felix: User) -> None:
    bank.decide(contested[1], won=False)
    settle_down()
    asked = movements.propose_write_off(Chargeback.objects.get(), 38_001, by=finance, reason="Gone.")
    with pytest.raises(chargebacks.NotOwed):
        movements.decide(asked, by=felix, approve=True, reason="Yes.")
    assert Movement.objects.get().status == "proposed"
    assert not Transfer.objects.filter(kind="write_off").exists()


def test_no_constraint_lets_a_debt_become_a_credit_or_one_person_be_both(contested: Any, finance: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(kind="receivable").update(balance=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Movement.objects.create(
            kind="capital_in", amount=1, currency="USD", reason="x", status="done", proposed_by=finance,
            decided_by=finance, decided_at=clocks.now(),
        )  # fmt: skip
    deposit = contested[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        Deposit.objects.filter(pk=deposit.pk).update(returned=1)


def test_what_is_charged_back_after_a_part_went_back_is_the_rest_alone(client_person: User) -> None:
    deposit = put_in_wallet(client_person, 50_000)
    deposit_returns.request(deposit, by=client_person, amount=20_000, token="one")
    settle_down()
    deposit_returns.sweep()
    dispute_of(deposit)
    settle_down()
    deposit.refresh_from_db()
    assert (deposit.returned, deposit.charged_back, line(client_person)) == (20_000, 30_000, (0, 0))
    with pytest.raises(deposit_returns.NotLeft):
        deposit_returns.request(deposit, by=client_person, amount=1, token="two")
    assert audit.run() == []


def test_the_contested_card_is_charged_back_by_the_clock_and_evidence_wins(
    client_person: User, finance: User, moderator: User
) -> None:
    deposit = deposits.pay(deposits.request(client_person, 50_000, "USD"), card=CONTESTED)
    assert deposit.status == "settled"
    with clocks.at(clocks.now() + settings.SKILLLINK["SANDBOX_CHARGEBACK_AFTER"]):
        settle_down()
    row = Chargeback.objects.get()
    with pytest.raises(Forbidden):
        chargebacks.answer(row, by=moderator, evidence="winning_evidence")
    with pytest.raises(Unprocessable):
        chargebacks.answer(row, by=finance, evidence=" ")
    chargebacks.answer(row, by=finance, evidence="The work was delivered: winning_evidence")
    settle_down()
    row.refresh_from_db()
    assert (row.status, line(client_person)) == ("won", (50_000, 0))
    with pytest.raises(chargebacks.NotOpen):
        chargebacks.answer(row, by=finance, evidence="More.")


def test_earnings_can_pay_a_debt(contested: Any, client_person: User) -> None:
    with transaction.atomic():
        lines = [(accounts.wallet(User.objects.get(email="tomasz@skilllink.test"), "USD"), -500)]
        ledger.post.within("test:earned", "test", [*lines, (accounts.available(client_person, "USD"), 500)])
    earnings.spend(client_person, 500, "USD", token="one")
    chargebacks.repay(client_person, 500, "USD", token="one")
    assert line(client_person) == (0, 37_500)
