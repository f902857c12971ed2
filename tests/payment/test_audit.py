"""Each invariant of the ledger, broken by hand in a database of the test's own: the audit names the row, and no other."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Q

from payment import accounts, audit, escrow, ledger, triggers
from payment.checks import ledger_triggers
from payment.models import Account, Clearing, Deposit, Entry, Escrow, IdempotencyRecord, Transfer
from payment.tasks import audit_ledger_whole
from projects import disputes, milestones
from projects.models import Offer
from skilllink.ids import uuid7
from tests.builders.books import filled, frozen, released, unguarded
from tests.builders.payment import put_in_wallet
from tests.builders.projects_contracts import signed_contract
from users.models import User

pytestmark = pytest.mark.usefixtures("committed_db")


def found() -> set[tuple[str, str]]:
    return {(row.invariant, row.row) for row in audit.run()}


def entry_of(row: Escrow, kind: str = "hold") -> Entry:
    """The entry of a transfer of this kind on the escrow's account."""
    return Entry.objects.get(account__escrow=row, transfer__kind=kind)


def uid(value: Any) -> Any:
    """An id as this database stores it."""
    return value if connection.vendor == "postgresql" else value.hex


def set_row(table: str, pk: Any, *checks: str, **values: Any) -> None:
    """UPDATE one row past every guard."""
    stored = [
        uid(value) if hasattr(value, "hex") and not isinstance(value, float) else value for value in values.values()
    ]
    with unguarded(*checks) as cursor:
        assignments = ", ".join(f"{name} = %s" for name in values)
        cursor.execute(
            f"UPDATE {table} SET {assignments} WHERE id = %s",  # noqa: S608
            [*stored, uid(pk) if hasattr(pk, "hex") else pk],
        )


@pytest.fixture
def row(client_person: User, freelancer: User) -> Escrow:
    kept = filled(client_person, freelancer, 9_000)
    assert audit.run() == []
    return kept


def test_l1_an_entry_that_grew_unbalances_its_transfer_its_account_and_the_whole(row: Escrow) -> None:
    entry = entry_of(row)
    set_row("payment_entry", entry.pk, amount=entry.amount + 1)
    assert found() == {
        ("L1", f"transfer {entry.transfer_id}"),
        ("L3", f"transfer {entry.transfer_id}"),
        ("L6", f"account {entry.account_id}"),
        ("L7", "currency USD"),
    }


def test_l1_a_transfer_with_no_entries_is_none(row: Escrow) -> None:
    made = Transfer(key="test:empty", kind="hold", fingerprint="")
    with unguarded():
        made.save(force_insert=True)
    assert found() == {("L1", f"transfer {made.pk}"), ("L3", f"transfer {made.pk}")}


def test_l2_an_amount_above_the_largest_is_found(row: Escrow) -> None:
    fees, capital = accounts.fees("USD"), Account.objects.create(kind="capital", currency="USD")
    lines = [(fees, 10**12 + 1), (capital, -(10**12) - 1)]
    made = Transfer(key="test:large", kind="capital", fingerprint="")
    with unguarded("payment_entry.entry_amount_in_range"):
        Entry.objects.bulk_create([Entry(transfer_id=made.pk, account=a, amount=n) for a, n in lines])
        made.save(force_insert=True)
    entries = made.entries.values_list("pk", flat=True)
    assert found() == {("L3", f"transfer {made.pk}"), *(("L2", f"entry {pk}") for pk in entries)}


def test_l3_a_transfer_that_vanished_leaves_its_entries_behind(row: Escrow) -> None:
    entries = Entry.objects.filter(transfer__kind="hold")
    gone, ids = entries[0].transfer_id, list(entries.values_list("pk", flat=True))
    with unguarded() as cursor:
        cursor.execute("DELETE FROM payment_transfer WHERE id = %s", [uid(gone)])
    assert found() == {("L3", f"entry {pk}") for pk in ids}


