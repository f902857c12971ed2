"""A page that was told anything in any order shows, once it has resumed, what a fresh page shows.

The page's own modules run in Chromium, against what the real verbs told and answered.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, Route

from tests.realtime.histories import ACTS
from tests.services import made
from tests.services.processes import ROOT, environment

pytestmark = pytest.mark.browser
HISTORIES = 25
HAPPENS = (
    "serverActs", "serverActs", "liveEvent", "liveEvent", "newestEvent", "pulse",
    "answer", "answer", "cut", "reconnect", "fetch", "fetched",
)  # fmt: skip
SITE = "http://simulated.test"
acts = st.tuples(st.sampled_from(ACTS), st.integers(0, 1), st.integers(0, 4), st.booleans())
plans = st.fixed_dictionaries(
    {"late": st.booleans(), "limit": st.sampled_from([2, 200]), "acts": st.lists(acts, min_size=3, max_size=10)}
)
schedule = st.lists(st.tuples(st.sampled_from(HAPPENS), st.integers(0, 11)), min_size=5, max_size=40)


def drawn() -> list[tuple[Any, Any]]:
    """Plans of what people do, each with several orders in which a page may hear of it."""
    found: list[tuple[Any, Any]] = []

    @settings(max_examples=HISTORIES, suppress_health_check=list(HealthCheck))
    @given(plans, st.lists(schedule, min_size=20, max_size=30))
    def draw(plan: Any, schedules: Any) -> None:
        found.append((plan, schedules))

    draw()
    return found


def recorded(folder: Path, wanted: list[Any]) -> list[Any]:
    """What the server told and would have answered, for each plan."""
    shutil.copy(made.sqlite(), folder / "db.sqlite3")
    asked, answered = folder / "plans.json", folder / "histories.json"
    asked.write_text(json.dumps(wanted))
    code = f"from tests.realtime import histories; histories.main({str(asked)!r}, {str(answered)!r})"
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment(folder), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(answered.read_text())
    return found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page that may load the project's modules, without a server."""

    def serve(route: Route) -> None:
        path = ROOT / route.request.url.removeprefix(SITE).lstrip("/")
        if path.suffix == ".js":
            route.fulfill(path=path, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>Simulated</title>", content_type="text/html")

    page = browser.new_context().new_page()
    page.route("**/*", serve)
    page.goto(f"{SITE}/")
    yield page
    page.context.close()


def test_live_events_in_any_order_with_losses_and_a_resume_show_what_a_fresh_page_shows(
    page: Page, tmp_path: Path
) -> None:
    cases = drawn()
    histories = recorded(tmp_path, [plan for plan, _schedules in cases])
    assert sum(len(history["live"]) for history in histories) > 100
    given = [
        {"history": history, "schedules": schedules}
        for history, (_plan, schedules) in zip(histories, cases, strict=True)
    ]
    run = f"async (cases) => (await import('{SITE}/tests/realtime/simulated_room.js')).firstDifference(cases)"
    assert page.evaluate(run, given) is None
