"""What Django answers an address that nobody has is made in a thread that no request cleans up after."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import AsyncClient

from skilllink import answers


@pytest.fixture
def made_in() -> Any:
    """The connection of the thread that made the page, afterwards: what stays open there is missing elsewhere."""
    threads = ThreadPoolExecutor(1)
    yield threads
    threads.submit(connections.close_all).result()
    threads.shutdown()


async def test_it_keeps_no_connection_to_the_database(
    committed_db: None, made_in: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bool] = []
    page = answers.answer

    def asked(*given: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return page(*given)

    monkeypatch.setattr(answers, "answer", asked)

    def make(request: Any) -> None:
        answers.page_404(request, Exception())
        kept.append(connection.connection is not None)

    response = await AsyncClient().get("/nobody-has-this/")
    assert response.status_code == 404
    await sync_to_async(make, thread_sensitive=False, executor=made_in)(response.asgi_request)
    assert kept == [False]
