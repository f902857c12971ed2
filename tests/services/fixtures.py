"""Services as fixtures, one of each for a run."""

from collections.abc import Iterator

import pytest

from tests.services.redis import Redis


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.stop()
