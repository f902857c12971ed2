"""The whole main job from two sign-ups to two reviews, in two windows, in embedded mode and in full mode.

Full mode is what docker-compose.yml starts: web, worker and beat as processes of their own behind its proxy.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.people import (
    CAST_PASSWORD,
    act,
    dialog,
    give_code,
    live,
    paper,
    say,
    send_offer_and_accept,
    sign_in,
    stand_on,
)
from tests.services.full import Full
from tests.services.servers import Embedded, Site

pytestmark = pytest.mark.browser
RULES = {
    "SKILLLINK_REVIEW_WINDOW": "45s",
    "SKILLLINK_REMINDER_NOTICE": "30s",
    "SKILLLINK_RELEASE_NOTICE": "12s",
    "SKILLLINK_CLEARING": "8s",
    "SKILLLINK_CLEARING_ESTABLISHED": "8s",
}
TITLE = "A glaze book that anyone can search"
LETTER = "I would photograph every page first, let the studio check the names, and only then build the search."
CHIEF = "chief@skilllink.test"


@pytest.fixture(params=["embedded", "full"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An empty installation in which a review takes three quarters of a minute."""
    folder = tmp_path_factory.mktemp(request.param)
    server: Site = Full(folder, **RULES) if request.param == "full" else Embedded(folder, **RULES)
    yield server
    server.end()


def fresh(browser: Browser) -> Page:
    """A window of somebody who isn't signed in; the test's own certificate is good enough for it."""
    return browser.new_context(viewport={"width": 1440, "height": 1000}, ignore_https_errors=True).new_page()


