"""The seal: gapless numbers, lines and trees that anyone can compute again, anchors outside; nobody waits for it."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from payment import audit, halt, ledger, seal, seal_anchor, seal_tree
from payment.models import Batch, Entry, Halt, Lift, Seal, Transfer
from payment.seal import Facts
from payment.tasks import anchor, seal_transfers
from skilllink.ids import uuid7
from tests.builders.books import released
from tests.builders.payment import put_in_wallet
from tests.cast import staff
from users.models import User

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(autouse=True)
def anchors(settings: Any, tmp_path: Path) -> Path:
    settings.ANCHOR_DIR = tmp_path / "anchors"
    return settings.ANCHOR_DIR


def rfc6962(leaves: list[bytes]) -> bytes:
    """The tree of RFC 6962, section 2.1, as it is written there."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + rfc6962(leaves[:half]) + rfc6962(leaves[half:])).digest()


@given(size=st.integers(1, 70), data=st.data())
def test_every_leaf_proves_its_place_in_the_tree_of_the_rfc_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = [seal_tree.leaf(f"line {n}") for n in range(size)]
    root = seal_tree.root(leaves)
    assert root == rfc6962([bytes.fromhex(one) for one in leaves]).hex()
    index = data.draw(st.integers(0, size - 1))
    beside = seal_tree.path(leaves, index)
    assert seal_tree.root_of(leaves[index], index, size, beside) == root
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert seal_tree.root_of(leaves[other], index, size, beside) != root
    if beside:
        with pytest.raises(ValueError, match="short"):
            seal_tree.root_of(leaves[index], index, size, beside[:-1])
    with pytest.raises(ValueError, match="long"):
        seal_tree.root_of(leaves[index], index, size, [*beside, root])


def test_each_transfer_gets_the_next_number_and_a_line_without_a_name(client_person: User, freelancer: User) -> None:
    escrow = released(client_person, freelancer, 9_000)
    assert seal_transfers() == 3
    assert seal.run() == 0
    assert list(Seal.objects.values_list("number", "transfer__kind")) == [(1, "deposit"), (2, "hold"), (3, "release")]
    row = Seal.objects.get(number=3)
    said = json.loads(row.line)
    assert row.leaf == hashlib.sha256(b"\x00" + row.line.encode()).hexdigest()
    assert (said["id"], said["escrow"], said["number"]) == (str(row.transfer_id), str(escrow.pk), 3)
    lines = row.transfer.entries.order_by("account").values_list("account", "account__currency", "amount")
    assert said["entries"] == [list(line) for line in lines]
    for person in (client_person, freelancer):
        assert person.name not in row.line and person.email not in row.line and str(person.pk) not in row.line


def test_batches_are_chained_and_an_empty_one_is_never_made(client_person: User) -> None:
    for _batch in range(3):
        put_in_wallet(client_person, 700)
        seal.run()
        assert seal.run() == 0
    one, two, three = Batch.objects.all()
    assert (one.previous, two.previous, three.previous) == (seal_tree.NOTHING, one.head, two.head)
    assert [(row.first, row.last) for row in (one, two, three)] == [(1, 1), (2, 2), (3, 3)]
    assert audit.run() == []


def test_many_transfers_fill_several_trees(client_person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "BATCH", 3)
    monkeypatch.setattr(seal, "READ", 6)
    for _deposit in range(8):
        put_in_wallet(client_person, 700)
    assert seal.run() == 8
    assert list(Batch.objects.values_list("first", "last")) == [(1, 3), (4, 6), (7, 8)]
    assert audit.run() == []


