"""A movement that is alone is a transaction of its own: there when it has answered, or not at all."""

from typing import Any

import pytest
from django.db import transaction

from payment import accounts, audit, ledger
from payment.models import Account, Entry, Transfer
from skilllink.transactions import NoTransaction
from tests.cast import make

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def wallet(committed_db: None) -> Account:
    return accounts.wallet(make("Ines Varga", client=True), "USD")


def deposit(wallet: Account, amount: int) -> Transfer:
    lines = [(accounts.gateway("USD"), -amount), (wallet, amount)]
    return ledger.post("test:alone", "deposit", lines)


def books() -> tuple[Any, ...]:
    return Transfer.objects.count(), Entry.objects.count(), dict(Account.objects.values_list("pk", "balance"))


def test_it_is_there_once_however_often_it_is_asked_for(wallet: Account) -> None:
    assert deposit(wallet, 700) == deposit(wallet, 700)
    wallet.refresh_from_db()
    assert wallet.balance == 700 and Entry.objects.count() == 2
    assert [fault.invariant for fault in audit.run()] == ["L10"]  # a deposit that nobody made


def test_what_is_refused_leaves_nothing(wallet: Account) -> None:
    deposit(wallet, 700)
    fees, before = accounts.fees("USD"), books()
    with pytest.raises(ledger.KeyReused):
        deposit(wallet, 800)
    with pytest.raises(ledger.Overdrawn):
        ledger.post("test:too-much", "test", [(wallet, -701), (fees, 701)])
    with pytest.raises(ledger.Unbalanced):
        ledger.post("test:lopsided", "test", [(wallet, -1), (fees, 2)])
    assert books() == (1, 2, before[2])


def test_it_is_not_alone_inside_a_transaction_and_nothing_else_is_without_one(wallet: Account) -> None:
    gateway = accounts.gateway("USD")
    before = books()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        deposit(wallet, 700)
    with pytest.raises(NoTransaction):
        ledger.post.within("test:open", "deposit", [(gateway, -700), (wallet, 700)])
    assert books() == before
