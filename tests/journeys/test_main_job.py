"""The main job in a real Chromium, two people in two windows, both updating by themselves."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.people import contract_of, live, made, open_contract, say, send_offer_and_accept, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser


def test_a_newcomer_signs_up_with_the_mailed_code_and_says_who_they_are(
    browser: Browser, running_embedded: Embedded
) -> None:
    page = window(browser, running_embedded)
    page.goto(f"{running_embedded.url}/accounts/signup/")
    page.fill("input[name=name]", "Nell Newcomer")
    page.fill("input[name=email]", "nell@skilllink.test")
    page.fill("input[name=password1]", "a-long-enough-password")
    page.locator("main form button").first.click()
    page.fill("input[name=code]", running_embedded.code_for("nell@skilllink.test"))
    page.locator("main form button").first.click()
    expect(page.get_by_role("heading", name="Welcome, Nell")).to_be_visible()
    page.get_by_label("I want to work").check()
    page.get_by_label("Headline").fill("Finds things")
    page.get_by_label("Skills").fill("Python, Wayfinding")
    page.get_by_role("button", name="Save and begin").click()
    expect(page.get_by_role("heading", name="Your moves")).to_be_visible()
    page.goto(f"{running_embedded.url}/people/?q=Nell")
    expect(page.locator("main")).to_contain_text("Nell Newcomer")
    page.context.close()


def test_what_one_says_appears_at_the_other_and_survives_a_reload_and_a_restart(
    two: tuple[Page, Page], running_embedded: Embedded
) -> None:
    client, freelancer = two
    for page in two:
        open_contract(page, running_embedded)
    say(client, "Can you hear me?")
    expect(freelancer.locator(".log")).to_contain_text("Can you hear me?")
    say(freelancer, "Every <b>word</b>.")
    expect(client.locator(".log")).to_contain_text("Every <b>word</b>.")
    client.reload()
    expect(client.locator(".log")).to_contain_text("Every <b>word</b>.")
    running_embedded.stop()
    expect(client.locator("html")).not_to_have_attribute("data-connection", "live")
    say(client, "Written while the server was away")
    expect(client.locator(".msg.pending")).to_have_count(1)
    running_embedded.start()
    for page in two:
        expect(page.locator(".log").get_by_text("Written while the server was away")).to_have_count(1)
    expect(client.locator(".msg.pending")).to_have_count(0)


def test_a_gig_and_a_bid_appear_by_themselves_and_a_deposit_buys_an_offer_that_becomes_a_contract(
    two: tuple[Page, Page], running_embedded: Embedded
) -> None:
    client, freelancer = two
    site = running_embedded.url
    freelancer.goto(f"{site}/gigs/")
    live(freelancer)
    client.goto(f"{site}/gigs/new/")
    client.fill("[name=title]", "Kiln log that reads itself")
    client.fill(
        "[name=brief]", "The kiln prints a strip of paper every hour. We want it as figures with an alarm on a phone."
    )
    client.select_option("[name=category]", "web")
    client.fill("[name=skills]", "Python")
    client.fill("[name=budget_min]", "500")
    client.fill("[name=budget_max]", "900")
    client.get_by_role("button", name="Post this gig").click()
    expect(client.locator("h1")).to_have_text("Kiln log that reads itself")
    live(client)
    gig = client.url
    expect(freelancer.get_by_text("Kiln log that reads itself").first).to_be_visible()

    freelancer.goto(f"{client.url}")
    freelancer.get_by_role("link", name="Bid on this gig").first.click()
    freelancer.fill("[name=amount]", "700")
    freelancer.fill("[name=days]", "10")
    freelancer.fill(
        "[name=letter]", "I have read strips like these before; a camera, a week, and the alarm is the easy part."
    )
    freelancer.get_by_role("button", name="Send the bid").click()
    expect(client.locator("#gig-board")).to_contain_text("Tomasz Okoro")
    expect(client.locator("#gig-board")).to_contain_text("$700")

    client.goto(f"{site}/wallet/deposit/?amount=700&currency=USD")
    client.get_by_role("button", name="Go on to the card").click()
    client.fill("[name=card]", "4000 0000 0000 0002")
    client.get_by_role("button", name="Pay").click()
    expect(client.get_by_text("Nothing was charged.")).to_be_visible()
    client.goto(f"{site}/wallet/deposit/?amount=700&currency=USD")
    client.get_by_role("button", name="Go on to the card").click()
    client.fill("[name=card]", "4242 4242 4242 4242")
    client.get_by_role("button", name="Pay").click()
    expect(client.get_by_text("The money is in your wallet.")).to_be_visible()

    client.goto(gig)
    client.locator("#gig-board").get_by_role("link", name=re.compile("Tomasz|Open|Read")).first.click()
    client.get_by_role("link", name="Make an offer").click()
    send_offer_and_accept(client, freelancer)
    assert "0 violations" in running_embedded.manage("audit_ledger")


def test_a_release_shows_on_the_freelancers_open_page_by_itself(browser: Browser, running_embedded: Embedded) -> None:
    path = contract_of(running_embedded, "Rita Lund", "Rolf Berg", amounts=(120000, 160000, 90000, 30000))
    made(
        running_embedded,
        "from projects import milestones\nfrom projects.models import Milestone\n"
        "first, second, *_rest = Milestone.objects.filter(contract__client__email='rita@skilllink.test').order_by('position')\n"
        "milestones.release(first, by=first.contract.client)\n"
        "milestones.deliver(second, by=second.contract.freelancer, note='It flows.')",
    )
    client, freelancer = (
        window(browser, running_embedded, f"{who}@skilllink.test", at=path) for who in ("rita", "rolf")
    )
    two = (client, freelancer)
    client.get_by_role("link", name=re.compile("^Release \\$")).first.click()
    confirm = client.locator("dialog[open]")
    expect(confirm).to_contain_text("$1,520.00")
    confirm.get_by_role("button", name=re.compile("Release")).click()
    for page in two:
        expect(page.locator("#contract-timeline")).to_contain_text(re.compile("released Booking flow"))
        expect(page.locator("#contract-rail")).to_contain_text("2 of 4 ended")
    expect(freelancer.locator("#top-bell .count")).to_be_visible()
    assert "0 violations" in running_embedded.manage("audit_ledger")
    for page in two:
        page.context.close()
