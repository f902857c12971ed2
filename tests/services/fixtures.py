"""Services as fixtures, one of each for a run."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

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
def browser() -> Iterator[Browser]:
    """A real Chromium, as Debian packages it."""
    # three times the longest wait of a reconnect, on a busy machine; a pass doesn't take longer
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=binary("chromium"), args=CHROMIUM)
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
