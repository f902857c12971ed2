"""Check it yourself in a real Chromium: the browser computes the proofs, and says so when they don't lead to the root."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.journeys.people import contract_of, live, made, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser
OTHER = "f" * 64  # no hash that we meet


@pytest.fixture(scope="module")
def path(running_embedded: Embedded) -> str:
    """A contract between Vera and Falk, released in part, all of it sealed."""
    found = contract_of(running_embedded, "Vera Proof", "Falk Check", amounts=(160000, 40000))
    made(
        running_embedded,
        "from payment import audit\nfrom projects import milestones\nfrom projects.models import Milestone\n"
        "step = Milestone.objects.filter(contract__client__email='vera@skilllink.test').first()\n"
        "milestones.release(step, by=step.contract.client)\naudit.examine()",
    )
    return found


@pytest.fixture
def party(browser: Browser, running_embedded: Embedded, path: str) -> Iterator[Page]:
    page = window(browser, running_embedded, "vera@skilllink.test", at=path)
    yield page
    page.context.close()


def test_a_party_follows_the_link_and_sees_every_transfer_proven(party: Page, running_embedded: Embedded) -> None:
    errors: list[str] = []
    party.on("pageerror", lambda error: errors.append(str(error)))
    party.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    party.get_by_role("link", name="Check it yourself").first.click()
    expect(party.get_by_role("heading", name="Check it yourself")).to_be_visible()
    expect(party.locator("[data-verdict]")).to_contain_text("Everything fits, computed by this browser just now.")
    rows = party.locator("[data-leaf]")
    expect(rows).to_have_count(4)
    for place in range(4):
        expect(rows.nth(place)).to_contain_text("leaf, proof, root and publication fit")
    with party.expect_download() as download:
        party.get_by_role("link", name="Evidence file").click()
    assert json.loads(download.value.path().read_text())["format"] == "skilllink.evidence.1"
    assert errors == []


@pytest.mark.parametrize(
    ("what", "before", "after", "marked"),
    [
        ("evidence.json", r'\\"amount|\\"kind\\":\\"hold', r'\\"kind\\":\\"held', "its text isn’t what was sealed"),
        ("evidence.json", r'"proof": \[\s+"[0-9a-f]+', f'"proof": [ "{OTHER}', "its proof doesn’t lead to the root"),
        ("evidence.json", r'"previous": "[0-9a-f]+', f'"previous": "{OTHER}', "isn’t chained to those before it"),
        ("roots/", r'"root": "[0-9a-f]+', f'"root": "{OTHER}', "the published root is another one"),
    ],
)
def test_a_changed_answer_is_noticed_by_the_browser(
    party: Page, path: str, what: str, before: str, after: str, marked: str
) -> None:
    def change(route: Route) -> None:
        text = route.fetch().text()
        changed = re.sub(before, after, text, count=1)
        assert changed != text
        route.fulfill(body=changed, content_type="application/json")

    party.route(re.compile(re.escape(what)), change)
    party.goto(party.url.split("/contracts/")[0] + path + "verify/")
    expect(party.locator("[data-verdict]")).to_contain_text("Something doesn’t fit")
    expect(party.locator("[data-leaf]", has_text=marked).first).to_be_visible()
    party.unroute_all(behavior="ignoreErrors")


def test_a_stranger_finds_nothing_there(browser: Browser, running_embedded: Embedded, path: str) -> None:
    page = window(browser, running_embedded, "freelancer")
    for part in ("verify/", "evidence.json"):
        answer = page.request.get(running_embedded.url + path + part)
        assert answer.status == 404
    page.context.close()


def test_open_books_change_by_themselves_when_money_moves(browser: Browser, running_embedded: Embedded) -> None:
    page = window(browser, running_embedded, "client", at="/transparency/")
    before = page.locator("#books").inner_text()
    made(
        running_embedded,
        "import secrets\nput_in_wallet(make(f'Dora{secrets.token_hex(3)} Deposit', client=True), 123400)",
    )
    live(page)
    expect(page.locator("#books")).not_to_have_text(before, use_inner_text=True)
    page.context.close()
