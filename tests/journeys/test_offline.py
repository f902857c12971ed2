"""Two people in one room while the network isn't: nothing is lost, nothing comes twice, and the order is one."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.people import live, made, say, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser
ROOM = """
from chat import openings
one, other = make("Ada Lund", client=True), make("Ben Berg", freelancer=True)
print(openings.direct(one, other).get_absolute_url())
"""


def state(page: Page, word: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-connection", word)


def log(page: Page, *, last: int) -> list[str]:
    """The last messages that the server has, from top to bottom."""
    return page.locator(".log .entry[id] > .msg").all_inner_texts()[-last:]


@pytest.fixture(scope="module")
def pair(browser: Browser, running_embedded: Embedded) -> Iterator[tuple[Page, Page]]:
    """A window for each of two people, in the room that they have for themselves."""
    path = made(running_embedded, ROOM).splitlines()[-1]
    pages = tuple(window(browser, running_embedded, f"{who}@skilllink.test", at=path) for who in ("ada", "ben"))
    yield pages
    for page in pages:
        page.context.close()


def test_two_who_write_while_the_network_is_off_then_read_the_same_once(
    pair: tuple[Page, Page], running_embedded: Embedded
) -> None:
    ada, ben = pair
    room = ada.url
    say(ada, "Before the outage")
    expect(ben.locator(".log")).to_contain_text("Before the outage")
    for page in (ada, ben):
        page.context.set_offline(True)
        state(page, "offline")
        expect(page.locator("p[data-connection]")).to_be_visible()
    for number in (1, 2):
        say(ada, f"Ada {number}")
        say(ben, f"Ben {number}")
    for page in (ada, ben):
        expect(page.locator(".msg.pending")).to_have_count(2)
    ben.reload()  # nothing of the page is left
    expect(ben.get_by_text("No connection to SkillLink.")).to_be_visible()
    for page in (ada, ben):
        page.context.set_offline(False)
    ben.goto(f"{running_embedded.url}/wallet/")  # what waits goes from whatever page is open
    live(ben)
    for words in ("Ada 1", "Ada 2", "Ben 1", "Ben 2"):
        expect(ada.locator(".log .entry[id]", has_text=words)).to_have_count(1)
    ben.goto(room)
    expect(ben.locator(".log .entry[id] > .msg", has_text=re.compile(r"^\s*(Ada|Ben) "))).to_have_count(4)
    for page in (ada, ben):
        expect(page.locator(".msg.pending")).to_have_count(0)
    said = log(ada, last=5)
    assert said == log(ben, last=5)
    assert said[0] == "Before the outage"
    for who in ("Ada", "Ben"):
        assert [words for words in said if words.startswith(who)] == [f"{who} 1", f"{who} 2"]


def test_where_a_proxy_blocks_sockets_the_room_goes_on_over_http_and_back(pair: tuple[Page, Page]) -> None:
    ada, ben = pair
    is_blocked = True
    ada.route_web_socket(re.compile("/ws/"), lambda ws: ws.close() if is_blocked else ws.connect_to_server())
    ada.reload()
    state(ada, "polling")
    expect(ada.locator("p[data-connection]")).to_contain_text("Live updates are blocked on this network.")
    say(ben, "Can you read this?")
    expect(ada.locator(".log .entry[id]", has_text="Can you read this?")).to_have_count(1)
    say(ada, "Yes, every few seconds")
    expect(ben.locator(".log .entry[id]", has_text="Yes, every few seconds")).to_have_count(1)
    expect(ada.locator(".msg.pending")).to_have_count(0)
    is_blocked = False
    ada.evaluate("dispatchEvent(new Event('online'))")  # another network: tried at once
    live(ada)
    say(ben, "Live again")
    expect(ada.locator(".log .entry[id]", has_text="Live again")).to_have_count(1)
    assert log(ada, last=3) == log(ben, last=3) == ["Can you read this?", "Yes, every few seconds", "Live again"]
