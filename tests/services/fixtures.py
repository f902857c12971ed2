"""Services as fixtures, one of each for a run."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.services.full import Full
from tests.services.processes import binary
from tests.services.redis import Redis
from tests.services.servers import Embedded

CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    # three times the longest wait of a reconnect, on a busy machine; a pass doesn't take longer
    expect.set_options(timeout=60_000)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A real Chromium without its windows, as Debian packages it: each context costs a second of work less."""
    yield from _chromium(playwright, "chromium-headless-shell")


@pytest.fixture
def whole_browser(playwright: Playwright) -> Iterator[Browser]:
    """One that shows notifications too."""
    yield from _chromium(playwright, "chromium")


def _chromium(playwright: Playwright, program: str) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=binary(program), args=CHROMIUM)
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def running_full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    """What docker-compose.yml starts, empty."""
    site = Full(tmp_path_factory.mktemp("full"))
    yield site
    site.end()


@pytest.fixture(scope="session")
def running_embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """The demo, running."""
    server = Embedded(tmp_path_factory.mktemp("demo"), demo=True)
    yield server
    server.stop()
