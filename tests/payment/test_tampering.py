"""Raw SQL against sealed books, with every guard out of its way: the audit names exactly the rows that were touched.

The balances are put right too, so that nothing but the seal can tell.
"""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from payment import accounts, audit, ledger, seal, seal_anchor, seal_tree
from payment.models import Account, Batch, Entry, Seal, Snapshot, Transfer
from payment.seal import Facts
from skilllink.ids import uuid7
from tests.builders.books import unguarded
from tests.builders.payment import put_in_wallet
from users.models import User

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(autouse=True)
def anchors(settings: Any, tmp_path: Path) -> Path:
    settings.ANCHOR_DIR = tmp_path / "anchors"
    return settings.ANCHOR_DIR


@pytest.fixture
def sealed(client_person: User, outsider: User) -> list[Transfer]:
    """Four transfers of 100, 200, 300 and 400 between two accounts of the platform, sealed in two batches."""
    put_in_wallet(client_person, 700)
    fees, capital = accounts.fees("USD"), Account.objects.create(kind="capital", currency="USD")
    made = []
    for number in range(1, 5):
        with transaction.atomic():
            made.append(ledger.post.within(f"test:{number}", "test", [(fees, number * 100), (capital, number * -100)]))
        if number == 2:
            seal.run()
    seal.run()
    assert audit.run() == []
    return made


def uid(value: Any) -> Any:
    """An id as this database stores it."""
    return value if connection.vendor == "postgresql" else value.hex


def tamper(*statements: tuple[str, list[Any]]) -> None:
    with unguarded() as cursor:
        for sql, values in statements:
            cursor.execute(sql, values)


def found() -> set[tuple[str, str]]:
    return {(row.invariant, row.row) for row in audit.run()}


def fingerprinted(transfer: Transfer) -> str:
    """The fingerprint of a transfer as it stands now: whoever can write SQL can compute that too."""
    lines = transfer.entries.order_by("account").values_list("account", "amount")
    return ledger._fingerprint(transfer.kind, lines, transfer.escrow_id, transfer.reverses_id)


def test_an_edited_entry_is_named(sealed: list[Transfer]) -> None:
    transfer = sealed[1]
    tamper(
        ("UPDATE payment_entry SET amount = 250 WHERE transfer_id = %s AND amount > 0", [uid(transfer.pk)]),
        ("UPDATE payment_entry SET amount = -250 WHERE transfer_id = %s AND amount < 0", [uid(transfer.pk)]),
    )
    tamper(("UPDATE payment_transfer SET fingerprint = %s WHERE id = %s", [fingerprinted(transfer), uid(transfer.pk)]))
    assert found() == {("L17", f"transfer {transfer.pk}")}


@pytest.mark.parametrize("column", ["kind", "key", "reason", "at"])
def test_an_edited_transfer_is_named(sealed: list[Transfer], column: str) -> None:
    value = "2026-01-01 00:00:00+00:00" if column == "at" else "another"
    tamper((f"UPDATE payment_transfer SET {column} = %s WHERE id = %s", [value, uid(sealed[2].pk)]))  # noqa: S608
    if column == "kind":
        tamper(("UPDATE payment_transfer SET fingerprint = %s WHERE id = %s",
                [fingerprinted(Transfer.objects.get(pk=sealed[2].pk)), uid(sealed[2].pk)]))  # fmt: skip
    assert found() == {("L17", f"transfer {sealed[2].pk}")}


