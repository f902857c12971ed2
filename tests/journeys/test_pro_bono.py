"""Work donated to a cause, from the keeper's form to its acceptance, in two windows."""

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.people import live, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser
TITLE = "Drawings of twelve garden birds"
BRIEF = (
    "Twelve birds that children see from the bed, one drawing each, in black and white so that schools can copy them."
)
LETTER = "I draw birds every morning and would begin with the robin and the wren, on one sheet for all."


def test_work_is_donated_agreed_delivered_and_accepted_and_the_other_sees_it_at_once(
    browser: Browser, running_embedded: Embedded
) -> None:
    keeper, donor = (window(browser, running_embedded, who) for who in ("elif", "priya"))
    keeper.goto(f"{running_embedded.url}/gigs/new/")
    keeper.fill("[name=title]", TITLE)
    keeper.fill("[name=brief]", BRIEF)
    keeper.select_option("[name=category]", label="Design")
    keeper.fill("[name=skills]", "Illustration")
    keeper.select_option("[name=cause]", label="Seeds for forty school gardens")
    keeper.get_by_role("button", name="Post this gig").click()
    expect(keeper.locator("#gig-folio .pro-bono")).to_have_text("Pro bono")
    live(keeper)

    donor.goto(f"{running_embedded.url}/gigs/?pro_bono=1")
    donor.get_by_role("link", name=TITLE).click()
    donor.get_by_role("link", name="Bid on this gig").first.click()
    donor.fill("[name=days]", "10")
    donor.fill("[name=letter]", LETTER)
    donor.get_by_role("button", name="Send the bid").click()

    keeper.locator("#gig-board").get_by_role("link", name="Priya Raman").click()
    keeper.get_by_role("link", name="Make an offer").click()
    keeper.get_by_role("button", name="Look it over").click()
    keeper.get_by_role("button", name="Send it").click()
    expect(keeper.get_by_role("heading", name="Your offer to Priya Raman")).to_be_visible()

    donor.goto(keeper.url)
    donor.get_by_role("link", name="Accept", exact=True).click()
    donor.get_by_role("button", name="Accept and begin").click()
    expect(donor.locator("#contract-folio .pro-bono")).to_have_text("Pro bono")
    live(donor)
    keeper.goto(donor.url)
    live(keeper)

    donor.locator("#contract-rail").get_by_role("link", name="Deliver", exact=True).click()
    donor.fill("[name=note]", "Twelve birds, two to a page.")
    donor.locator("form").get_by_role("button", name="Deliver", exact=True).click()
    accept = keeper.locator("#contract-rail").get_by_role("link", name="Accept", exact=True)
    expect(accept).to_be_visible()
    accept.click()
    keeper.locator("form").get_by_role("button", name="Accept", exact=True).click()
    for page in (keeper, donor):
        expect(page.locator("#contract-rail")).to_contain_text("Accepted")
        page.context.close()
