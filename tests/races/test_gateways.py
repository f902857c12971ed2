"""Gateways and payouts from many at once, on PostgreSQL: one effect, nothing twice, nothing below zero."""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.conf import settings

from payment import (
    accounts,
    causes,
    chargebacks,
    deposit_returns,
    deposits,
    donations,
    movements,
    payouts,
    webhooks,
)  # fmt: skip
from payment.gateways.sandbox import bank
from payment.gateways.sandbox.cards import GOOD
from payment.models import Chargeback, Deposit, DepositReturn, GatewayEvent, Movement, Payout, SandboxObject, Transfer
from skilllink import clocks
from tests.builders.gateway import dispute_of, events_of, settle_down, signed, silent
from tests.builders.payment import bank_account, earn, put_in_wallet
from tests.builders.pro_bono import cause_of
from tests.cast import staff
from tests.races.test_money import books  # noqa: F401  it audits each test's end
from tests.races.together import MANY, race
from users.models import User


def line(user: User) -> dict[str, int]:
    return accounts.balances(user)["USD"]


def unheard(user: User, amount: int = 700) -> Deposit:
    """A deposit that the gateway charged and of which nobody here has heard."""
    row = deposits.request(user, amount, "USD")
    with silent("/confirm", done=True):
        deposits.pay(row, card=GOOD)
    row.refresh_from_db()
    assert row.status == "requested"
    return row


def test_fifty_copies_of_an_event_at_once_are_one_effect(client_person: User) -> None:
    deposit = unheard(client_person)
    letter = signed(next(one for one in events_of(deposit) if one["type"] == "payment_intent.succeeded"))

    def hear() -> Any:
        row = webhooks.receive("sandbox", *letter)
        webhooks.process(row.pk)
        return row.pk

    assert len(set(race([hear] * 50, at_once=25))) == 1
    assert Counter(GatewayEvent.objects.values_list("status", flat=True)) == {"processed": 1}
    assert (line(client_person)["wallet"], Transfer.objects.count()) == (700, 1)


def test_all_events_of_a_life_at_once_end_in_one_state(client_person: User) -> None:
    for _round in range(5):
        deposit = unheard(client_person)
        bank.decide(dispute_of(deposit), won=True)
        letters = [signed(one) for one in events_of(deposit)]
        rows = [webhooks.receive("sandbox", *letter) for letter in letters]
        race([lambda pk=row.pk: webhooks.process(pk) for row in rows] * 2)
        deposit.refresh_from_db()
        assert (deposit.status, deposit.charged_back) == ("settled", 0)
    assert set(GatewayEvent.objects.values_list("status", flat=True)) == {"processed"}
    assert Counter(Transfer.objects.values_list("kind", flat=True)) == {
        "deposit": 5, "chargeback": 5, "chargeback_won": 5,
    }  # fmt: skip
    assert line(client_person)["wallet"] == 5 * 700


def test_the_sweep_the_person_and_the_event_find_out_at_once_and_credit_once(client_person: User) -> None:
    for _round in range(5):
        deposit = unheard(client_person)
        letters = [signed(one) for one in events_of(deposit)]

        def sweep(at: Any = deposit.check_at) -> int:
            with clocks.at(at):
                return deposits.sweep()

        def hear(letter: Any = letters[-1]) -> int:
            return webhooks.process(webhooks.receive("sandbox", *letter).pk)

        race([sweep, sweep, hear, hear, lambda pk=deposit.pk: deposits.look_up(Deposit.objects.get(pk=pk))])
    assert line(client_person)["wallet"] == 5 * 700
    assert SandboxObject.objects.filter(kind="charge").count() == Transfer.objects.count() == 5


def test_one_wish_for_a_payout_sent_eight_times_is_one_and_more_than_is_there_is_none(freelancer: User) -> None:
    earn(freelancer, 10_000)
    method = bank_account(freelancer)
    same = race([lambda: payouts.request(freelancer, method, 3_000, "USD", token="one")] * MANY)
    assert len({row.pk for row in same}) == 1
    others = race([lambda n=n: payouts.request(freelancer, method, 3_000, "USD", token=str(n)) for n in range(MANY)])
    assert Counter(type(found) for found in others) == {Payout: 2, payouts.NotAvailable: 6}
    assert (line(freelancer)["available"], line(freelancer)["in_transit"]) == (1_000, 9_000)


