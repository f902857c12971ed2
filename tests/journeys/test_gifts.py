"""Fees and gifts as people meet them: figures while typing, and a donation on every open page of its cause."""

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.people import live, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser


def test_the_calculator_answers_while_one_types(browser: Browser, running_embedded: Embedded) -> None:
    page = window(browser, running_embedded)
    page.goto(f"{running_embedded.url}/fees/")
    answer = page.locator("#fee-answer")
    page.fill("[name=amount]", "33.30")
    expect(answer).to_contain_text("$31.63")
    page.fill("[name=amount]", "-1")
    expect(answer).to_contain_text("Write the amount in digits")
    page.select_option("[name=currency]", "JPY")
    page.fill("[name=amount]", "170")
    expect(answer).to_contain_text("¥161")
    page.context.close()


def test_a_donation_appears_on_the_open_page_of_its_cause(browser: Browser, running_embedded: Embedded) -> None:
    watching = window(browser, running_embedded, "freelancer")
    watching.goto(f"{running_embedded.url}/causes/")
    watching.get_by_role("link", name="Seeds for forty school gardens").click()
    live(watching)
    giver = window(browser, running_embedded, "client")
    giver.goto(f"{watching.url}give/")
    giver.fill("[name=amount]", "7.77")
    giver.fill("[name=note]", "For the beans")
    giver.get_by_role("button", name="Give", exact=True).click()
    expect(giver.locator("#ledger")).to_contain_text("“For the beans”")
    expect(watching.locator("#ledger")).to_contain_text("“For the beans”")
    expect(watching.locator("#goal")).to_contain_text("$304.77")
    giver.context.close()
    watching.context.close()
