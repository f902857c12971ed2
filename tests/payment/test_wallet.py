"""The wallet's page: every figure with its day and its reason, live, in every currency."""

import re
from typing import Any

import pytest
from django.test import Client

from payment import escrow, papers
from payment.models import Escrow
from projects import milestones
from projects.models import Contract
from skilllink import clocks
from skilllink.money import format_money, plain
from tests.builders.books import filled, released
from tests.builders.projects_contracts import signed_contract
from tests.payment.test_papers import CURRENCIES, made
from users.models import User


def read(user: User, path: str = "/wallet/") -> str:
    browser = Client()
    browser.force_login(user)
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def figures(page: str) -> set[str]:
    """The exact amounts that a page shows, as its data says."""
    return set(re.findall(r'<data class="money[^"]*" value="([^"]+)">', page))


@pytest.fixture
def contract(client_person: User, freelancer: User) -> Contract:
    found = signed_contract(client_person, freelancer)
    first = found.milestones.get(position=1)
    milestones.release(first, by=client_person, version=first.version)
    milestones.deliver(found.milestones.get(position=2), by=freelancer, note="Here it is")
    return found


def test_every_part_leads_to_its_reason(contract: Contract, client_person: User, freelancer: User) -> None:
    made()
    one, two = (
        f"{contract.get_absolute_url()}#milestone-{step.pk}" for step in contract.milestones.order_by("position")
    )
    mine, theirs = read(freelancer), read(client_person)
    assert mine.count(f'href="{one}"') == 2  # clearing, and the line of the statement
    assert mine.count(f'href="{two}"') == 2  # held for my work, and what comes of it
    assert theirs.count(f'href="{two}"') == 2
    for code in papers.issue(contract.milestones.get(position=1).escrow.transfers.get(kind="release")):
        assert f'href="{code.get_absolute_url()}"' in mine


def test_it_listens_to_the_persons_own_topic(freelancer: User) -> None:
    for path in ("/wallet/", "/wallet/papers/", "/wallet/statement/"):
        assert f'data-live="user:{freelancer.pk}"' in read(freelancer, path)


def test_the_drawing_is_described_and_repeated_as_a_table(contract: Contract, freelancer: User) -> None:
    page = read(freelancer)
    assert re.search(r'role="img" aria-label="Earned by month: \$1,140\.00 in nine months, \$1,520\.00 more', page)
    table = page.split("The same as a table", 1)[1].split("</details>", 1)[0]
    assert {"1140.00", "1520.00"} <= figures(table)
    assert table.count("<tr>") == 1 + 12
    assert "style=" not in page.split('class="chart"', 1)[1].split("</figure>", 1)[0]


def test_who_has_earned_nothing_sees_no_drawing(client_person: User) -> None:
    assert "<svg class=" not in read(client_person).split('id="wallet"', 1)[1]


@pytest.mark.parametrize("currency", CURRENCIES)
def test_each_page_tells_the_same_amounts_in_the_decimals_of_the_currency(
    client_person: User, freelancer: User, currency: str
) -> None:
    gross = 1_234_567
    fee = escrow.fee_on(gross, 500)
    released(client_person, freelancer, gross, currency=currency)
    held: Escrow = filled(client_person, freelancer, 7_001, currency=currency)
    invoice, fee_invoice = made()
    told = {
        name: plain(n, currency) for name, n in {"gross": gross, "fee": fee, "net": gross - fee, "held": 7_001}.items()
    }
    assert {told["net"], told["held"]} <= figures(read(freelancer))
    assert {told["held"], plain(-7_001, currency), plain(-gross, currency)} <= figures(read(client_person))
    assert told["net"] in figures(read(freelancer, "/wallet/statement/"))
    assert {told["gross"], told["fee"]} == figures(read(freelancer, "/wallet/papers/"))
    assert figures(read(client_person, invoice.get_absolute_url())) == {told["gross"]}
    page = read(freelancer, fee_invoice.get_absolute_url())
    assert figures(page) == {told["fee"]} and format_money(gross, currency) in page
    year = figures(read(freelancer, f"/wallet/years/{clocks.now().year}/"))
    assert {told["gross"], told["net"], plain(-fee, currency)} <= year
    assert format_money(7_001 - escrow.fee_on(7_001, 500), currency) in read(freelancer)  # you get, beside what is held
    assert held.currency == currency


def test_the_page_asks_the_database_as_often_for_many_contracts_as_for_one(
    contract: Contract, client_person: User, freelancer: User, django_assert_max_num_queries: Any
) -> None:
    for _n in range(2):
        signed_contract(client_person, freelancer)
    browser = Client()
    browser.force_login(client_person)
    with django_assert_max_num_queries(36):
        browser.get("/wallet/")
