"""The main job by keyboard alone: a bid, an offer, a contract, a delivery and a release, and nobody touches a mouse."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.people import dialog, live, made, stand_on, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser
LETTER = "I would begin with the loudest drum, listen for a morning, and only then open the case of the second one."
# what a finger or a mouse would leave behind
WATCH = "addEventListener('pointerdown', () => { document.documentElement.dataset.touched = 'yes'; }, true);"
FOCUSED = """() => { const e = document.activeElement;
    return [e.getAttribute("name") ?? "", (e.getAttribute("aria-label") ?? e.textContent ?? "").trim()]; }"""
RING = """() => { const s = getComputedStyle(document.activeElement), b = document.activeElement.closest(".box");
    return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 || !!b && getComputedStyle(b).boxShadow !== "none"; }"""


def reach(page: Page, target: str, *, most: int = 90) -> None:
    """Press Tab until the field of that name, or what is called so, has the focus and shows it."""
    for _step in range(most):
        page.keyboard.press("Tab")
        name, words = page.evaluate(FOCUSED)
        if name == target or re.fullmatch(target, " ".join(words.split())):
            assert page.evaluate(RING), f"{target} has the focus and doesn't show it"
            return
    raise AssertionError(f"Tab never reached {target}")


def press(page: Page, target: str) -> None:
    reach(page, target)
    page.keyboard.press("Enter")


def write(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        reach(page, name)
        page.keyboard.press("Control+A")
        page.keyboard.type(value)


def keyboard(browser: Browser, server: Embedded, who: str) -> Page:
    """A window in which a pointer would be noticed."""
    page = window(browser, server, who)
    page.context.add_init_script(WATCH)
    return page


def untouched(page: Page) -> None:
    assert page.locator("html").get_attribute("data-touched") is None
    page.context.close()


def rail(page: Page) -> Locator:
    return page.locator("#contract-rail")


def test_a_bid_becomes_a_released_milestone_by_keyboard_alone(browser: Browser, running_embedded: Embedded) -> None:
    gig = made(
        running_embedded,
        "from projects import gigs\n"
        "client, _other = make('Kara Keys', client=True), make('Tabo Keys', freelancer=True)\n"
        "put_in_wallet(client, 60000)\n"
        "print(gigs.post(client, title='Drums that count themselves', brief='Eleven drums turn day and night and nobody"
        " knows how often. We want a number for each.', category='web', skills=['Python'], budget_min=50000,"
        " budget_max=90000, currency='USD').get_absolute_url())",
    ).splitlines()[-1]
    client = keyboard(browser, running_embedded, "kara@skilllink.test")
    freelancer = keyboard(browser, running_embedded, "tabo@skilllink.test")

    stand_on(freelancer, f"{running_embedded.url}{gig}")
    press(freelancer, "Bid on this gig")
    expect(freelancer.get_by_role("heading", name="Your bid")).to_be_visible()
    write(freelancer, amount="600", days="9", letter=LETTER)
    press(freelancer, "Send the bid")
    expect(freelancer.locator("#gig-board")).to_contain_text("Your bid")

    stand_on(client, f"{running_embedded.url}{gig}")
    press(client, "Tabo Keys")
    expect(client.locator("#bid-page")).to_contain_text(LETTER)
    press(client, "Make an offer")
    expect(client.get_by_role("heading", name="Offer to Tabo Keys")).to_be_visible()
    press(client, "Look it over")
    expect(client.get_by_role("button", name=re.compile("and send"))).to_be_visible()
    press(client, ".* and send.*")
    expect(client).to_have_url(re.compile("/offers/[0-9a-f-]{36}/"))

    stand_on(freelancer, f"{running_embedded.url}/")
    press(freelancer, "Answer")
    expect(freelancer.locator("#offer-page")).to_be_visible()
    press(freelancer, "Accept")
    expect(freelancer.get_by_role("button", name="Accept and begin")).to_be_visible()
    press(freelancer, "Accept and begin")
    expect(rail(freelancer)).to_be_visible()
    live(freelancer)

    press(freelancer, "Deliver")
    expect(dialog(freelancer)).to_be_visible()
    write(freelancer, note="Every drum counts. The numbers are in the shed.")
    press(freelancer, "Deliver")
    expect(dialog(freelancer)).to_have_count(0)
    live(freelancer)

    stand_on(client, freelancer.url)
    press(client, r"Release \$600\.00")
    expect(dialog(client)).to_contain_text("$570.00")
    client.keyboard.press("Escape")
    expect(dialog(client)).to_have_count(0)
    assert "Release" in client.evaluate(FOCUSED)[1]  # back where it was opened
    client.keyboard.press("Enter")
    expect(dialog(client)).to_be_visible()
    press(client, "Release.*")
    expect(dialog(client)).to_have_count(0)
    for page in (client, freelancer):
        expect(page.locator("#contract-timeline")).to_contain_text(re.compile("(You|Kara) released "))
    write(freelancer, body="Thank you.")
    freelancer.keyboard.press("Enter")
    expect(client.locator(".log")).to_contain_text("Thank you.")
    assert "0 violations" in running_embedded.manage("audit_ledger")
    for page in (client, freelancer):
        untouched(page)


def test_the_first_tab_offers_to_skip_to_the_page(browser: Browser, running_embedded: Embedded) -> None:
    page = window(browser, running_embedded, "client")
    page.goto(f"{running_embedded.url}/gigs/")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")
    page.context.close()


def test_a_dialog_keeps_the_focus_inside(browser: Browser, running_embedded: Embedded) -> None:
    page = window(browser, running_embedded, "client", at="/")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    for _step in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog[open]')"
        )
    page.context.close()