def test_l3_a_reversal_that_is_not_the_opposite_is_found(client_person: User, outsider: User) -> None:
    put_in_wallet(client_person, 700)
    put_in_wallet(outsider, 700)
    first, other = Transfer.objects.order_by("pk")
    with transaction.atomic():
        lines = [(entry.account, -entry.amount) for entry in first.entries.select_related("account")]
        back = ledger.post.within("test:back", "reversal", lines, reverses=first)
    assert audit.run() == []
    set_row("payment_transfer", back.pk, reverses_id=other.pk)
    assert found() == {("L3", f"transfer {back.pk}")}


@pytest.mark.parametrize("name", sorted(triggers.SQLITE if connection.vendor == "sqlite" else triggers.POSTGRESQL))
def test_l3_each_missing_trigger_is_found_by_the_audit_and_by_the_check_at_the_start(name: str) -> None:
    assert ledger_triggers(["default"]) == []
    table = "" if connection.vendor == "sqlite" else f" ON payment_{name.split('_')[1]}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{table}")
    assert found() == {("L3", f"trigger {name}")}
    assert [error.id for error in ledger_triggers(["default"])] == ["payment.E001"]
    with pytest.raises(CommandError, match=name):
        call_command("check", databases=["default"])


def test_l3_a_guard_that_is_there_in_name_only_is_found() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            name = "ledger_entry_no_update"
            cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(f"CREATE TRIGGER {name} BEFORE UPDATE ON payment_entry BEGIN SELECT 1; END")
        else:
            name = "ledger_refuse"
            cursor.execute(
                "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
            )
    assert found() == {("L3", f"trigger {name}")}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE payment_entry DISABLE TRIGGER ledger_entry_frozen")
        assert ("L3", "trigger ledger_entry_frozen") in found()
    triggers.install(None)
    assert found() == set()


def test_l4_an_account_in_another_currency_than_its_escrow_is_found(row: Escrow) -> None:
    entry = entry_of(row)
    set_row("payment_account", entry.account_id, currency="EUR")
    assert found() == {
        ("L1", f"transfer {entry.transfer_id}"),
        ("L4", f"escrow {row.pk}"),
        ("L4", f"entry {entry.pk}"),
        ("L7", "currency EUR"),
        ("L7", "currency USD"),
    }


def test_l4_an_account_with_another_owner_than_its_kind_has_is_found(row: Escrow) -> None:
    entry = entry_of(row)
    set_row("payment_account", entry.account_id, kind="in_transit")
    assert ("L4", f"account {entry.account_id}") in found()


def test_l5_an_account_that_was_below_zero_for_one_entry_is_found_although_it_recovered(client_person: User) -> None:
    put_in_wallet(client_person, 500)
    wallet, fees = accounts.wallet(client_person, "USD"), accounts.fees("USD")
    with unguarded():  # more is taken than is there, and it comes back
        for number, amount in enumerate((-900, 900)):
            made = Transfer(key=f"test:{number}", kind="adjustment", fingerprint="")
            Entry.objects.bulk_create(
                [
                    Entry(transfer_id=made.pk, account=account, amount=n)
                    for account, n in ((wallet, amount), (fees, -amount))
                ]
            )
            made.save(force_insert=True)
    below = Entry.objects.get(account=wallet, amount=-900)
    written = Transfer.objects.filter(kind="adjustment").values_list("pk", flat=True)
    assert found() == {("L5", f"entry {below.pk}"), *(("L3", f"transfer {pk}") for pk in written)}


def test_l5_and_l6_a_balance_below_zero_is_found(row: Escrow) -> None:
    account = accounts.wallet(row.payer, "USD")
    set_row("payment_account", account.pk, "payment_account.account_not_negative", balance=-1)
    assert found() == {("L5", f"account {account.pk}"), ("L6", f"account {account.pk}")}