def newcomer(browser: Browser, site: Site, name: str, wish: str, headline: str) -> Page:
    """Sign up with the mailed code, say what for, fill the profile, sign out and in again."""
    page, email = fresh(browser), f"{name.split(maxsplit=1)[0].lower()}@skilllink.test"
    page.goto(f"{site.url}/accounts/signup/")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(CAST_PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Confirm your address")).to_be_visible()
    page.get_by_label("Code").fill(site.code_for(email))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label(wish).check()
    page.get_by_label("Headline").fill(headline)
    page.get_by_label("Skills").fill("Python, Django")
    page.get_by_role("button", name="Save and begin").click()
    expect(page.get_by_role("heading", name="Your moves")).to_be_visible()
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    sign_in(page, site.url, email)
    expect(page.get_by_role("heading", name="Your moves")).to_be_visible()
    return page


def post_gig(page: Page, site: Site, folder: Path) -> None:
    page.goto(f"{site.url}/gigs/new/")
    page.fill("[name=title]", TITLE)
    page.fill("[name=brief]", "Forty years of glazes in one **paper book**. We want to find each by name, by cone.")
    expect(page.locator(".preview strong")).to_have_text("paper book")
    page.select_option("[name=category]", "web")
    page.fill("[name=skills]", "Python, Django")
    page.fill("[name=budget_min]", "500")
    page.fill("[name=budget_max]", "900")
    page.fill("[name=questions]", "Have you read handwriting before?")
    page.locator("[name=files]").set_input_files(paper(folder, "page-one.txt", "Celadon, cone 9\n"))
    page.get_by_role("button", name="Post this gig").click()
    expect(page.locator("h1")).to_have_text(TITLE)
    expect(page.locator("main")).to_contain_text("page-one.txt")
    live(page)


def bid(page: Page) -> None:
    page.get_by_role("link", name="Bid on this gig").first.click()
    page.fill("[name=amount]", "700")
    page.fill("[name=days]", "10")
    page.fill("[name=letter]", LETTER)
    for number, step in enumerate((("Photographs", "3", "200"), ("Names", "3", "300"), ("Search", "4", "200"))):
        for name, value in zip(("title", "days", "amount"), step, strict=True):
            page.fill(f"[name=step-{number}-{name}]", value)
    page.fill("[name=answer-0]", "My grandmother's, for years.")
    page.get_by_role("button", name="Send the bid").click()
    expect(page.locator("#gig-board").get_by_role("link", name="Your bid")).to_be_visible()


def pay(page: Page, site: Site, card: str) -> None:
    page.goto(f"{site.url}/wallet/deposit/?amount=700&currency=USD")
    page.get_by_role("button", name="Go on to the card").click()
    page.fill("[name=card]", card)
    page.get_by_role("button", name="Pay", exact=True).click()


def deposit(page: Page, site: Site) -> None:
    """A declined card, then one that asks for a confirmation."""
    pay(page, site, "4000 0000 0000 0002")
    expect(page.get_by_text("Nothing was charged.")).to_be_visible()
    pay(page, site, "4000 0025 0000 3155")
    page.get_by_role("button", name="Yes, pay it").click()
    expect(page.get_by_text("The money is in your wallet.")).to_be_visible()


def offer_and_accept(client: Page, freelancer: Page, gig: str) -> None:
    client.goto(gig)
    client.locator("#gig-board").get_by_role("link", name=re.compile("Tomasz")).first.click()
    client.get_by_role("link", name="Make an offer").click()
    client.locator("[name=hold][value=all]").check()
    send_offer_and_accept(client, freelancer)
    stand_on(client, freelancer.url)
    live(freelancer)


def talk(site: Site, client: Page, freelancer: Page, folder: Path) -> None:
    """Typing, presence, read marks and a file; then the server goes away in the middle and nothing is lost."""
    for page in (client, freelancer):
        expect(page.locator(".room [data-here]")).to_be_visible()
    client.locator(".composer textarea").press_sequentially("Good morn")
    expect(freelancer.locator("[data-typing]")).to_contain_text("Ines")
    say(client, "Good morning")
    expect(freelancer.locator(".log")).to_contain_text("Good morning")
    expect(client.locator(".log .receipt:not([hidden])")).to_have_count(1)
    freelancer.locator("[data-attach]").set_input_files(paper(folder, "first-scan.txt", "Tenmoku\n"))
    expect(freelancer.locator(".uploads")).to_contain_text("first-scan.txt")
    say(freelancer, "Here is the first")
    expect(client.locator(".log").get_by_role("link", name="first-scan.txt")).to_be_visible()
    site.stop()
    expect(client.locator("html")).not_to_have_attribute("data-connection", "live")
    if isinstance(site, Full):
        site.redis.restart()
    say(client, "Written while nobody was there")
    expect(client.locator(".msg.pending")).to_have_count(1)
    site.start()
    for page in (client, freelancer):
        live(page)
        expect(page.locator(".log").get_by_text("Written while nobody was there")).to_have_count(1)
    expect(client.locator(".msg.pending")).to_have_count(0)
    freelancer.reload()
    live(freelancer)
    for words in ("Good morning", "Here is the first", "Written while nobody was there"):
        expect(freelancer.locator(".log").get_by_text(words)).to_have_count(1)


def see(pages: tuple[Page, ...], part: str, words: str | re.Pattern[str], *, seconds: int = 60) -> None:
    """Both read it in a part of the contract's page."""
    for page in pages:
        expect(page.locator(f"#contract-{part}")).to_contain_text(words, timeout=seconds * 1000)


def first_milestone(client: Page, freelancer: Page, folder: Path) -> None:
    """Delivered, sent back, delivered again, released by hand."""
    both = (client, freelancer)
    act(freelancer, "Deliver", note="All forty years, photographed.")
    see(both, "timeline", "delivered Photographs")
    client.get_by_role("link", name="Ask for changes").click()
    dialog(client).locator("[name=reason]").fill("The spine hides a line.")
    dialog(client).locator("[name=items]").fill("Photograph page 12 flat")
    dialog(client).get_by_role("button", name="Ask for changes").click()
    expect(freelancer.locator("#contract-rail")).to_contain_text("Photograph page 12 flat")
    live(freelancer)
    act(freelancer, "Deliver", note="Page 12 lies flat now.")
    see(both, "timeline", "Delivery 2.")
    live(client)
    client.get_by_role("link", name=re.compile("^Release")).first.click()
    expect(dialog(client)).to_contain_text("$190.00")
    dialog(client).get_by_role("button", name=re.compile("Release")).click()
    see(both, "timeline", "released Photographs")


def second_milestone(site: Site, client: Page, freelancer: Page) -> None:
    """Delivered, and then nobody acts; in full mode a worker's successor must see to it."""
    live(freelancer)
    act(freelancer, "Deliver", note="Every name, checked.")
    expect(client.locator("#contract-rail")).to_contain_text("If you do nothing, $300.00 goes to Tomasz then.")
    if isinstance(site, Full):
        site.kill("worker")
        site.begin("worker")


def second_released(client: Page, freelancer: Page) -> None:
    """Reminded, and released by the clock."""
    see((client, freelancer), "timeline", "reminded", seconds=180)
    see((client, freelancer), "timeline", "was released: the time to review ended", seconds=180)


def third_milestone(browser: Browser, site: Site, client: Page, freelancer: Page) -> None:
    """Disputed, frozen, and split by a member of staff in the admin."""
    both = (client, freelancer)
    live(client)
    # the second could be disputed too
    client.locator("#contract-rail li", has_text="Search").get_by_role("link", name="Open a dispute").click()
    dialog(client).locator("[name=amount]").fill("200")
    dialog(client).locator("[name=reason]").fill("The search never came.")
    dialog(client).get_by_role("button", name="Freeze it").click()
    see(both, "rail", "$200.00 frozen")
    judge = staff(browser, site)
    judge.goto(f"{site.url}/admin/projects/dispute/")
    judge.locator("tr", has_text="$200.00").get_by_role("link", name="Settle").click()
    judge.locator("[name=to_freelancer]").fill("50")
    judge.locator("[name=reason]").fill("A quarter of it was there.")
    judge.locator("[type=submit]").last.click()
    expect(judge.locator(".messagelist")).to_contain_text("Settled.")
    judge.context.close()
    see(both, "timeline", "$50.00 to Tomasz, $150.00 to Ines")


def staff(browser: Browser, site: Site) -> Page:
    """The first administrator, as an operator makes one; with the second factor that production asks of staff."""
    site.manage(
        "createsuperuser", "--noinput", "--email", CHIEF, "--name", "Chief", DJANGO_SUPERUSER_PASSWORD=CAST_PASSWORD
    )
    page = fresh(browser)
    sign_in(page, site.url, CHIEF)
    asked = page.get_by_role("heading", name="Confirm your address")
    expect(asked).to_be_visible()
    page.get_by_label("Code").fill(site.code_for(CHIEF))
    page.get_by_role("button", name="Confirm").click()
    expect(asked).to_have_count(0)
    if isinstance(site, Full):
        page.goto(f"{site.url}/admin/")
        expect(page).to_have_url(re.compile("/accounts/2fa/"))
        page.goto(f"{site.url}/accounts/2fa/totp/activate/")
        secret = page.get_by_label("Or type this key into the app").input_value()
        give_code(page, secret, "Turn it on")
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        page.goto(f"{site.url}/admin/")
        expect(page.get_by_role("heading", name="Show that it’s you")).to_be_visible()
        give_code(page, secret, "Go on")
    return page


def review(page: Page, words: str) -> None:
    page.goto(f"{page.url.split('?')[0]}review/")
    for axis in page.locator("main fieldset").all():
        axis.get_by_label("4", exact=True).check()
    page.fill("[name=text]", words)
    page.get_by_role("button", name="Keep my review").click()
    expect(page.locator("#contract-folio")).to_be_visible()


def test_two_strangers_become_client_and_freelancer_and_part_with_reviews(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    client = newcomer(browser, site, "Ines Varga", "I want to hire", "Ceramics studio in Porto")
    freelancer = newcomer(browser, site, "Tomasz Okoro", "I want to work", "Search for small archives")

    stand_on(freelancer, f"{site.url}/gigs/")
    post_gig(client, site, tmp_path)
    gig = client.url
    expect(freelancer.get_by_text(TITLE).first).to_be_visible()
    freelancer.goto(f"{site.url}/gigs/?q=glaze&kind=fixed")
    freelancer.get_by_role("link", name=TITLE).first.click()
    bid(freelancer)
    expect(client.locator("#gig-board")).to_contain_text("Tomasz Okoro")
    expect(client.locator("#gig-board")).to_contain_text("$700")
    client.locator("#gig-board li", has_text="Tomasz").get_by_role("button", name="Shortlist").click()
    expect(client.locator("#gig-board li", has_text="Tomasz")).to_contain_text("Shortlisted")

    deposit(client, site)
    offer_and_accept(client, freelancer, gig)
    talk(site, client, freelancer, tmp_path)
    contract = client.url

    purse = freelancer.context.new_page()
    stand_on(purse, f"{site.url}/wallet/")
    first_milestone(client, freelancer, tmp_path)
    expect(purse.locator("#wallet")).to_contain_text("$190.00")
    second_milestone(site, client, freelancer)
    third_milestone(browser, site, client, freelancer)  # while the second waits for its clock
    second_released(client, freelancer)
    see((client, freelancer), "folio", "Closed")
    words = {client: "He listened to the paper.", freelancer: "She knew every glaze by name."}
    review(client, words[client])
    see((freelancer,), "timeline", "Ines wrote a review; you see it when both are in")
    expect(freelancer.locator("main")).not_to_contain_text(words[client])
    review(freelancer, words[freelancer])
    for page in (client, freelancer):
        stand_on(page, contract)
        expect(page.locator("#contract-folio")).to_contain_text("The reviews are out on your profiles.")
    stranger = fresh(browser)
    for page, other, said in ((client, "Tomasz Okoro", words[client]), (freelancer, "Ines Varga", words[freelancer])):
        profile = page.locator("#contract-folio").get_by_role("link", name=other).get_attribute("href")
        stranger.goto(f"{site.url}{profile}")
        expect(stranger.locator(".reviews")).to_contain_text(said)
    stranger.goto(contract)
    expect(stranger.locator("h1")).not_to_contain_text(TITLE)
    # 700 less a quarter and the fee: 190 + 285 + 47.50, cleared
    earned = purse.locator("#wallet .purses div", has_text="Earned and available")
    expect(earned).to_contain_text("$522.50", timeout=120_000)
    assert "0 violations" in site.manage("audit_ledger")