def test_a_line_rewritten_together_with_its_transfer_betrays_its_leaf_or_its_batch(sealed: list[Transfer]) -> None:
    transfer = sealed[0]
    row = Seal.objects.get(transfer=transfer)
    tamper(("UPDATE payment_transfer SET reason = 'another' WHERE id = %s", [uid(transfer.pk)]))
    facts = Facts._make(Transfer.objects.filter(pk=transfer.pk).values_list(*Facts.columns()).get())
    line = seal.line(row.number, facts, seal.entries_of(Entry.objects.filter(transfer=transfer))[transfer.pk])
    tamper(("UPDATE payment_seal SET line = %s WHERE number = %s", [line, row.number]))
    assert found() == {("L17", f"seal {row.number}")}
    tamper(("UPDATE payment_seal SET leaf = %s WHERE number = %s", [seal_tree.leaf(line), row.number]))
    assert found() == {("L17", "batch 1")}
    root = seal_tree.root(list(Seal.objects.filter(batch=1).values_list("leaf", flat=True)))
    tamper(("UPDATE payment_batch SET root = %s WHERE number = 1", [root]))
    assert {row.found for row in audit.run()} == {"its head isn't that of its figures"}
    first = Batch.objects.get(pk=1)
    head = seal_tree.head(1, first.first, first.last, root, first.previous)
    tamper(("UPDATE payment_batch SET head = %s WHERE number = 1", [head]))
    assert found() == {("L17", "batch 2")}


def test_a_past_rewritten_to_its_end_still_differs_from_the_anchor_outside(
    sealed: list[Transfer], client_person: User
) -> None:
    path = seal_anchor.anchor()
    assert path is not None
    tamper(("DELETE FROM payment_seal", []), ("DELETE FROM payment_batch", []))
    tamper(("UPDATE payment_transfer SET reason = 'another' WHERE id = %s", [uid(sealed[0].pk)]))
    seal.run()  # everything is sealed anew, and is right by itself
    assert found() == {("L17", f"anchor {path.name}")}


def test_a_deleted_transfer_is_named(sealed: list[Transfer]) -> None:
    gone = sealed[1]
    tamper(
        ("DELETE FROM payment_entry WHERE transfer_id = %s", [uid(gone.pk)]),
        ("DELETE FROM payment_transfer WHERE id = %s", [uid(gone.pk)]),
    )
    assert found() == {("L17", f"transfer {gone.pk}")}
    number = Seal.objects.get(transfer_id=gone.pk).number
    tamper(("DELETE FROM payment_seal WHERE number = %s", [number]))
    assert found() == {("L17", f"transfer number {number}")}


def test_a_deleted_entry_is_named_with_its_transfer(sealed: list[Transfer]) -> None:
    entry = sealed[1].entries.get(amount__gt=0)
    tamper(("DELETE FROM payment_entry WHERE id = %s", [entry.pk]))
    assert found() >= {("L17", f"transfer {sealed[1].pk}"), ("L1", f"transfer {sealed[1].pk}")}


@pytest.mark.parametrize("anchored", [True, False])
def test_a_cut_tail_is_named_by_the_anchor_and_by_what_was_examined(sealed: list[Transfer], anchored: bool) -> None:
    path = seal_anchor.anchor() if anchored else None
    if not anchored:
        assert audit.examine().violations == []
    tail = [sealed[2], sealed[3]]
    for transfer in tail:
        tamper(
            ("DELETE FROM payment_seal WHERE transfer_id = %s", [uid(transfer.pk)]),
            ("DELETE FROM payment_entry WHERE transfer_id = %s", [uid(transfer.pk)]),
            ("DELETE FROM payment_transfer WHERE id = %s", [uid(transfer.pk)]),
        )
    tamper(("DELETE FROM payment_batch WHERE number = 2", []))
    where = f"anchor {path.name}" if path else "transfer numbers 4 to 5"
    assert found() == {("L17", where)}


def test_a_tail_cut_without_its_batch_is_named_by_its_numbers(sealed: list[Transfer]) -> None:
    for transfer in sealed[2:]:
        tamper(
            ("DELETE FROM payment_seal WHERE transfer_id = %s", [uid(transfer.pk)]),
            ("DELETE FROM payment_entry WHERE transfer_id = %s", [uid(transfer.pk)]),
            ("DELETE FROM payment_transfer WHERE id = %s", [uid(transfer.pk)]),
        )
    assert found() == {("L17", "transfer numbers 4 to 5")}


