"""An incremental audit asks of what is new alone: what came is said in words, and a check of other things isn't asked."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payment import audit, audit_news, clearing, donations, payouts
from payment.audit_scope import Scope, Violation, about
from payment.models import Checkpoint, Clearing, IdempotencyRecord
from skilllink import clocks
from tests.builders.books import frozen, released
from tests.builders.gateway import dispute_of, settle_down
from tests.builders.payment import bank_account, earn, put_in_wallet
from users.models import User

pytestmark = pytest.mark.django_db


def news() -> frozenset[str]:
    """What the next incremental run will find new, after the books were examined."""
    audit.seal.run()
    reached = Checkpoint.objects.get()
    last = audit.Seal.objects.count()
    return audit_news.since(reached.number, last, reached.at)


def charge_back(client: User, freelancer: User) -> None:
    deposit = put_in_wallet(client, 900)
    settle_down()
    dispute_of(deposit)
    settle_down()


def clear(client: User, freelancer: User) -> None:
    released(client, freelancer, 900)
    row = Clearing.objects.get()
    with clocks.at(row.due_at):
        clearing.clear.within(row.pk)


def pay_out(client: User, freelancer: User) -> None:
    earn(freelancer, 5_000)
    payouts.request.within(freelancer, bank_account(freelancer), 2_000, "USD", token="one")


def tip(client: User, freelancer: User) -> None:
    put_in_wallet(client, 100)
    donations.tip.within(client, released(client, freelancer, 900), 100, token="one")


def record(client: User, freelancer: User) -> None:
    IdempotencyRecord.objects.create(user=client, key="one", fingerprint="x", status=200, body="{}")


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (
            lambda client, _other: put_in_wallet(client, 900),
            {"transfer", "transfer.deposit", "deposit", "account.wallet"},
        ),
        (lambda client, other: frozen(client, other, 900), {"escrow", "escrow.dispute", "escrow.milestone"}),
        (lambda client, other: released(client, other, 900), {"transfer.release", "account.pending", "account.fees"}),
        (clear, {"clearing", "transfer.clear"}),
        (charge_back, {"chargeback", "event"}),
        (pay_out, {"payout", "transfer.payout", "account.in_transit"}),
        (tip, {"donation", "transfer.tip", "escrow.tip"}),
        (record, {"record"}),
    ],
    ids=["deposit", "dispute", "release", "clear", "chargeback", "payout", "tip", "idempotency record"],
)
def test_what_came_is_said_in_words(
    client_person: User, freelancer: User, act: Callable[..., Any], expected: set[str]
) -> None:
    put_in_wallet(client_person, 100)
    audit.examine()
    with clocks.at(clocks.now()):
        Checkpoint.objects.update(at=clocks.now())
        act(client_person, freelancer)
        assert news() >= expected


def test_nothing_new_is_no_word_and_asks_little(client_person: User, freelancer: User) -> None:
    released(client_person, freelancer, 900)
    audit.examine()
    Checkpoint.objects.update(at=clocks.now())
    assert news() == frozenset()
    with CaptureQueriesContext(connection) as asked:
        assert audit.examine().violations == []
    assert len(asked) <= 45


def test_a_marked_check_is_asked_when_its_words_are_new_when_nobody_looked_and_in_the_whole() -> None:
    @about("payout", "transfer.payout")
    def check(scope: Scope) -> Iterator[Violation]:
        yield Violation("L0", "row", "found")

    def asked(news: set[str] | None, *, whole: bool = False) -> bool:
        return bool(list(check(Scope(whole=whole, news=None if news is None else frozenset(news)))))

    assert asked({"transfer", "payout"}) and asked({"transfer.payout"}) and asked(None) and asked(None, whole=True)
    assert not asked({"transfer", "deposit"}) and not asked(set())


@pytest.mark.parametrize("word", audit_news.ROWS)
def test_every_instant_that_tells_of_a_row_is_a_column_of_its_table(word: str) -> None:
    table, *columns = audit_news.ROWS[word]
    with connection.cursor() as cursor:
        there = {column.name for column in connection.introspection.get_table_description(cursor, table)}
    assert set(columns) <= there
