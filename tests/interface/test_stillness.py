"""Nothing jumps while a page loads: cumulative layout shift stays under 0.05, as design's budget says."""

import pytest

from scripts import screenshots
from tests.interface.conftest import Contexts

pytestmark = pytest.mark.browser
SHIFT = 0.05
WATCH = """
window.shifted = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
NAMES = ("landing", "gigs", "people", "profile", "gig", "gig-freelancer", "contract-client", "home-client", "room",
         "wallet-client", "sign-in")  # fmt: skip


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_jumps_while_a_page_loads(
    contexts: Contexts, demo: str, links: screenshots.Links, name: str, width: int
) -> None:
    row = next(row for row in screenshots.PAGES if row[0] == name)
    context = contexts[row[1]]
    page = context.new_page()
    url = screenshots.find(page, demo, row[2], row[3], links)
    assert url is not None
    page.close()
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(WATCH)
    page.goto(url, wait_until="networkidle")
    page.evaluate(
        "document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"
    )
    shifted = page.evaluate("window.shifted")
    page.close()
    assert shifted < SHIFT