def test_a_swapped_pair_is_named_twice(sealed: list[Transfer]) -> None:
    one, other = (Seal.objects.get(transfer=transfer).number for transfer in sealed[:2])
    move = "UPDATE payment_seal SET transfer_id = %s WHERE number = %s"
    aside = uid(uuid7())
    tamper(
        (move, [aside, one]), (move, [uid(sealed[0].pk), other]), (move, [uid(sealed[1].pk), one])
    )  # fmt: skip
    assert found() == {("L17", f"transfer {sealed[0].pk}"), ("L17", f"transfer {sealed[1].pk}")}


def test_a_pair_whose_amounts_were_swapped_is_named_twice(sealed: list[Transfer]) -> None:
    ids = [uid(transfer.pk) for transfer in sealed[:2]]
    tamper(
        ("UPDATE payment_entry SET amount = CASE WHEN amount > 0 THEN 300 - amount ELSE -300 - amount END "
         "WHERE transfer_id IN (%s, %s)", ids),
    )  # fmt: skip
    for transfer in sealed[:2]:
        tamper(
            ("UPDATE payment_transfer SET fingerprint = %s WHERE id = %s", [fingerprinted(transfer), uid(transfer.pk)])
        )
    assert found() == {("L17", f"transfer {transfer.pk}") for transfer in sealed[:2]}


def insert(pk: Any) -> None:
    """A transfer written by hand between two accounts that keep no balance, its fingerprint right."""
    fees, capital = accounts.fees("USD"), Account.objects.get(kind="capital")
    made = Transfer(pk=pk, key=f"test:{pk}", kind="test")
    with unguarded():
        Entry.objects.bulk_create(
            [Entry(transfer_id=pk, account=fees, amount=5), Entry(transfer_id=pk, account=capital, amount=-5)]
        )
        made.fingerprint = ledger._fingerprint("test", [(fees.pk, 5), (capital.pk, -5)], None, None)
        made.save(force_insert=True)


def test_a_row_inserted_into_the_past_is_named_and_never_sealed(sealed: list[Transfer], settings: Any) -> None:
    settings.SKILLLINK = {**settings.SKILLLINK, "SEAL_LOOKBACK": settings.SKILLLINK["SWEEP_EVERY"]}
    early = type(sealed[0].pk)(int=sealed[0].pk.int - (3_600_000 << 80))  # an hour earlier
    insert(early)
    assert seal.run() == 0
    assert found() == {("L17", f"transfer {early}")}


def test_a_row_inserted_under_a_number_of_its_own_is_named(sealed: list[Transfer]) -> None:
    made = uuid7()
    insert(made)
    row = Seal.objects.order_by("-number").first()
    assert row is not None
    facts = Facts._make(Transfer.objects.filter(pk=made).values_list(*Facts.columns()).get())
    line = seal.line(row.number + 1, facts, seal.entries_of(Entry.objects.filter(transfer=made))[made])
    with unguarded():
        Seal.objects.create(
            number=row.number + 1, transfer_id=made, batch_id=row.batch_id, line=line, leaf=seal_tree.leaf(line)
        )
    assert found() == {("L17", f"seal {row.number + 1}")}


def test_a_row_inserted_by_hand_without_the_right_fingerprint_is_named_at_once(sealed: list[Transfer]) -> None:
    made = uuid7()
    insert(made)
    tamper(("UPDATE payment_transfer SET fingerprint = 'x' WHERE id = %s", [uid(made)]))
    assert found() == {("L3", f"transfer {made}")}
    assert {(row["invariant"], row["row"]) for row in audit.examine().violations} == {("L3", f"transfer {made}")}


