"""The database itself keeps the books as they were written, whoever asks and however (L3)."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from payment import accounts, audit, ledger
from payment.models import Account, Entry, Transfer
from skilllink.ids import uuid7
from tests.builders.payment import put_in_wallet
from users.models import User

pytestmark = pytest.mark.usefixtures("committed_db")

ANYWHERE = [
    "UPDATE payment_entry SET amount = amount + 1",
    "UPDATE payment_entry SET transfer_id = transfer_id",
    "DELETE FROM payment_entry",
    "DELETE FROM payment_entry WHERE amount < 0",
    "UPDATE payment_transfer SET reason = 'x'",
    "UPDATE payment_transfer SET key = key || '2'",
    "DELETE FROM payment_transfer",
]
BY_VENDOR = {
    "postgresql": [
        "TRUNCATE payment_entry CASCADE",
        "TRUNCATE payment_transfer CASCADE",
        "INSERT INTO payment_entry SELECT * FROM payment_entry ON CONFLICT (id) DO UPDATE SET amount = 5",
        "INSERT INTO payment_transfer SELECT * FROM payment_transfer ON CONFLICT (key) DO UPDATE SET reason = 'x'",
    ],
    "sqlite": [
        "INSERT OR REPLACE INTO payment_entry SELECT * FROM payment_entry",
        "REPLACE INTO payment_entry (id, transfer_id, account_id, amount) SELECT id, '0', account_id, 5 FROM payment_entry",
        "INSERT OR REPLACE INTO payment_transfer SELECT * FROM payment_transfer",
        "INSERT INTO payment_transfer SELECT * FROM payment_transfer WHERE true ON CONFLICT DO UPDATE SET reason = 'x'",
    ],
}


def books() -> tuple[Any, ...]:
    transfers, entries = Transfer.objects.order_by("pk").values_list(), Entry.objects.order_by("pk").values_list()
    return list(transfers), list(entries), dict(Account.objects.values_list("pk", "balance"))


@pytest.mark.parametrize("statement", [*ANYWHERE, *BY_VENDOR[connection.vendor]])
def test_the_database_itself_refuses_to_change_or_lose_a_line(client_person: User, statement: str) -> None:
    put_in_wallet(client_person, 5000)
    before = books()
    with pytest.raises(DatabaseError, match="ledger"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert books() == before


SAME = "SELECT id, kind, 'EUR', balance, user_id, escrow_id, payout_id, cause_id FROM payment_account"
OTHER_ACCOUNT = [
    "UPDATE payment_account SET currency = 'EUR'",
    "UPDATE payment_account SET kind = 'available' WHERE kind = 'wallet'",
    "UPDATE payment_account SET user_id = NULL",
    "UPDATE payment_account SET id = id + 1000",
]
if connection.vendor == "sqlite":
    COLUMNS = "(id, kind, currency, balance, user_id, escrow_id, payout_id, cause_id)"
    OTHER_ACCOUNT.append(f"REPLACE INTO payment_account {COLUMNS} {SAME}")


@pytest.mark.parametrize("statement", OTHER_ACCOUNT)
def test_no_account_becomes_anothers_or_another_currencys(client_person: User, statement: str) -> None:
    """Also in the transaction that writes its entries: they were proved in the currency it had."""
    put_in_wallet(client_person, 5000)
    before = list(Account.objects.order_by("pk").values_list())
    with pytest.raises(DatabaseError, match="ledger"), transaction.atomic(), connection.cursor() as cursor:
        lines = [(accounts.wallet(client_person, "USD"), -5), (accounts.fees("USD"), 5)]
        ledger.post.within("test:first", "test", lines)
        cursor.execute(statement)
    assert list(Account.objects.order_by("pk").values_list()) == before
    assert audit.run() == []


@pytest.mark.parametrize(
    ("kind", "owner", "balance"),
    [
        ("wallet", {}, 0),
        ("wallet", {"user": True}, None),
        ("receivable", {"user": True}, 5),
        ("fees", {"user": True}, None),
        ("fees", {}, 0),
        ("escrow", {"user": True}, 0),
        ("in_transit", {}, 0),
        ("cause", {"user": True}, 0),
        ("pocket", {}, None),
        ("pocket", {"user": True}, 0),
    ],
)
def test_no_account_is_made_with_another_owner_than_its_kind_has_or_another_balance(
    client_person: User, kind: str, owner: dict[str, Any], balance: int | None
) -> None:
    before = books()
    belongs_to = {name: client_person for name in owner}
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(kind=kind, currency="USD", balance=balance, **belongs_to)
    assert books() == before


def test_what_a_kind_of_account_may_hold_is_kept_whoever_writes_it(client_person: User) -> None:
    put_in_wallet(client_person, 5000)
    owing, fees = accounts.receivable(client_person, "USD"), accounts.fees("USD")
    before = books()
    for account, balance in ((accounts.wallet(client_person, "USD"), -1), (owing, 1), (owing, None)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Account.objects.filter(pk=account.pk).update(balance=balance)
        assert books() == before
    for balance in (-1, 0, 5):
        with pytest.raises(IntegrityError), transaction.atomic():
            Account.objects.filter(pk=fees.pk).update(balance=balance)
        assert books() == before


def test_a_closed_transfer_takes_no_further_entries_even_when_they_balance(client_person: User, outsider: User) -> None:
    put_in_wallet(client_person, 5000)
    transfer, before = Transfer.objects.get(), books()
    late = [Entry(transfer=transfer, account=accounts.fees("USD"), amount=5)]
    late.append(Entry(transfer=transfer, account=accounts.wallet(outsider, "USD"), amount=-5))
    for lines in (late, late[:1]):
        with pytest.raises(DatabaseError, match="closed"), transaction.atomic():
            Entry.objects.bulk_create(lines)
    assert books()[:2] == before[:2]


def test_a_transfer_written_past_the_ledger_is_refused_unless_its_entries_balance(client_person: User) -> None:
    before = books()
    with pytest.raises(DatabaseError, match="sum to zero"), transaction.atomic():
        Transfer.objects.create(key="test:bare", kind="deposit", fingerprint="")
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":  # otherwise proved at COMMIT
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="ledger"), transaction.atomic():
        made = uuid7()
        Entry.objects.create(transfer_id=made, account=accounts.fees("USD"), amount=5)
        Transfer.objects.create(pk=made, key="test:one", kind="deposit", fingerprint="")
    assert books()[:2] == before[:2]


def test_a_transfer_is_reversed_once_exactly_and_by_nothing_else(client_person: User) -> None:
    put_in_wallet(client_person, 5000)
    first = Transfer.objects.get()
    lines = [(entry.account, -entry.amount) for entry in first.entries.select_related("account")]
    less = [(account, amount - 1 if amount > 0 else amount + 1) for account, amount in lines][:2]
    with pytest.raises(ledger.Unbalanced), transaction.atomic():
        ledger.post.within("test:less", "reversal", less, reverses=first)
    with transaction.atomic():
        back = ledger.post.within("test:back", "reversal", lines, reverses=first)
        assert ledger.post.within("test:back", "reversal", lines, reverses=first) == back
    assert accounts.balances(client_person)["USD"]["wallet"] == 0
    put_in_wallet(client_person, 5000)
    before = books()
    with pytest.raises(ledger.AlreadyReversed), transaction.atomic():
        ledger.post.within("test:again", "reversal", lines, reverses=first)
    assert books() == before
    assert audit.run() == []