def test_l6_a_balance_that_is_not_the_sum_of_its_entries_is_found(row: Escrow) -> None:
    account = accounts.wallet(row.payer, "USD")
    set_row("payment_account", account.pk, balance=1)
    assert found() == {("L6", f"account {account.pk}")}


@pytest.mark.parametrize("values", [{"held": 8_999}, {"released": 1}])
def test_l9_an_escrow_that_says_other_than_its_entries_is_found(row: Escrow, values: dict[str, int]) -> None:
    set_row("payment_escrow", row.pk, **values)
    assert found() == {("L9", f"escrow {row.pk}")}


def test_l9_an_escrow_holds_what_its_milestone_is_due_and_nothing_once_that_has_ended(
    client_person: User, freelancer: User
) -> None:
    contract = signed_contract(client_person, freelancer, amounts=(9_000, 4_000))
    first, second = contract.milestones.order_by("position")
    milestones.release(first, by=client_person)
    assert audit.run() == []
    with transaction.atomic():  # money in an escrow whose milestone is over
        put = escrow.open("offer", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        escrow.move(second.escrow, put, 700, key="test:aside")
        escrow.move(put, first.escrow, 700, key="test:back")
    assert found() == {("L9", f"escrow {first.escrow_id}"), ("L9", f"escrow {second.escrow_id}")}
    sentences = {row.found for row in audit.run()}
    assert f"milestone {first.pk} is released, 0 is due there" in sentences
    assert f"milestone {second.pk} is funded, 4000 is due there" in sentences


def test_l9_money_left_in_the_escrow_of_an_offer_that_ended_is_found(client_person: User, freelancer: User) -> None:
    contract = signed_contract(client_person, freelancer, amounts=(9_000,), spare=500)
    offer = Offer.objects.get(pk=contract.offer_id)
    with transaction.atomic():
        escrow.hold(offer.escrow, 500, key="test:late")
    assert found() == {("L9", f"escrow {offer.escrow_id}")}


def test_l9_money_that_left_a_live_dispute_is_found(client_person: User, freelancer: User) -> None:
    step = signed_contract(client_person, freelancer, amounts=(9_000,)).milestones.get()
    dispute = disputes.open(step, by=client_person, amount=4_000, reason="Half of it is missing.")
    assert audit.run() == []
    with transaction.atomic():
        escrow.split(dispute.escrow, 0, key="test:past-the-verb")
    assert found() == {("L9", f"escrow {dispute.escrow_id}")}


def test_l10_a_deposit_and_its_transfer_come_together(client_person: User) -> None:
    settled = put_in_wallet(client_person, 700)
    set_row("payment_deposit", settled.pk, status="failed")
    assert found() == {("L10", f"deposit {settled.pk}")}
    with unguarded() as cursor:
        cursor.execute("DELETE FROM payment_deposit")
    assert found() == {("L10", f"transfer {Transfer.objects.get().pk}")}
    assert not Deposit.objects.exists()


def test_l10_a_release_that_never_clears_is_found(client_person: User, freelancer: User) -> None:
    row = released(client_person, freelancer, 9_000)
    with unguarded() as cursor:
        cursor.execute("DELETE FROM payment_clearing")
    pending = accounts.pending(freelancer, "USD")
    assert found() == {
        ("L10", f"transfer {Transfer.objects.get(kind='release', escrow=row).pk}"),
        ("L12", f"account {pending.pk}"),
    }


def test_l10_a_clearing_marked_without_its_transfer_is_found(client_person: User, freelancer: User) -> None:
    row = released(client_person, freelancer, 9_000)
    clearing = row.clearings.get()
    Clearing.objects.update(cleared_at=clearing.due_at)
    pending = accounts.pending(freelancer, "USD")
    assert found() == {("L10", f"clearing {clearing.pk}"), ("L12", f"account {pending.pk}")}


def test_l10_a_clearing_transfer_without_its_clearing_is_found(client_person: User, freelancer: User) -> None:
    row = released(client_person, freelancer, 9_000)
    pending, available = accounts.pending(freelancer, "USD"), accounts.available(freelancer, "USD")
    with transaction.atomic():
        made = ledger.post.within(f"clearing:{uuid7()}:clear", "clear", [(pending, -5), (available, 5)], escrow=row)
    assert found() == {("L10", f"transfer {made.pk}"), ("L12", f"account {pending.pk}")}


def test_l11_an_idempotency_record_without_its_answer_is_found(client_person: User) -> None:
    record = IdempotencyRecord.objects.create(user=client_person, key="k", fingerprint="f")
    assert found() == {("L11", f"idempotency record {record.pk}")}


def test_l12_a_fee_that_is_off_by_one_is_found(client_person: User, freelancer: User) -> None:
    row = released(client_person, freelancer, 9_000)
    set_row("payment_escrow", row.pk, fee_taken=row.fee_taken - 1)
    assert found() == {("L12", f"escrow {row.pk}")}


def test_l12_a_fee_that_was_booked_wrong_is_found_although_the_row_agrees(
    client_person: User, freelancer: User
) -> None:
    row = filled(client_person, freelancer, 9_000)
    lines = [
        (accounts.of_escrow(row), -9_000),
        (accounts.pending(freelancer, "USD"), 8_000),
        (accounts.fees("USD"), 1_000),
    ]
    with transaction.atomic():
        transfer = ledger.post.within("test:release", "release", lines, escrow=row)
        Escrow.objects.filter(pk=row.pk).update(held=0, released=9_000, fee_taken=450)
        Clearing.objects.create(escrow=row, transfer=transfer, gross=9_000, amount=8_000, due_at=transfer.at)
    assert found() == {("L12", f"escrow {row.pk}")}


def test_l12_pending_money_that_nothing_clears_is_found(client_person: User, freelancer: User) -> None:
    row = released(client_person, freelancer, 9_000)
    Clearing.objects.filter(escrow=row).update(amount=1)
    assert found() == {("L12", f"account {accounts.pending(freelancer, 'USD').pk}")}


@pytest.mark.parametrize("kind", ["refund", "move"])
def test_l19_money_that_left_a_dispute_without_its_resolution_is_found(
    client_person: User, freelancer: User, kind: str
) -> None:
    _origin, dispute = frozen(client_person, freelancer, 9_000)
    with transaction.atomic():
        target = escrow.open("offer", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        to = accounts.wallet(client_person, "USD") if kind == "refund" else accounts.of_escrow(target)
        ledger.post.within("test:leak", kind, [(accounts.of_escrow(dispute), -9_000), (to, 9_000)], escrow=dispute)
        Escrow.objects.filter(pk=dispute.pk).update(held=0)
        Escrow.objects.filter(pk=target.pk).update(held=9_000 if kind == "move" else 0)
    leak = Entry.objects.get(Q(amount__lt=0), account__escrow=dispute)
    assert found() == {("L19", f"entry {leak.pk}")}


def test_the_command_names_the_rows_and_exits_1(row: Escrow) -> None:
    with transaction.atomic():
        capital = Account.objects.create(kind="capital", currency="USD")
        ledger.post.within("test:capital", "capital", [(accounts.gateway("USD"), -500), (capital, 500)])
    told = StringIO()
    call_command("audit_ledger", stdout=told)
    assert told.getvalue() == "3 transfers, 0 violations.\n"
    set_row("payment_escrow", row.pk, held=1)
    told = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("audit_ledger", stdout=told)
    assert end.value.code == 1
    assert told.getvalue() == f"L9  escrow {row.pk}: holds 1, its account 9000\n3 transfers, 1 violations.\n"
    told = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("audit_ledger", "--json", stdout=told)
    assert end.value.code == 1
    violation = {"invariant": "L9", "row": f"escrow {row.pk}", "found": "holds 1, its account 9000"}
    assert json.loads(told.getvalue()) == {"transfers": 3, "violations": [violation], "alerts": []}
    assert audit_ledger_whole() == [violation]
