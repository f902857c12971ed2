"""A bank reader beside writers that are killed without warning: whatever it reads, the totals are right."""

import os
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from payment import accounts, audit, escrow, ledger
from payment.models import Account, Entry, Escrow, Transfer
from skilllink.transactions import snapshot, verb
from tests.builders.payment import put_in_wallet
from tests.cast import make
from tests.services.children import Child, fork

WRITERS = 8
SECONDS = float(os.environ.get("SKILLLINK_BANK_SECONDS", "8"))
DEPOSIT = 50_000
Say = Callable[[str], None]


@pytest.fixture
def bank(committed_db: None) -> list[Any]:
    """Six people, each with money and an escrow towards the next."""
    assert connection.vendor == "postgresql", "Readers beside writers need snapshots: SKILLLINK_TEST_DB=postgres."
    people = [
        make(f"{name} Person", client=True, freelancer=True) for name in ("Ana", "Ben", "Cleo", "Dan", "Eva", "Fay")
    ]
    for person in people:
        put_in_wallet(person, DEPOSIT)
    for payer, payee in zip(people, people[1:] + people[:1], strict=True):
        with transaction.atomic():
            escrow.open("milestone", payer=payer, payee=payee, currency="USD", fee_bps=500)
    return people


@verb
def gift(key: str, source: Any, target: Any, amount: int) -> Transfer:
    lines = [(accounts.wallet(source, "USD"), -amount), (accounts.wallet(target, "USD"), amount)]
    return ledger.post.within(key, "test", lines)


@verb
def through_escrow(key: str, row: Escrow) -> Any:
    """Hold, pay a part, give the rest back: six balances in one COMMIT."""
    escrow.hold(row, 900, key=f"{key}:hold")
    escrow.release(row, 500, key=f"{key}:release")
    return escrow.refund(row, 400, key=f"{key}:refund")


def write_for_ever(people: list[Any], name: str, say: Say) -> None:
    """Before each act its key is said, after it what came of it."""
    dice, number = random.Random(name), 0
    while True:
        number += 1
        key = f"test:{name}:{number}"
        say(f"begin {key}")
        try:
            if dice.random() < 0.7:
                gift(key, *dice.sample(people, 2), dice.randint(1, 400))
            else:
                through_escrow(key, Escrow.objects.get(payer=dice.choice(people)))
            say(f"done {key}")
        except (ledger.Overdrawn, escrow.InsufficientFunds):  # contention that reached a person would end the writer
            say(f"refused {key}")


def total_in_one_snapshot() -> tuple[int, int]:
    """(all balances together, how many are below zero), by two statements that see one moment."""
    with snapshot():
        cached = Account.objects.filter(balance__isnull=False).aggregate(total=Sum("balance"))["total"]
        bare = Entry.objects.filter(account__balance__isnull=True).aggregate(total=Sum("amount"))["total"]
        return cached + bare, Account.objects.filter(balance__lt=0).count()


def total_in_one_statement() -> tuple[int, int]:
    """The same, as an operator's tool asks: a statement outside any transaction is of one moment too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT sum(balance) FROM payment_account)::bigint + (SELECT sum(e.amount) FROM payment_entry e "
            "JOIN payment_account a ON a.id = e.account_id WHERE a.balance IS NULL)::bigint, "
            "(SELECT count(*) FROM payment_account WHERE balance < 0)"
        )
        return cursor.fetchone()  # type: ignore[no-any-return]


def escrows_that_differ() -> int:
    """Escrows whose row says other than their account, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM payment_escrow e LEFT JOIN payment_account a ON a.escrow_id = e.id "
            "WHERE e.held <> coalesce(a.balance, 0)"
        )
        return int(cursor.fetchone()[0])


def test_a_bank_reader_never_sees_a_wrong_total_while_writers_are_killed(bank: list[Any]) -> None:
    def start(number: int) -> Child:
        return fork(lambda say: write_for_ever(bank, f"{number}", say))

    writers = [start(number) for number in range(WRITERS)]
    ended, reads, deadline = [], 0, time.monotonic() + SECONDS
    dice = random.Random(SECONDS)
    while time.monotonic() < deadline or reads < 50:
        assert total_in_one_snapshot() == (0, 0)
        assert total_in_one_statement() == (0, 0)
        assert escrows_that_differ() == 0
        reads += 1
        if reads % 10 == 0:
            victim = dice.randrange(WRITERS)
            writers[victim].kill()
            ended.append(writers[victim].wait())
            writers[victim] = start(WRITERS + reads)
    for writer in writers:
        writer.kill()
    ended += [writer.wait() for writer in writers]
    assert {code for code, _said in ended} == {-9}
    check_what_was_said([line for _code, said in ended for line in said])
    assert audit.run() == []


def check_what_was_said(lines: list[str]) -> None:
    """What was answered as done is there, what was refused isn't; what was cut is there whole or not at all."""
    told: dict[str, set[str]] = {"begin": set(), "done": set(), "refused": set()}
    for line in lines:
        word, key = line.split(" ", 1)
        told[word].add(key)
    keys = set(Transfer.objects.filter(key__startswith="test:").values_list("key", flat=True))
    acts = {key.rsplit(":", 1)[0] if key.count(":") == 3 else key for key in keys}
    assert told["done"] <= acts <= told["begin"]
    assert not told["refused"] & acts
    assert len(told["done"]) > WRITERS
    parts = {act: {key for key in keys if key.startswith(f"{act}:")} for act in acts - keys}
    assert {len(found) for found in parts.values()} <= {3}


def test_transfers_both_ways_between_everyone_meet_no_deadlock(bank: list[Any]) -> None:
    """Eight processes pay each other in opposite order, also by sums of several accounts; nobody is told of a deadlock."""
    each = int(os.environ.get("SKILLLINK_BOTH_WAYS", "60"))

    def pay(number: int, say: Say) -> None:
        dice = random.Random(number)
        for turn in range(each):
            one, two = dice.sample(bank, 2) if turn % 3 else (bank[number % 2], bank[1 - number % 2])
            gift(f"test:{number}:{turn}", one, two, 5)
            say("done")

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_reset()")
    ended = [child.wait() for child in [fork(lambda say, n=n: pay(n, say)) for n in range(WRITERS)]]
    assert [(code, len(said)) for code, said in ended] == [(0, each)] * WRITERS, ended
    assert Transfer.objects.filter(kind="test").count() == WRITERS * each
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert cursor.fetchone() == (0,)
    assert audit.run() == []