def test_two_bank_accounts_of_a_cause_never_take_more_than_was_given(
    outsider: User, moderator: User, client_person: User
) -> None:
    cause = cause_of(outsider, moderator)
    put_in_wallet(client_person, 7_000)
    donations.give(client_person, cause, 7_000, "USD")
    banks = [bank_account(outsider, cause=cause) for _one in range(2)]
    wishes = [lambda n=n: payouts.request(outsider, banks[n % 2], 3_000, "USD", token=str(n)) for n in range(MANY)]
    assert Counter(type(found) for found in race(wishes)) == {Payout: 2, payouts.NotInCause: 6}
    assert causes.sums(cause) == {"given": 7_000, "leaving": 6_000, "paid": 0, "left": 1_000}


def test_four_sweeps_at_once_send_each_payout_once(freelancer: User, outsider: User) -> None:
    for person in (freelancer, outsider):
        earn(person, 50_000)
        method = bank_account(person)
        for number in range(6):
            payouts.request(person, method, 1_000, "USD", token=str(number))
    due = Payout.objects.latest("due_at").due_at

    def sweep() -> int:
        with clocks.at(due):
            return payouts.sweep()

    race([sweep] * 4)
    assert Counter(Payout.objects.values_list("status", flat=True)) == {"processing": 12}
    assert (
        SandboxObject.objects.filter(kind="payout").count()
        == SandboxObject.objects.filter(kind="transfer").count()
        == 12
    )
    with clocks.at(due + settings.SKILLLINK["SANDBOX_PAYOUT_AFTER"]):
        bank.happen()
        race([settle_down] * 2 + [payouts.sweep] * 2)
        settle_down()
    assert Counter(Payout.objects.values_list("status", flat=True)) == {"paid": 12}
    assert Transfer.objects.filter(kind="payout_paid").count() == 12


def test_a_payout_is_cancelled_or_sent_never_both(freelancer: User) -> None:
    earn(freelancer, 100_000)
    method = bank_account(freelancer)
    for number in range(10):
        row = payouts.request(freelancer, method, 1_000, "USD", token=str(number))

        def sweep(at: Any = row.due_at) -> int:
            with clocks.at(at):
                return payouts.sweep()

        race([sweep, lambda pk=row.pk: payouts.cancel(Payout.objects.get(pk=pk), by=freelancer), sweep])
        row.refresh_from_db()
        sent = SandboxObject.objects.filter(kind="payout", data__metadata__reference=f"payout:{row.pk}").count()
        assert (row.status, sent) in {("processing", 1), ("cancelled", 0)}


def test_a_return_a_chargeback_and_a_spending_of_the_same_money_never_exceed_it(
    client_person: User, outsider: User
) -> None:
    for number in range(8):
        deposit = put_in_wallet(client_person, 1_000)
        back = lambda row=deposit, n=number: deposit_returns.request(row, by=client_person, amount=800, token=f"{n}")  # noqa: E731

        def take(row: Any = deposit) -> Any:
            dispute_of(row)
            settle_down()

        race([back, take, back])
        while deposit_returns.sweep():
            continue
        with clocks.at(clocks.now() + timedelta(hours=2)):
            settle_down()
        deposit.refresh_from_db()
        assert deposit.returned + deposit.charged_back <= 1_000
        assert deposit.charged_back in (200, 1_000)
    assert line(client_person)["wallet"] >= 0
    assert set(DepositReturn.objects.values_list("status", flat=True)) <= {"paid", "failed"}
    assert set(GatewayEvent.objects.values_list("status", flat=True)) == {"processed"}
    assert Chargeback.objects.count() == 8


def test_a_debt_paid_by_eight_at_once_is_paid_once(client_person: User) -> None:
    deposit = put_in_wallet(client_person, 1_000)
    put_in_wallet(client_person, 500)
    deposit_returns.request(put_in_wallet(client_person, 100), by=client_person, amount=100, token="x")
    spent = deposit_returns.request(Deposit.objects.get(amount=500), by=client_person, amount=500, token="y")
    assert spent.amount == 500
    dispute_of(deposit)
    settle_down()
    assert line(client_person)["owed"] == 0
    earn(client_person, 300)
    answers = race([lambda n=n: chargebacks.repay(client_person, 100, "USD", token=str(n)) for n in range(MANY)])
    assert all(isinstance(found, chargebacks.NotOwed) for found in answers)


def test_eight_decisions_about_one_movement_move_once(finance: User) -> None:
    others = [staff(f"Person{n} Nr", "Finance") for n in range(MANY)]
    asked = movements.propose("capital_in", 1_000, "USD", by=finance, reason="To cover fees.")
    decide = [
        lambda who=who: movements.decide(Movement.objects.get(pk=asked.pk), by=who, approve=True, reason="Yes.")
        for who in others
    ]
    answers = race(decide)
    assert Counter(type(found) for found in answers) == {Movement: 1, movements.Decided: 7}
    assert Transfer.objects.filter(kind="capital_in").count() == 1
