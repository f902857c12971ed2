"""People in windows of their own, and what they do on many pages."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, Locator, Page, expect

from scripts.screenshots import enter
from tests.services.servers import Embedded

PASSWORD = "skilllink-demo"
CAST_PASSWORD = "a-long-enough-password"  # of those whom `make` registers
CALENDAR = "Booking calendar for a ceramics studio"


def window(browser: Browser, server: Embedded, who: str = "", at: str = "") -> Page:
    """A window of its own, signed in as one of the demo's people, or by address as one whom `make` registered.

    It stands on their home page, or live on the page at `at`; on the form to sign in for nobody.
    """
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    if not who:
        page.goto(f"{server.url}/accounts/login/")
        return page
    known = (who, CAST_PASSWORD) if "@" in who else (f"{who}@demo.skilllink.test", PASSWORD)
    enter(page.context, server.url, *known)
    if at:
        stand_on(page, f"{server.url}{at}")
    else:
        page.goto(server.url)
        expect(page.get_by_role("heading", name="Your moves")).to_be_visible()
    return page


def sign_in(page: Page, site: str, email: str, password: str = CAST_PASSWORD) -> None:
    """Give address and password to the site at `site`; what comes next may be a second factor or a refusal."""
    page.goto(f"{site}/accounts/login/")
    give_password(page, email, password)


def give_password(page: Page, email: str, password: str = CAST_PASSWORD) -> None:
    """On the page that asks for it."""
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def live(page: Page) -> None:
    """Wait until the page's socket is open."""
    expect(page.locator("html")).to_have_attribute("data-connection", "live")


def stand_on(page: Page, url: str) -> None:
    page.goto(url)
    live(page)


def open_contract(page: Page, server: Embedded) -> None:
    page.goto(f"{server.url}/contracts/")
    page.get_by_role("link", name=CALENDAR).first.click()
    live(page)


def say(page: Page, words: str) -> None:
    page.locator(".composer textarea").fill(words)
    page.keyboard.press("Enter")


def give_code(page: Page, secret: str, button: str) -> None:
    """What the authenticator app shows; its next ones when that has ended, or was used before."""
    before = page.url
    for _attempt in range(3):
        moment = time.time()
        page.fill("input[name=code]", format_hotp_value(hotp_value(secret, int(moment // 30))))
        with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            page.get_by_role("button", name=button).click()
        if answered.value.status == 302:
            return expect(page).not_to_have_url(before)
        page.wait_for_timeout(1000 * max(0, 30 * (moment // 30 + 1) - time.time()))
    raise AssertionError(page.locator("main").inner_text())


def dialog(page: Page) -> Locator:
    """The confirm step that is open."""
    return page.locator("dialog[open]")


def act(page: Page, link: str, button: str = "", **fields: str) -> None:
    """Open an act by its link, fill its fields in the dialog, press its button there, and be back on a live page."""
    page.get_by_role("link", name=link, exact=True).first.click()
    step = dialog(page)
    for name, value in fields.items():
        step.locator(f"[name={name}]").fill(value)
    pressed = step.get_by_role("button", name=re.compile(re.escape(button or link)))
    pressed.last.click()
    expect(step).to_have_count(0)
    live(page)


def send_offer_and_accept(client: Page, freelancer: Page) -> None:
    """From the client's filled offer to the contract that the freelancer sees."""
    client.get_by_role("button", name="Look it over").click()
    client.get_by_role("button", name=re.compile("and send")).click()
    expect(client).to_have_url(re.compile("/offers/"))
    freelancer.goto(client.url)
    freelancer.get_by_role("link", name=re.compile("Accept")).first.click()
    freelancer.get_by_role("button", name="Accept and begin").click()
    expect(freelancer.locator("#contract-rail")).to_be_visible()


def bell(page: Page) -> Locator:
    """How many notifications are unread, as the bell shows it; nothing when none is."""
    return page.locator("#top-bell .count")


def made(server: Embedded, code: str) -> str:
    """What `code` prints, run in the installation with the builders of the other tests at hand."""
    head = (
        "from tests.builders.projects_contracts import put_in_wallet, signed_contract\n"
        "from tests.cast import make, staff\n"
        "from users.models import User\n"
    )
    return server.run(head + code).strip()


def contract_of(
    server: Embedded, client: str, freelancer: str, *, amounts: tuple[int, ...] = (160000,), hold: str = "all"
) -> str:
    """The path of a new contract, funded wholly or its first milestone.

    Between two new people, `<first name>@skilllink.test`.
    """
    code = (
        f"client, freelancer = make({client!r}, client=True), make({freelancer!r}, freelancer=True)\n"
        f"print(signed_contract(client, freelancer, amounts={amounts!r}, hold={hold!r}).get_absolute_url())"
    )
    return made(server, code).splitlines()[-1]


def paper(folder: Path, name: str, text: str) -> Path:
    """A text file to hand in."""
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture
def two(browser: Browser, running_embedded: Embedded) -> Iterator[tuple[Page, Page]]:
    client, freelancer = window(browser, running_embedded, "client"), window(browser, running_embedded, "freelancer")
    yield client, freelancer
    for page in (client, freelancer):
        page.context.close()
