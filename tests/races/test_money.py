"""Money under pressure from many at once, on PostgreSQL: nothing twice, nothing lost, nothing below zero."""

from collections import Counter
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models import Sum

from payment import accounts, audit, clearing, deposits, earnings, escrow, idempotency, ledger
from payment.models import Account, Clearing, Deposit, Entry, Escrow, IdempotencyRecord, Transfer
from skilllink import clocks
from skilllink.transactions import verb
from tests.builders.books import filled, released
from tests.builders.payment import GOOD_CARD, put_in_wallet
from tests.races.together import MANY, race
from users.models import User


@pytest.fixture(autouse=True)
def books(committed_db: None) -> Iterator[None]:
    """Each test ends with books that are right."""
    assert connection.vendor == "postgresql", "Races need row locks: run with SKILLLINK_TEST_DB=postgres."
    yield
    assert audit.run() == []


@verb
def post(key: str, source: Account, target: Account, amount: int) -> Transfer:
    return ledger.post.within(key, "test", [(source, -amount), (target, amount)])


def balance(account: Account) -> int:
    return Account.objects.values_list("balance", flat=True).get(pk=account.pk)


def test_one_key_posted_by_eight_at_once_is_one_transfer_and_one_answer(client_person: User, outsider: User) -> None:
    put_in_wallet(client_person, 10_000)
    mine, theirs = accounts.wallet(client_person, "USD"), accounts.wallet(outsider, "USD")
    for number in range(10):
        answers = race([lambda key=f"test:{number}": post(key, mine, theirs, 100)] * MANY)
        assert len({answer.pk for answer in answers}) == 1
    assert (balance(mine), balance(theirs)) == (9_000, 1_000)
    assert Transfer.objects.filter(kind="test").count() == 10


def test_one_key_with_other_figures_at_once_is_one_transfer_and_refusals(client_person: User, outsider: User) -> None:
    put_in_wallet(client_person, 10_000)
    mine, theirs = accounts.wallet(client_person, "USD"), accounts.wallet(outsider, "USD")
    answers = race([lambda n=n: post("test:one", mine, theirs, 100 + n) for n in range(MANY)])
    done = [answer for answer in answers if isinstance(answer, Transfer)]
    refused = [answer for answer in answers if isinstance(answer, ledger.KeyReused)]
    assert (len(done), len(refused)) == (1, MANY - 1)
    assert balance(theirs) == done[0].entries.get(amount__gt=0).amount


