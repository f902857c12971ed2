"""Every page of the pictures in a real browser, kept to the rules of the house: each is visited once and judged by all."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from scripts import screenshots
from tests.interface.conftest import Contexts

pytestmark = pytest.mark.browser
WIDTHS = (320, 360, 480, 640, 820, 960, 1180, 1440, 1920, 2560)
Row = tuple[str, str, str, str]
# Django's own markup and Swagger's: theirs to number headings and size controls
OTHERS = ("admin", "api-docs")
# a server that broke can say little more than that
BARE = ("refused-500",)

SKELETON = """() => ({
    title: document.title.trim(),
    lang: document.documentElement.lang,
    headings: document.querySelectorAll("body h1").length - document.querySelectorAll("dialog h1").length,
    main: document.querySelectorAll("main:not([role])").length,
    banner: document.querySelectorAll("body > header").length,
    skip: document.querySelectorAll("a.skip[href='#main']").length,
})"""
SMALL_TEXT = """() => [...document.querySelectorAll("body *")]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.checkVisibility())
    .filter(e => parseFloat(getComputedStyle(e).fontSize) < 13).map(e => e.outerHTML.slice(0, 80))"""
SMALL_TARGETS = """() => [...document.querySelectorAll(
    ".btn, .tap, .chip, summary, .tabs a, .menu a, .theme-switch button, .top a, .find input, main select, main textarea," +
    "main input:not([type=hidden])")]
    .filter(e => e.checkVisibility() && !e.matches(".visually-hidden")).map(e => e.closest("label, .find, .composer .box") ?? e)
    .filter(e => e.getBoundingClientRect().height < 43.5)
    .map(e => e.outerHTML.slice(0, 80))"""
SCROLL_WIDTH = "document.documentElement.scrollWidth"
SCROLL_WIDTH_AFTERWARDS = f"""() => new Promise(
    told => requestAnimationFrame(() => requestAnimationFrame(() => told({SCROLL_WIDTH}))))"""
# what axe found to be right is long, and nobody reads it
VIOLATIONS = """rules => axe.run({exclude: [["#swagger-ui"]]}, rules).then(found => found.violations.map(
    one => ({id: one.id, nodes: one.nodes.map(node => ({target: node.target}))})))"""


@pytest.fixture(scope="session")
def visits() -> dict[str, dict[str, Any]]:
    """What was found on each page, by its name."""
    return {}


@pytest.fixture(params=screenshots.PAGES, ids=lambda row: row[0])
def found(
    request: pytest.FixtureRequest,
    contexts: Contexts,
    demo: str,
    visits: dict[str, dict[str, Any]],
    links: screenshots.Links,
) -> dict[str, Any]:
    """What one visit of a page found; the first test that asks makes it."""
    row: Row = request.param
    if row[0] not in visits:
        page = contexts[row[1]].new_page()
        page.emulate_media(reduced_motion="reduce")
        url = screenshots.find(page, demo, row[2], row[3], links)
        visits[row[0]] = visit(page) if url else {}
        visits[row[0]]["name"] = row[0]
        page.close()
    assert len(visits[row[0]]) > 1, f"{row[0]}: no such page in the demo"
    return visits[row[0]]


def visit(page: Page) -> dict[str, Any]:
    wider = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        # its scripts may lay a page out anew in the frame after it got another width
        if page.evaluate(SCROLL_WIDTH) > width and page.evaluate(SCROLL_WIDTH_AFTERWARDS) > width:
            wider.append(width)
    violations = []
    page.evaluate(Axe().axe_script)
    for theme in screenshots.THEMES:
        # the tree is the same in both themes, only its colours differ
        only = {"runOnly": ["color-contrast"]} if theme == "dark" else {}
        # every style sheet would be fetched again, for rules about autoplay and a locked orientation
        rules = {"resultTypes": ["violations"], "preload": False, **only}
        page.emulate_media(color_scheme=theme)
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            for violation in page.evaluate(VIOLATIONS, rules):
                violations += [f"{theme} {width} {violation['id']}: {node['target']}" for node in violation["nodes"]]
    page.set_viewport_size({"width": 360, "height": 800})
    return {
        "wider": wider,
        "violations": violations,
        "skeleton": page.evaluate(SKELETON),
        "small text": page.evaluate(SMALL_TEXT),
        "small targets": page.evaluate(SMALL_TARGETS),
    }


def test_axe_finds_nothing(found: dict[str, Any]) -> None:
    django = found["name"].startswith("admin")  # its inline tables begin with a header cell that has no words
    assert [one for one in found["violations"] if not (django and " empty-table-header:" in one)] == []


def test_a_page_is_never_wider_than_the_window(found: dict[str, Any]) -> None:
    assert found["wider"] == []


def test_a_page_has_a_title_a_language_one_first_heading_and_its_landmarks(found: dict[str, Any]) -> None:
    skeleton = found["skeleton"]
    assert skeleton["title"] and skeleton["lang"] == "en" and skeleton["main"] == 1
    if not found["name"].startswith(OTHERS):
        assert (skeleton["headings"], skeleton["banner"]) == (1, 1)
        assert skeleton["skip"] == (found["name"] not in BARE)


def test_nothing_is_written_smaller_than_13_pixels(found: dict[str, Any]) -> None:
    assert found["small text"] == []


def test_what_is_pressed_is_large_enough_for_a_finger(found: dict[str, Any]) -> None:
    if not found["name"].startswith(OTHERS):
        assert found["small targets"] == []


def test_the_theme_switch_needs_no_reload_and_is_remembered(browser: Browser, demo: str) -> None:
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(f"{demo}/demo/components/")
    page.locator(".foot .theme-switch button[value=dark]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator(".foot .theme-switch button[value=dark]")).to_have_attribute("aria-pressed", "true")
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
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    context.close()


def test_no_script_breaks_and_the_policy_is_kept(contexts: Contexts, demo: str) -> None:
    complaints: list[str] = []
    page = contexts["visitor"].new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
    for path in ("/", "/gigs/", "/accounts/login/", "/demo/components/"):
        page.goto(demo + path, wait_until="networkidle")
    page.close()
    assert complaints == []
