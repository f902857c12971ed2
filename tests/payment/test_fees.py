"""What is published about fees is what the ledger takes."""

from typing import Any

import pytest
from django.test import Client

from payment import fees
from payment.models import Escrow
from skilllink.errors import Malformed
from skilllink.money import format_money
from tests.abuse.test_bad_figures import SENT, TYPED
from tests.builders.books import released
from users.models import User

pytestmark = pytest.mark.django_db
CASES = [("USD", 1_010), ("EUR", 9), ("JPY", 170), ("KWD", 10_010), ("USD", 160_000), ("JPY", 1), ("KWD", 10)]


@pytest.mark.parametrize(("currency", "gross"), CASES)
def test_the_quote_is_what_a_release_takes(client_person: User, freelancer: User, currency: str, gross: int) -> None:
    quote = fees.quote(gross, currency)
    escrow: Escrow = released(client_person, freelancer, gross, currency=currency, bps=quote.bps)
    assert (escrow.fee_taken, escrow.released - escrow.fee_taken) == (quote.fee, quote.net)


@pytest.mark.parametrize("gross", [1, 2, 3, 10, 29, 1_001, 99_999, 10**12])
def test_three_parts_sum_to_the_whole(gross: int) -> None:
    whole = fees.quote(gross, "USD")
    parts = fees.in_parts(whole)
    assert [sum(getattr(part, name) for part in parts) for name in ("gross", "fee", "net")] == [
        whole.gross, whole.fee, whole.net,
    ]  # fmt: skip


def test_there_are_examples_in_every_currency_with_one_that_is_rounded(settings: Any) -> None:
    rows = fees.examples()
    assert {row.currency for row in rows} == set(settings.CURRENCIES)
    for currency in settings.CURRENCIES:
        assert any(row.gross * row.bps % 10_000 for row in rows if row.currency == currency)


def test_the_calculator_works_by_address_alone_and_keeps_what_was_typed() -> None:
    page = Client().get("/fees/", {"amount": "33.30", "currency": "EUR"})
    text = page.content.decode()
    assert page.status_code == 200
    assert 'value="33.30"' in text
    for minor in (3_330, 167, 3_163):
        assert f'value="{minor // 100}.{minor % 100:02}"' in text


@pytest.mark.parametrize("figure", [*TYPED, "1.5"])
def test_a_figure_that_is_none_is_said_beside_its_field(figure: str) -> None:
    page = Client().get("/fees/", {"amount": figure, "currency": "JPY"})
    assert page.status_code == 422
    assert 'class="error' in page.content.decode()
    assert Client().get("/fees/", {"amount": "1", "currency": figure}).status_code == 422


def test_the_api_says_the_same(client_person: User) -> None:
    browser = Client()
    browser.force_login(client_person)
    told = browser.get("/api/v1/fees/", {"amount": 1_010, "currency": "USD"}).json()
    assert told["quote"] == {"gross": 1_010, "fee": 51, "net": 959, "currency": "USD", "bps": 500}
    assert [row["bps"] for row in told["rates"]] == [500, 0, 0, 0]
    for figure in (*SENT, "1.5"):
        assert browser.get("/api/v1/fees/", {"amount": figure, "currency": "USD"}).status_code == 400
    assert browser.get("/api/v1/fees/", {"amount": 1, "currency": "XXX"}).status_code == 400


@pytest.mark.parametrize("wrong", [0, -1, True, 2**63, 1.0, "1", None, []], ids=str)
def test_no_quote_of_a_figure_that_is_none(wrong: Any) -> None:
    with pytest.raises(Malformed):
        fees.quote(wrong, "USD")


def test_another_rate_changes_the_page_and_the_figures_together(settings: Any) -> None:
    settings.SKILLLINK = settings.SKILLLINK | {"FREELANCER_FEE_BPS": 750}
    text = Client().get("/fees/", {"amount": "100", "currency": "USD"}).content.decode()
    assert "7.5\N{NO-BREAK SPACE}%" in text
    assert 'value="92.50"' in text
    assert format_money(750, "USD") == "$7.50"