def test_money_going_both_ways_between_two_people_never_deadlocks(client_person: User, outsider: User) -> None:
    put_in_wallet(client_person, 100_000)
    put_in_wallet(outsider, 100_000)
    one, two = accounts.wallet(client_person, "USD"), accounts.wallet(outsider, "USD")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_reset()")
    acts = [
        (lambda n=n: post(f"test:{n}", one, two, 30)) if n % 2 else (lambda n=n: post(f"test:{n}", two, one, 20))
        for n in range(200)
    ]
    answers = race(acts)
    assert Counter(type(answer) for answer in answers) == {Transfer: 200}
    assert (balance(one), balance(two)) == (100_000 - 1_000, 100_000 + 1_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert cursor.fetchone() == (0,)


def test_twenty_spend_a_wallet_with_money_for_seven(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 799)

    @verb
    def spend(number: int) -> Transfer:
        row = escrow.open("offer", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        return escrow.hold(row, 100, key=f"test:{number}")

    answers = race([lambda n=n: spend(n) for n in range(20)], at_once=20)
    refused = [answer for answer in answers if isinstance(answer, escrow.InsufficientFunds)]
    assert Counter(isinstance(answer, Transfer) for answer in answers) == {True: 7, False: 13}
    assert [refusal.missing for refusal in refused] == [1] * 13
    assert accounts.balances(client_person)["USD"] == {
        "wallet": 99,
        "pending": 0,
        "available": 0,
        "in_escrow": 700,
        "in_transit": 0,
        "owed": 0,
    }


@pytest.mark.parametrize("part", [9_000, 5_000])
def test_release_refund_and_dispute_of_one_escrow_have_one_winner(
    client_person: User, freelancer: User, part: int
) -> None:
    """Parts of more than half: only one of them can be served."""

    @verb
    def release(row: Any) -> str:
        escrow.release(row, part, key=f"test:{row.pk}:release")
        return "release"

    @verb
    def refund(row: Any) -> str:
        escrow.refund(row, part, key=f"test:{row.pk}:refund")
        return "refund"

    @verb
    def dispute(row: Any) -> str:
        into = escrow.open("dispute", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        escrow.move(row, into, part, key=f"test:{row.pk}:freeze")
        return "dispute"

    winners = Counter()
    for _round in range(15):
        row = filled(client_person, freelancer, 9_000)
        answers = race(
            [lambda act=act, pk=row.pk: act(Escrow.objects.get(pk=pk)) for act in (release, refund, dispute)]
        )
        done = [answer for answer in answers if isinstance(answer, str)]
        assert len(done) == 1
        assert all(isinstance(answer, str | escrow.NotHeld) for answer in answers)
        row.refresh_from_db()
        assert row.held == 9_000 - part
        winners[done[0]] += 1
    assert winners.total() == 15


def test_a_dispute_and_the_clearing_of_the_same_money_have_one_winner(client_person: User, freelancer: User) -> None:
    @verb
    def claw_back(row: Any) -> str:
        into = escrow.open("dispute", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        escrow.claw_back(row, into, 9_000, key=f"test:{row.pk}:claw")
        return "dispute"

    for _round in range(15):
        row = released(client_person, freelancer, 9_000)
        due = row.clearings.get()
        at = due.due_at

        def sweep(at: Any = at) -> int:
            with clocks.at(at):
                return clearing.sweep()

        race([sweep, sweep, lambda pk=row.pk: claw_back(Escrow.objects.get(pk=pk))])
        with clocks.at(at):
            clearing.sweep()  # what was locked by the dispute
        due.refresh_from_db()
        row.refresh_from_db()
        assert (row.released, due.amount) in {(9_000, 8_550), (0, 0)}
        assert due.cleared_at is not None
    assert Transfer.objects.filter(kind="clear").count() + Transfer.objects.filter(kind="claw_back").count() == 15


def test_four_sweeps_at_once_clear_everything_once(client_person: User, freelancer: User, outsider: User) -> None:
    for number in range(20):
        released(client_person, freelancer if number % 2 else outsider, 100)
    last = Clearing.objects.latest("due_at").due_at

    def sweep() -> int:
        with clocks.at(last):
            return clearing.sweep()

    assert sum(race([sweep] * 4)) == 20
    assert sweep() == 0
    assert Transfer.objects.filter(kind="clear").count() == 20
    assert Clearing.objects.filter(attempts__gt=0).count() == 0


def test_what_somebody_has_locked_is_not_waited_for_and_clears_at_the_next_sweep(
    client_person: User, freelancer: User
) -> None:
    busy, free = released(client_person, freelancer, 9_000), released(client_person, freelancer, 100)
    locked, let_go = Event(), Event()

    def somebody() -> None:
        with transaction.atomic():
            Escrow.objects.select_for_update().get(pk=busy.pk)
            locked.set()
            let_go.wait()
        connections.close_all()

    other = Thread(target=somebody)
    other.start()
    locked.wait()
    try:
        with clocks.at(Clearing.objects.latest("due_at").due_at):
            assert clearing.sweep() == 1
            assert [row.clearings.get().cleared_at is None for row in (busy, free)] == [True, False]
            let_go.set()
            other.join()
            assert clearing.sweep() == 1
    finally:
        let_go.set()
        other.join()
    assert not Clearing.objects.filter(attempts__gt=0).exists()


def test_one_deposit_paid_by_eight_clicks_is_credited_once(client_person: User) -> None:
    row = deposits.request(client_person, 700, "USD")
    answers = race([lambda: deposits.pay(Deposit.objects.get(pk=row.pk), card=GOOD_CARD)] * MANY)
    assert [answer for answer in answers if not isinstance(answer, Deposit | deposits.Ended)] == []
    assert accounts.balances(client_person)["USD"]["wallet"] == 700
    assert Transfer.objects.count() == 1


def test_one_wish_to_spend_earnings_sent_eight_times_moves_them_once(client_person: User, freelancer: User) -> None:
    row = released(client_person, freelancer, 1_000, bps=0)
    with clocks.at(row.clearings.get().due_at):
        clearing.sweep()
    answers = race([lambda: earnings.spend(freelancer, 300, "USD", token="one")] * MANY)
    assert len({answer.pk for answer in answers}) == 1
    answers = race([lambda n=n: earnings.spend(freelancer, 300, "USD", token=f"other {n}") for n in range(MANY)])
    assert Counter(isinstance(answer, Transfer) for answer in answers) == {True: 2, False: 6}
    assert accounts.balances(freelancer)["USD"] == {
        "wallet": 900,
        "pending": 0,
        "available": 100,
        "in_escrow": 0,
        "in_transit": 0,
        "owed": 0,
    }


def test_one_idempotency_key_sent_by_eight_at_once_has_one_effect_and_one_answer(client_person: User) -> None:
    def ask(amount: int) -> tuple[int, Any]:
        def effect() -> tuple[int, Any]:
            return 201, {"deposit": str(deposits.request.within(client_person, amount, "USD").pk)}

        return idempotency.once(client_person, "key", f"request of {amount}", effect)

    answers = race([lambda: ask(700)] * MANY)
    assert len({str(answer) for answer in answers}) == 1
    assert Deposit.objects.count() == IdempotencyRecord.objects.count() == 1
    other = race([lambda n=n: ask(800 + n) for n in range(MANY)])
    assert all(isinstance(answer, idempotency.KeyReused) for answer in other)


def test_a_bank_reader_never_sees_a_wrong_total(client_person: User, freelancer: User) -> None:
    """Writers move money while a reader sums it up: Σ balances of people = what is held outside, in every snapshot."""
    put_in_wallet(client_person, 50_000)

    @verb
    def work(number: int) -> None:
        row = escrow.open("milestone", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        escrow.hold(row, 1_000, key=f"test:{number}:hold")
        escrow.release(row, 600, key=f"test:{number}:release")
        escrow.refund(row, 400, key=f"test:{number}:refund")

    def read() -> tuple[int, int]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            people = Account.objects.filter(balance__isnull=False).aggregate(total=Sum("balance"))["total"]
            platform = Entry.objects.filter(account__balance__isnull=True).aggregate(total=Sum("amount"))["total"]
            below = Account.objects.filter(balance__lt=0).count()
        return people + platform, below

    acts = [read if n % 4 == 0 else lambda n=n: work(n) for n in range(80)]
    answers = race(acts)
    assert {answer for answer in answers if answer is not None} == {(0, 0)}
