"""What leaves an escrow and what comes back: the fee is always the fee on the running total."""

from datetime import timedelta

import pytest
from django.db import transaction

from payment import accounts, audit, clearing, earnings, escrow, ledger
from payment.models import Account, Clearing, Entry, Escrow, Transfer
from skilllink import clocks
from skilllink.errors import Refusal
from skilllink.money import BadAmount
from skilllink.transactions import NoTransaction
from tests.abuse.proof import nothing_changes
from tests.builders.books import filled, frozen, released
from tests.builders.payment import put_in_wallet
from users.models import User


def balances(user: User, currency: str = "USD") -> tuple[int, int, int]:
    """(wallet, pending, available)"""
    found = accounts.balances(user).get(currency, {})
    return found.get("wallet", 0), found.get("pending", 0), found.get("available", 0)


def fees(currency: str = "USD") -> int:
    return sum(Entry.objects.filter(account=accounts.fees(currency)).values_list("amount", flat=True))


def clear_all() -> None:
    last = Clearing.objects.filter(cleared_at__isnull=True).latest("due_at").due_at
    with clocks.at(last):
        while clearing.sweep():
            pass


def books() -> tuple[object, ...]:
    rows = Escrow.objects.order_by("pk").values_list("held", "released", "fee_taken")
    clearings = Clearing.objects.order_by("pk").values_list("gross", "amount", "cleared_at")
    return Entry.objects.count(), list(rows), list(clearings), dict(Account.objects.values_list("pk", "balance"))


@pytest.mark.parametrize("verb", ["hold", "release", "refund", "bonus", "refund_released"])
@pytest.mark.parametrize("amount", [0, -1, 1.5, True, "5", None, 10**12 + 1])
def test_an_amount_that_is_none_moves_nothing(client_person: User, freelancer: User, verb: str, amount: object) -> None:
    row = released(client_person, freelancer, 900)
    before = books()
    with pytest.raises(BadAmount), transaction.atomic():
        getattr(escrow, verb)(row, amount, key="test:x")
    assert books() == before


@pytest.mark.django_db(transaction=False)
def test_outside_a_verb_nothing_can_be_moved() -> None:
    with pytest.raises(NoTransaction):
        _outside_any_transaction()


def _outside_any_transaction() -> None:
    from unittest.mock import patch

    from django.db import connection

    with patch.object(connection, "in_atomic_block", False):
        escrow.release(Escrow(), 5, key="test:x")


