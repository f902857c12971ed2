"""The contract's workspace and the gig in a real browser: what the pictures of the design promise, measured."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.people import open_contract, window
from tests.services.servers import Embedded

pytestmark = pytest.mark.browser
BOX = "e => { const r = e.getBoundingClientRect(); return [r.top, r.bottom, r.left, r.right]; }"


@pytest.fixture(scope="module")
def page(browser: Browser, running_embedded: Embedded) -> Iterator[Page]:
    page = window(browser, running_embedded, "client")
    open_contract(page, running_embedded)
    yield page
    page.context.close()


def test_three_panes_stand_side_by_side_and_share_their_height(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 1000})
    rail, timeline, room = (page.locator(part).evaluate(BOX) for part in (".rail", ".timeline", ".room"))
    assert rail[3] <= timeline[2] + 1 and timeline[3] <= room[2] + 1
    assert rail[0] == timeline[0] == room[0] and rail[1] == timeline[1] == room[1] == 1000


def test_the_composer_stands_beneath_what_was_said_and_the_newest_message_is_in_view(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    log, composer = page.locator(".log").evaluate(BOX), page.locator(".composer").evaluate(BOX)
    assert log[1] <= composer[0] + 1 and composer[1] <= 900
    expect(page.locator(".log .entry").last).to_be_in_viewport()


def test_a_room_that_was_hidden_opens_at_its_newest_message(page: Page) -> None:
    page.set_viewport_size({"width": 1180, "height": 900})
    page.reload()
    expect(page.locator(".room")).to_be_hidden()
    page.get_by_role("link", name="Room").click()
    expect(page.locator(".log .entry").last).to_be_in_viewport()
    page.get_by_role("link", name="Timeline").click()


def test_the_timeline_opens_with_now_in_view_and_its_amounts_in_one_column(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.reload()
    expect(page.locator("#now")).to_be_in_viewport()
    ends = page.locator(".ledger .amt:has(.money)").evaluate_all(
        "all => all.map(e => Math.round(e.getBoundingClientRect().right))"
    )
    assert len(ends) >= 3 and len(set(ends)) == 1


def test_there_is_one_blue_filled_control_in_a_view(page: Page) -> None:
    for width in (360, 1180, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.reload()
        assert page.locator(".btn.sign").filter(visible=True).count() == 1, width


def test_paper_shows_the_whole_contract_without_what_only_a_screen_needs(page: Page) -> None:
    page.set_viewport_size({"width": 1180, "height": 900})
    page.emulate_media(media="print", color_scheme="dark")
    for part in (".top", ".tabs", ".composer", ".milestone .acts", ".room"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator(".rail")).to_be_visible()
    clipped = page.locator(".rail, .timeline").evaluate_all("all => all.map(e => e.scrollHeight - e.clientHeight)")
    assert max(clipped) <= 1
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    page.emulate_media(media="screen", color_scheme="light")


def test_forced_colours_keep_the_difference_between_done_held_and_later(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    looks = {
        shape: page.locator(f".milestone.{shape}").first.evaluate(
            "e => { const s = getComputedStyle(e, '::after');"
            "return [s.backgroundColor, s.backgroundImage === 'none', s.borderTopStyle].join(); }"
        )
        for shape in ("done", "move", "held", "later")
    }
    page.emulate_media(forced_colors="none")
    assert len(set(looks.values())) == 4, looks


def test_nothing_moves_for_who_wants_no_motion(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    page.locator("#contract-rail li").first.evaluate("e => e.classList.add('new')")
    moving = page.evaluate("document.getAnimations().filter(a => a.effect.getComputedTiming().duration > 0).length")
    page.emulate_media(reduced_motion="no-preference")
    assert moving == 0
