"""A database that gives no connection in time is told as 503, with when to come again, by every door."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from psycopg_pool import PoolTimeout

from skilllink.answers import as_refusal


@pytest.fixture
def full_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading whose token it is needs a connection, and there is none."""

    def wait(*given: Any, **more: Any) -> None:
        raise OperationalError("couldn't get a connection") from PoolTimeout(
            "couldn't get a connection after 10.00 sec"
        )

    monkeypatch.setattr("users.api.authentication.TokenAuthentication.authenticate", wait)


def test_who_gets_no_connection_in_time_is_asked_to_come_again(full_pool: None) -> None:
    answer = Client(raise_request_exception=False).get("/api/v1/rooms/")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0


def test_another_failure_of_the_database_stays_a_failure() -> None:
    assert as_refusal(OperationalError("no such table: chat_room")) is None