def test_a_bonus_goes_from_the_wallet_less_the_fee_and_clears(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 600)
    with transaction.atomic():
        row = escrow.open("bonus", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        done = escrow.bonus(row, 500, key="test:bonus")
        assert escrow.bonus(row, 500, key="test:bonus") == done
    assert (done.gross, done.net, done.fee) == (500, 475, 25)
    assert (balances(client_person), balances(freelancer), fees()) == ((100, 0, 0), (0, 475, 0), 25)
    with pytest.raises(escrow.InsufficientFunds) as refusal, transaction.atomic():
        escrow.bonus(row, 101, key="test:more")
    assert refusal.value.missing == 1
    with pytest.raises(ledger.KeyReused), transaction.atomic():
        escrow.bonus(row, 499, key="test:bonus")
    clear_all()
    assert balances(freelancer) == (0, 0, 475)
    assert audit.run() == []


def test_released_money_goes_back_gross_from_what_is_clearing_first(client_person: User, freelancer: User) -> None:
    row = released(client_person, freelancer, 500)
    with transaction.atomic():
        first = escrow.refund_released(row, 100, key="test:back")
        assert escrow.refund_released(row, 100, key="test:back") == first
    assert (balances(client_person), balances(freelancer), fees()) == ((100, 0, 0), (0, 380, 0), 20)
    assert (row.released, row.fee_taken) == (400, 20)
    clear_all()
    assert balances(freelancer) == (0, 0, 380)
    assert audit.run() == []


def test_released_money_goes_back_from_what_has_cleared_when_nothing_is_clearing(
    client_person: User, freelancer: User
) -> None:
    row = released(client_person, freelancer, 500)
    clear_all()
    with transaction.atomic():
        escrow.refund_released(row, 100, key="test:back")
    entries = {entry.account.kind: entry.amount for entry in Transfer.objects.get(key="test:back").entries.all()}
    assert entries == {"available": -95, "fees": -5, "wallet": 100}
    assert (balances(client_person), balances(freelancer)) == ((100, 0, 0), (0, 0, 380))
    assert audit.run() == []


def test_released_money_goes_back_across_the_border_of_cleared_and_clearing(
    client_person: User, freelancer: User
) -> None:
    row = filled(client_person, freelancer, 30)  # three parts whose fees are 1, 0 and 1
    with transaction.atomic():
        parts = [escrow.release(row, 10, key=f"test:{n}") for n in range(3)]
    assert [part.fee for part in parts] == [1, 0, 1]
    with clocks.at(parts[0].clearing.due_at):
        assert clearing.sweep() == 1
    with transaction.atomic():
        escrow.refund_released(row, 25, key="test:back")
    assert (row.released, row.fee_taken) == (5, escrow.fee_on(5, 500))
    assert (balances(client_person), balances(freelancer)) == ((25, 0, 0), (0, 0, 5))
    assert audit.run() == []


def test_earnings_that_were_spent_cannot_go_back_and_more_than_was_paid_neither(
    client_person: User, freelancer: User
) -> None:
    row = released(client_person, freelancer, 500)
    clear_all()
    earnings.spend(freelancer, 400, "USD", token="one")
    before = books()
    with pytest.raises(escrow.NotEarned) as refusal, transaction.atomic():
        escrow.refund_released(row, 100, key="test:back")
    assert refusal.value.missing == 20
    with pytest.raises(escrow.NotReleased), transaction.atomic():
        escrow.refund_released(row, 501, key="test:back")
    assert books() == before


def test_earnings_are_spent_once_per_wish_and_only_what_is_available(client_person: User, freelancer: User) -> None:
    released(client_person, freelancer, 500)
    with pytest.raises(earnings.NotAvailable):
        earnings.spend(freelancer, 1, "USD", token="early")
    clear_all()
    first = earnings.spend(freelancer, 475, "USD", token="one")
    assert earnings.spend(freelancer, 475, "USD", token="one") == first
    with pytest.raises(ledger.KeyReused):
        earnings.spend(freelancer, 474, "USD", token="one")
    with pytest.raises(earnings.NotAvailable):
        earnings.spend(freelancer, 1, "USD", token="two")
    assert balances(freelancer) == (475, 0, 0)
    assert audit.run() == []


@pytest.mark.parametrize("verb", ["release", "refund"])
def test_money_in_dispute_leaves_it_by_no_other_way(client_person: User, freelancer: User, verb: str) -> None:
    origin, dispute = frozen(client_person, freelancer, 900)
    with transaction.atomic():
        other = escrow.open("milestone", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
    before = books()
    with pytest.raises(escrow.Frozen), transaction.atomic():
        getattr(escrow, verb)(dispute, 900, key="test:out")
    for target, amount in ((other, 900), (origin, 899)):
        with pytest.raises(escrow.Frozen), transaction.atomic():
            escrow.move(dispute, target, amount, key="test:out")
    assert books() == before
    with transaction.atomic():
        escrow.move(dispute, origin, 900, key="test:withdrawn")
    assert (origin.held, dispute.held) == (900, 0)
    assert audit.run() == []


def test_nothing_goes_from_an_escrow_to_one_of_other_people(
    client_person: User, freelancer: User, outsider: User
) -> None:
    held, paid = filled(client_person, freelancer, 900), released(client_person, freelancer, 900)
    people = ((client_person, outsider), (outsider, freelancer), (freelancer, client_person))
    with transaction.atomic():
        others = [
            escrow.open(kind, payer=payer, payee=payee, currency="USD", fee_bps=500)
            for kind in ("milestone", "dispute")
            for payer, payee in people
        ]
    with nothing_changes():
        for other in others:
            with pytest.raises(ValueError, match="same payer and payee"), transaction.atomic():
                escrow.move(held, other, 900, key="test:astray")
            with pytest.raises(ValueError, match="same payer and payee"), transaction.atomic():
                escrow.claw_back(paid, other, 900, key="test:astray")
    assert audit.run() == []


def test_what_was_frozen_in_two_steps_leaves_a_dispute_only_by_its_outcome(
    client_person: User, freelancer: User
) -> None:
    origin, dispute = frozen(client_person, freelancer, 900)
    other = filled(client_person, freelancer, 200)
    with transaction.atomic():
        escrow.move(other, dispute, 200, key="test:more")
    before = books()
    for target, amount in ((origin, 1_100), (origin, 900), (other, 1_100)):
        with pytest.raises(escrow.Frozen), transaction.atomic():
            escrow.move(dispute, target, amount, key="test:withdrawn")
    assert books() == before
    with transaction.atomic():
        assert escrow.split(dispute, 600, key="test:split").gross == 600
    assert audit.run() == []


def test_a_resolution_asked_for_again_answers_the_same_and_with_another_figure_is_refused(
    client_person: User, freelancer: User
) -> None:
    _origin, dispute = frozen(client_person, freelancer, 200)
    with transaction.atomic():
        done = escrow.split(dispute, 120, key="test:split")
        assert escrow.split(dispute, 120, key="test:split") == done
    assert (balances(client_person), balances(freelancer), fees()) == ((80, 0, 0), (0, 114, 0), 6)
    for figure in (0, 121, 200):
        with pytest.raises(ledger.KeyReused), transaction.atomic():
            escrow.split(dispute, figure, key="test:split")
    assert audit.run() == []


@pytest.mark.parametrize("figure", [-1, 201, 1.5, True])
def test_a_split_outside_what_is_held_is_refused(client_person: User, freelancer: User, figure: object) -> None:
    _origin, dispute = frozen(client_person, freelancer, 200)
    with pytest.raises(Refusal), transaction.atomic():
        escrow.split(dispute, figure, key="test:split")
    assert dispute.held == 200


def test_a_later_release_never_clears_before_an_earlier_one(client_person: User, freelancer: User) -> None:
    row = filled(client_person, freelancer, 30)
    with transaction.atomic():
        first = escrow.release(row, 10, key="test:1").clearing
    with clocks.at(clocks.now() - timedelta(days=3)), transaction.atomic():  # a clock that went backwards
        second = escrow.release(row, 10, key="test:2").clearing
    assert second.due_at > first.due_at
    with clocks.at(second.due_at), pytest.raises(escrow.NotDue), transaction.atomic():
        escrow.clear(second)
    clear_all()
    assert [row.key for row in escrow.transfers(row)][1:3] == ["test:1", "test:2"]  # as written, not as dated
    assert audit.run() == []


def test_a_claim_on_earnings_between_two_that_cleared_is_impossible(client_person: User, freelancer: User) -> None:
    row = filled(client_person, freelancer, 20)
    with transaction.atomic():
        first = escrow.release(row, 10, key="test:1").clearing
        escrow.release(row, 10, key="test:2")
        dispute = escrow.open("dispute", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
    with clocks.at(first.due_at):
        assert clearing.sweep() == 1
    with pytest.raises(escrow.NotClearing), transaction.atomic():
        escrow.claw_back(row, dispute, 11, key="test:claw")
    with transaction.atomic():
        escrow.claw_back(row, dispute, 7, key="test:claw")
        assert escrow.claw_back(row, dispute, 7, key="test:claw").key == "test:claw"
    assert (row.released, row.fee_taken, dispute.held) == (13, 1, 7)
    assert balances(freelancer) == (0, 3, 9)
    with pytest.raises(ledger.KeyReused), transaction.atomic():
        escrow.claw_back(row, dispute, 3, key="test:claw")
    assert audit.run() == []


def test_every_transfer_of_an_escrow_is_found_also_when_its_money_was_elsewhere(
    client_person: User, freelancer: User
) -> None:
    row = released(client_person, freelancer, 500)
    with transaction.atomic():
        dispute = escrow.open("dispute", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        escrow.claw_back(row, dispute, 100, key="test:claw")
    clear_all()
    with transaction.atomic():
        escrow.refund_released(row, 50, key="test:back")
    kinds = [transfer.kind for transfer in escrow.transfers(row)]
    assert kinds == ["hold", "release", "claw_back", "clear", "refund_released"]
    assert [transfer.kind for transfer in escrow.transfers(dispute)] == ["claw_back"]
