"""Sealing and auditing beside writers, on PostgreSQL: no number twice or missing, no false alarm, nobody waits."""

from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction

from payment import accounts, audit, escrow, halt, seal
from payment.models import Batch, Halt, Seal, Transfer
from skilllink.transactions import verb
from tests.builders.payment import put_in_wallet
from tests.cast import make, staff
from tests.races.test_money import post
from tests.races.together import MANY, race
from users.models import User


@pytest.fixture(autouse=True)
def books(committed_db: None, settings: Any, tmp_path: Any) -> Iterator[None]:
    """Each test ends with books and a seal that are right."""
    assert connection.vendor == "postgresql", "Races need row locks: run with SKILLLINK_TEST_DB=postgres."
    settings.ANCHOR_DIR = tmp_path / "anchors"
    yield
    assert audit.run() == []


def beside(work: Callable[[int], Any], many: int) -> tuple[Event, list[Thread], list[Exception]]:
    """Threads that repeat `work(number)` until the event is set; what they raised."""
    stop, raised = Event(), []

    def repeat(number: int) -> None:
        try:
            while not stop.is_set():
                work(number)
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=repeat, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    return stop, threads, raised


def test_eight_sealers_at_once_number_each_transfer_once(client_person: User, outsider: User) -> None:
    put_in_wallet(client_person, 100_000)
    one, two = accounts.wallet(client_person, "USD"), accounts.wallet(outsider, "USD")
    for rounds in range(5):
        race([lambda key=f"test:{rounds}:{n}": post(key, one, two, 10) for n in range(20)])
        race([seal.run] * MANY)
        seal.run()
        numbers = list(Seal.objects.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, Transfer.objects.count() + 1))
    batches = list(Batch.objects.values_list("number", flat=True))
    assert batches == list(range(1, len(batches) + 1))


def test_audits_beside_writers_never_raise_a_false_alarm(client_person: User, freelancer: User) -> None:
    """Whole and new, while escrows are filled, released and refunded: each run reads one moment."""
    people = [make(f"Payer{n} Busy", client=True) for n in range(4)]
    for person in people:
        put_in_wallet(person, 1_000_000)

    @verb
    def whole_life(number: int) -> None:
        row = escrow.open("bonus", payer=people[number], payee=freelancer, currency="USD", fee_bps=500)
        escrow.bonus(row, 1_001, key=f"test:{row.pk}:bonus")
        escrow.refund_released(row, 300, key=f"test:{row.pk}:back")

    stop, threads, raised = beside(whole_life, len(people))
    try:
        found = []
        while not raised and (len(found) < 9 or Transfer.objects.filter(kind="bonus").count() <= 20):
            found.append(audit.examine(whole=len(found) % 3 == 2).violations)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not any(found)
    assert raised == [] and not Halt.objects.exists()
    assert audit.examine().violations == []


def test_nobody_who_posts_waits_while_a_long_audit_and_a_sealing_go_on(client_person: User, outsider: User) -> None:
    put_in_wallet(client_person, 1_000_000)
    one, two = accounts.wallet(client_person, "USD"), accounts.wallet(outsider, "USD")
    for number in range(300):
        post(f"test:{number}", one, two, 10)
    rounds = []
    stop, threads, raised = beside(lambda _number: rounds.append((seal.run(), audit.run())), 1)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 100")  # ms: whoever waits for a lock is told; a slow machine isn't a lock
    number = 300
    try:
        while not raised and (number < 400 or not rounds):
            with transaction.atomic():
                post.within(f"test:{number}", one, two, 10)
            number += 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert raised == []


def test_two_agreements_at_once_are_two_and_two_audits_halt_once(client_person: User) -> None:
    one, two = staff("Fin Ledger", "Finance"), staff("Fanny Books", "Finance")
    violation = {"invariant": "L6", "row": "account 1", "found": "a test"}
    assert race([lambda: halt.stop([violation])] * MANY) == [True] * MANY
    row = Halt.objects.get()
    reason = "It was looked at by both of us."
    answers = race([lambda by=by: halt.lift(row, by=by, reason=reason) for by in (one, two, one, two)])
    assert sorted(answer for answer in answers if isinstance(answer, bool)) == [False, True]
    assert sum(isinstance(answer, halt.AlreadyAgreed) for answer in answers) == 2
    assert halt.in_force() is None
