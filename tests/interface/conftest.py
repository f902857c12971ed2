"""One demo for the tests of its pages, with each of its people signed in once."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from scripts import screenshots
from tests.services.servers import Embedded


class Contexts(dict[str, BrowserContext]):
    """By the names of scripts/screenshots.py; who isn't asked for doesn't sign in."""

    def __init__(self, browser: Browser, demo: str) -> None:
        super().__init__()
        self.browser, self.demo = browser, demo

    def __missing__(self, who: str) -> BrowserContext:
        self[who] = screenshots.signed_in(self.browser, self.demo, who)
        return self[who]


@pytest.fixture(scope="session")
def demo(running_embedded: Embedded) -> str:
    """The address of the one demo server of this session."""
    return running_embedded.url


@pytest.fixture(scope="session")
def contexts(browser: Browser, demo: str) -> Iterator[Contexts]:
    known = Contexts(browser, demo)
    yield known
    for context in known.values():
        context.close()


@pytest.fixture(scope="session")
def links() -> screenshots.Links:
    return {}
