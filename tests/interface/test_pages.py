"""The main pages of the demo in a real browser: no violation axe knows of, and never wider than the window."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from scripts import screenshots

pytestmark = pytest.mark.browser
WIDTHS = (320, 360, 480, 640, 820, 960, 1180, 1440, 1920, 2560)
MAIN = [row for row in screenshots.PAGES if row[0] not in ("admin",)]


@pytest.fixture(scope="session")
def demo(running_embedded: object) -> str:
    """The address of the one demo server of this session."""
    return str(getattr(running_embedded, "url", running_embedded)).rstrip("/")


@pytest.fixture(scope="session")
def contexts(browser: Browser, demo: str) -> Iterator[dict[str, BrowserContext]]:
    known = {who: screenshots.signed_in(browser, demo, who) for who in ("visitor", *screenshots.PEOPLE)}
    yield known
    for context in known.values():
        context.close()


@pytest.fixture
def page(contexts: dict[str, BrowserContext], request: pytest.FixtureRequest) -> Iterator[Page]:
    page = contexts[getattr(request, "param", "visitor")].new_page()
    yield page
    page.close()


def opened(contexts: dict[str, BrowserContext], demo: str, row: tuple[str, str, str, str]) -> Page:
    page = contexts[row[1]].new_page()
    url = screenshots.find(page, demo, row[2], row[3])
    if url is None:
        page.close()
        pytest.fail(f"{row[0]}: no such page in the demo")
    page.goto(url)
    return page


@pytest.mark.parametrize("row", MAIN, ids=lambda row: row[0])
def test_axe_finds_nothing(row: tuple[str, str, str, str], contexts: dict[str, BrowserContext], demo: str) -> None:
    page = opened(contexts, demo, row)
    found = []
    for theme in screenshots.THEMES:
        for width in (360, 1440):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            page.reload()
            for violation in Axe().run(page).response["violations"]:
                found += [f"{theme} {width} {violation['id']}: {node['target']}" for node in violation["nodes"]]
    page.close()
    assert found == []


@pytest.mark.parametrize("row", MAIN, ids=lambda row: row[0])
def test_a_page_is_never_wider_than_the_window(
    row: tuple[str, str, str, str], contexts: dict[str, BrowserContext], demo: str
) -> None:
    page = opened(contexts, demo, row)
    wider = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wider.append(width)
    page.close()
    assert wider == []


def test_nothing_is_written_smaller_than_13_pixels(contexts: dict[str, BrowserContext], demo: str) -> None:
    page = contexts["visitor"].new_page()
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{demo}/demo/components/")
    small = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
        .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
        .filter(e => parseFloat(getComputedStyle(e).fontSize) < 13).map(e => e.outerHTML.slice(0, 80))"""
    )
    page.close()
    assert small == []


def test_buttons_are_large_enough_for_a_finger(contexts: dict[str, BrowserContext], demo: str) -> None:
    page = contexts["visitor"].new_page()
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{demo}/demo/components/")
    small = page.evaluate(
        """() => [...document.querySelectorAll(".btn, .tap, .chip, .theme-switch button, main input:not([type=hidden]), main select")]
        .filter(e => e.checkVisibility()).map(e => e.closest("label") ?? e)
        .filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 80))"""
    )
    page.close()
    assert small == []


def test_the_theme_switch_needs_no_reload_and_is_remembered(browser: Browser, demo: str) -> None:
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(f"{demo}/demo/components/")
    page.locator(".foot .theme-switch button[value=dark]").click()
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.wait_for_timeout(300)
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    context.close()


def test_a_press_on_a_time_tells_the_exact_instant(browser: Browser, demo: str) -> None:
    context = browser.new_context(timezone_id="Africa/Lagos")
    page = context.new_page()
    page.goto(f"{demo}/demo/components/")
    page.locator(".clock .moment").first.click()
    text = page.locator(".exact-time").inner_text()
    assert "Africa/Lagos" in text and "UTC" in text
    context.close()


def test_the_question_mark_shows_the_shortcuts(browser: Browser, demo: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{demo}/demo/components/")
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#shortcuts").is_visible()
    context.close()


def test_no_script_breaks_and_the_policy_is_kept(contexts: dict[str, BrowserContext], demo: str) -> None:
    complaints: list[str] = []
    page = contexts["visitor"].new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
    for path in ("/", "/gigs/", "/accounts/login/", "/demo/components/"):
        page.goto(demo + path)
        page.wait_for_timeout(300)
    page.close()
    assert complaints == []
