"""The books: what they refuse and what they keep."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payment import accounts, audit, escrow, ledger, statement
from payment.models import Account, Entry, Transfer
from skilllink.errors import Refusal
from tests.builders.books import filled
from tests.builders.payment import put_in_wallet
from users.models import User

RATES = st.integers(0, 2000)


def books() -> tuple[Any, ...]:
    return Transfer.objects.count(), Entry.objects.count(), dict(Account.objects.values_list("pk", "balance"))


def test_entries_that_do_not_balance_are_no_transfer(client_person: User) -> None:
    with transaction.atomic(), pytest.raises(ledger.Unbalanced):
        ledger.post.within(
            "test:1", "deposit", [(accounts.gateway("USD"), -5), (accounts.wallet(client_person, "USD"), 6)]
        )
    assert not Transfer.objects.exists()


def test_one_key_moves_money_once_and_other_figures_under_it_are_refused(client_person: User) -> None:
    def post(amount: int) -> Transfer:
        lines = [(accounts.gateway("USD"), -amount), (accounts.wallet(client_person, "USD"), amount)]
        with transaction.atomic():
            return ledger.post.within("test:once", "deposit", lines)

    first = post(700)
    assert post(700) == first
    with pytest.raises(ledger.KeyReused):
        post(800)
    assert accounts.balances(client_person)["USD"]["wallet"] == 700


def test_nothing_owed_goes_below_zero(client_person: User, freelancer: User) -> None:
    put_in_wallet(client_person, 1000)
    with pytest.raises(escrow.InsufficientFunds) as refusal, transaction.atomic():
        row = escrow.open("offer", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        escrow.hold(row, 1500, key="test:hold")
    assert refusal.value.missing == 500
    with pytest.raises(ledger.Overdrawn), transaction.atomic():
        ledger.post.within(
            "test:2", "x", [(accounts.wallet(client_person, "USD"), -1001), (accounts.gateway("USD"), 1001)]
        )
    assert accounts.balances(client_person)["USD"]["wallet"] == 1000


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    parts=st.lists(st.integers(1, 5000), min_size=1, max_size=6),
    bps=RATES,
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_the_fees_of_parts_sum_to_the_fee_of_the_whole(
    client_person: User, freelancer: User, parts: list[int], bps: int, currency: str
) -> None:
    with transaction.atomic():
        row = escrow.open("milestone", payer=client_person, payee=freelancer, currency=currency, fee_bps=bps)
    put_in_wallet(client_person, sum(parts), currency)
    with transaction.atomic():
        escrow.hold(row, sum(parts), key=f"test:{row.pk}:hold")
        done = [escrow.release(row, part, key=f"test:{row.pk}:{n}") for n, part in enumerate(parts)]
    assert sum(each.fee for each in done) == escrow.fee_on(sum(parts), bps)
    assert sum(each.net + each.fee for each in done) == sum(parts)
    assert row.held == 0
    assert audit.run() == []


def test_a_dispute_takes_back_exactly_what_is_clearing(client_person: User, freelancer: User) -> None:
    row = filled(client_person, freelancer, 50_000)
    with transaction.atomic():
        escrow.release(row, 50_000, key="test:release")
        dispute = escrow.open("dispute", payer=client_person, payee=freelancer, currency="USD", fee_bps=500)
        escrow.claw_back(row, dispute, 20_000, key="test:claw")
    assert accounts.balances(freelancer)["USD"]["pending"] == 28_500
    with transaction.atomic():
        escrow.split(dispute, 12_000, key="test:split")
    assert accounts.balances(freelancer)["USD"]["pending"] == 28_500 + 11_400
    assert accounts.balances(client_person)["USD"]["wallet"] == 8_000
    assert audit.run() == []
    with pytest.raises(Refusal), transaction.atomic():
        escrow.claw_back(row, dispute, 40_000, key="test:claw2")


def test_the_same_event_with_another_amount_is_refused_and_moves_nothing(client_person: User, freelancer: User) -> None:
    row = filled(client_person, freelancer, 9_000)
    with transaction.atomic():
        first = escrow.release(row, 1_000, key="test:once")
        assert escrow.release(row, 1_000, key="test:once").transfer == first.transfer
    before = books()
    with pytest.raises(ledger.KeyReused), transaction.atomic():
        escrow.release(row, 2_000, key="test:once")
    assert books() == before


def test_a_filtered_statement_shows_the_balances_of_the_whole_one(client_person: User, freelancer: User) -> None:
    filled(client_person, freelancer, 9_000)
    put_in_wallet(client_person, 5_000)
    shown = statement.entries(client_person, statement.Filters(kind="deposit"))
    assert [row.balance for row in shown] == [5_000, 9_000]


def test_an_account_of_the_platform_is_found_by_its_index_however_many_accounts_there_are(database: None) -> None:
    accounts.fees("USD")
    with CaptureQueriesContext(connection) as asked:
        accounts.fees("USD")
    (query,) = asked.captured_queries
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if not sqlite:  # which reads a small table whole
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + query["sql"])
        assert "account_of_platform_once" in str(cursor.fetchall())