def test_an_entry_added_to_a_sealed_transfer_is_named(sealed: list[Transfer]) -> None:
    with unguarded():
        Entry.objects.bulk_create(
            [
                Entry(transfer=sealed[0], account=accounts.gateway("USD"), amount=7),
                Entry(transfer=sealed[0], account=accounts.gateway_fees("USD"), amount=-7),
            ]
        )
    tamper(("UPDATE payment_transfer SET fingerprint = %s WHERE id = %s",
            [fingerprinted(sealed[0]), uid(sealed[0].pk)]))  # fmt: skip
    assert found() == {("L17", f"transfer {sealed[0].pk}")}


def test_an_anchor_that_was_overwritten_is_named(sealed: list[Transfer], anchors: Path) -> None:
    path = seal_anchor.anchor()
    assert path is not None
    path.write_text(path.read_text().replace(Batch.objects.get(pk=2).head, "0" * 64))
    assert found() == {("L17", f"anchor {path.name}")}
    path.write_text("not an anchor")
    assert {row.found for row in audit.run()} == {"can't be read"}


def test_what_is_new_is_examined_alone_and_an_old_edit_is_found_by_the_whole(sealed: list[Transfer]) -> None:
    first = audit.examine()
    assert (first.since, first.upto, first.violations) == (0, 5, [])
    fees, capital = accounts.fees("USD"), Account.objects.get(kind="capital")
    with transaction.atomic():
        ledger.post.within("test:later", "test", [(fees, 900), (capital, -900)])
    second = audit.examine()
    assert (second.since, second.upto, second.violations) == (5, 6, [])
    tamper(("UPDATE payment_transfer SET reason = 'another' WHERE id = %s", [uid(sealed[0].pk)]))
    assert audit.examine().violations == []
    whole = audit.examine(whole=True)
    assert [row["row"] for row in whole.violations] == [f"transfer {sealed[0].pk}"]


@pytest.mark.parametrize("place", ["balance", "line", "entry"])
def test_what_is_wrong_in_the_new_is_found_by_the_run_that_looks_at_the_new(
    sealed: list[Transfer], client_person: User, place: str
) -> None:
    assert audit.examine().violations == []
    put_in_wallet(client_person, 900)
    seal.run()
    wallet = accounts.wallet(client_person, "USD")
    newest = Seal.objects.order_by("-number").first()
    assert newest is not None
    tamper(
        {
            "balance": ("UPDATE payment_account SET balance = balance + 1 WHERE id = %s", [wallet.pk]),
            "line": ("UPDATE payment_seal SET line = line || ' ' WHERE number = %s", [newest.number]),
            "entry": (
                "UPDATE payment_entry SET amount = amount + 1 WHERE transfer_id = %s AND account_id = %s",
                [uid(newest.transfer_id), wallet.pk],
            ),
        }[place]
    )
    expected = {
        "balance": {("L6", f"account {wallet.pk}")},
        "line": {("L17", f"seal {newest.number}"), ("L17", f"transfer {newest.transfer_id}")},
        "entry": {
            ("L1", f"transfer {newest.transfer_id}"), ("L3", f"transfer {newest.transfer_id}"), ("L6", f"account {wallet.pk}"), ("L7", "currency USD"),
            ("L17", f"transfer {newest.transfer_id}"),
        },
    }[place]  # fmt: skip
    run = audit.examine()
    assert {(row["invariant"], row["row"]) for row in run.violations} == expected
    assert audit.examine().since == 5  # not advanced: it is examined again until it is settled


def test_snapshots_follow_the_entries_run_by_run_and_are_summed_anew_by_the_whole(client_person: User) -> None:
    for amount in (700, 800, 900):
        put_in_wallet(client_person, amount)
        assert audit.examine().violations == []
    wallet = accounts.wallet(client_person, "USD")
    assert Snapshot.objects.get(pk=wallet.pk).balance == 2_400
    assert audit.standing()["USD"]["held"] == 2_400 - sum(
        -n for n in Entry.objects.filter(account__kind="gateway_fees").values_list("amount", flat=True)
    )
    Snapshot.objects.filter(pk=wallet.pk).update(balance=5)
    audit.examine(whole=True)
    assert Snapshot.objects.get(pk=wallet.pk).balance == 2_400