def test_what_waited_for_hours_is_sealed_to_its_end_also_by_a_second_attempt(
    client_person: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """A worker that was away, and was killed in the middle when it came back: nothing is taken for slipped in."""
    settings.SKILLLINK = {**settings.SKILLLINK, "SEAL_LOOKBACK": timedelta(seconds=1)}
    monkeypatch.setattr(seal, "BATCH", 3)
    monkeypatch.setattr(seal, "READ", 3)
    hours = iter(range(9, 0, -1))
    monkeypatch.setattr(ledger, "uuid7", lambda: UUID(int=uuid7().int - (next(hours) * 3_600_000 << 80)))
    for _deposit in range(9):
        put_in_wallet(client_person, 700)
    append, calls = seal._append, []

    def killed_at_the_second(batch: Batch, seals: list[Seal]) -> None:
        calls.append(batch)
        if len(calls) == 2:
            raise KeyboardInterrupt
        append(batch, seals)

    monkeypatch.setattr(seal, "_append", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        seal.run()
    assert seal.run() == 6
    assert list(Batch.objects.values_list("first", "last")) == [(1, 3), (4, 6), (7, 9)]
    assert audit.run() == []


def test_of_two_sealers_at_once_one_wins_and_the_other_changes_nothing(
    client_person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_wallet(client_person, 700)
    append, slow = seal._append, []

    def overtaken(batch: Batch, seals: list[Seal]) -> None:
        """Before this one has added its rows, another sealer has."""
        if not slow:
            slow.append(batch)
            assert seal.run() == 1
        append(batch, seals)

    monkeypatch.setattr(seal, "_append", overtaken)
    assert seal.run() == 0
    assert (Batch.objects.count(), Seal.objects.count()) == (1, 1)
    assert audit.run() == []


def test_a_transfer_posted_while_a_batch_is_being_sealed_is_the_next_run_s_so_that_each_run_ends(
    client_person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_wallet(client_person, 700)
    append = seal._append

    def posted_meanwhile(batch: Batch, seals: list[Seal]) -> None:
        if Transfer.objects.count() == 1:
            put_in_wallet(client_person, 800)
        append(batch, seals)

    monkeypatch.setattr(seal, "_append", posted_meanwhile)
    assert (seal.run(), seal.run(), seal.run()) == (1, 1, 0)
    assert list(Batch.objects.values_list("first", "last")) == [(1, 1), (2, 2)]


KEPT = ("seal", "batch", "halt", "lift", "auditrun")
REWRITES = [
    "UPDATE payment_{} SET {} = {}",
    "DELETE FROM payment_{}",
    "TRUNCATE payment_{} CASCADE"
    if connection.vendor == "postgresql"
    else "INSERT OR REPLACE INTO payment_{0} SELECT * FROM payment_{0}",
]


@pytest.mark.parametrize("rewrite", REWRITES)
def test_the_database_itself_keeps_what_was_sealed_examined_and_halted(client_person: User, rewrite: str) -> None:
    put_in_wallet(client_person, 700)
    audit.examine()
    halt.stop([{"invariant": "L6", "row": "account 1", "found": "test"}])
    Lift.objects.create(halt=Halt.objects.get(), by=client_person, reason="A reason that is kept.")
    for table in KEPT:
        column = "number" if table in ("seal", "batch") else "id"
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(rewrite.format(table, column, column))


def test_a_reason_is_bound_by_the_line_without_standing_in_it(client_person: User) -> None:
    put_in_wallet(client_person, 700)
    first = Transfer.objects.get()
    lines = [(entry.account, -entry.amount) for entry in first.entries.select_related("account")]
    with transaction.atomic():
        ledger.post.within("test:back", "reversal", lines, reverses=first, reason="Ines asked for it")
    seal.run()
    line = Seal.objects.get(number=2).line
    assert "Ines" not in line
    assert json.loads(line)["reverses"] == str(first.pk)
    assert len(json.loads(line)["reason"]) == 64


def test_the_head_is_written_down_outside_once_and_mailed_to_finance(
    client_person: User, finance: User, anchors: Path
) -> None:
    assert anchor() is None
    put_in_wallet(client_person, 700)
    seal.run()
    mail.outbox.clear()
    assert anchor() == "batch-000000000001.json"
    assert anchor() is None
    batch = Batch.objects.get()
    said = json.loads((anchors / "batch-000000000001.json").read_text())
    assert (said["batch"], said["last"], said["root"], said["head"]) == (1, 1, batch.root, batch.head)
    [letter] = mail.outbox
    assert letter.to == [finance.email]
    assert batch.head in letter.body and batch.root in letter.body


def test_a_mail_server_that_is_away_leaves_the_anchor_in_its_file(
    client_person: User, finance: User, anchors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any, **_kwargs: Any) -> None:
        raise ConnectionRefusedError("nobody there")

    put_in_wallet(client_person, 700)
    seal.run()
    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", away)
    assert anchor() == "batch-000000000001.json"
    assert [path.name for path in seal_anchor.kept()] == ["batch-000000000001.json"]


def test_anchors_reach_everyone_of_finance_who_may_act_and_nobody_else(client_person: User, finance: User) -> None:
    second, gone = staff("Fanny Books", "Finance"), staff("Gus Gone", "Finance")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    staff("Mira Moder", "Moderator")
    put_in_wallet(client_person, 700)
    seal.run()
    mail.outbox.clear()
    anchor()
    assert set(mail.outbox[0].to) == {finance.email, second.email}


def test_entries_of_a_sealed_transfer_are_read_in_the_order_of_their_accounts(
    client_person: User, freelancer: User
) -> None:
    released(client_person, freelancer, 9_000)
    for lines in seal.entries_of(Entry.objects.all()).values():
        assert lines == sorted(lines)


@given(text=st.text(max_size=30))
def test_a_line_is_json_with_sorted_keys_whatever_is_in_it(text: str) -> None:
    moment = datetime(2026, 11, 21, 8, 30, 0, 5, tzinfo=UTC)
    facts = Facts(uuid7(), text, text + "k", moment, uuid7(), None, "", "")
    line = seal.line(7, facts, [(1, "USD", -5), (2, "USD", 5)])
    content = {
        "at": "2026-11-21T08:30:00.000005Z", "entries": [[1, "USD", -5], [2, "USD", 5]], "escrow": str(facts.escrow),
        "id": str(facts.id), "key": text + "k", "kind": text, "number": 7, "reason": None, "reverses": None,
    }  # fmt: skip
    assert line == json.dumps(content, separators=(",", ":"), sort_keys=True)
