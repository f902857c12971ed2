"""Fixtures of all tests. `SKILLLINK_TEST_DB=postgres` runs domain tests on a PostgreSQL of their own."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.services import made, postgres

if os.environ.get("SKILLLINK_TEST_DB") == "postgres" and "DATABASE_URL" not in os.environ:
    os.environ["DATABASE_URL"] = postgres.start_for_session()
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

COPIES = itertools.count(1)
# begun first, so that no core waits for another at the end of a run
LONGEST = ("test_pages.py", "test_story.py")
# the same examples in every run, and none is too slow: what is found depends neither on luck nor on the machine
hypothesis.settings.register_profile(
    "suite", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")
pytest_plugins = [
    "tests.cast",
    "tests.builders.projects_hours",
    "tests.services.fixtures",
    "tests.journeys.people",
    "tests.sockets",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who uses the cast uses a database: pytest-django makes one for marked tests only."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "database" in names and "committed_db" not in names:
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated, empty database with nobody connected to it."""
    from django.db import connection

    if connection.vendor == "postgresql":
        return postgres.NAME
    return str(shutil.copy(made.sqlite(), tmp_path_factory.mktemp("template") / "db.sqlite3"))


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The databases of a run are copies of the template, and go with the folder that they are in."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, template_database: str) -> None:
    from django.conf import settings

    test = settings.DATABASES["default"]["TEST"]
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        test["TEMPLATE"] = template_database
    else:
        test["NAME"] = str(shutil.copy(template_database, f"{template_database}.shared"))


@pytest.fixture
def committed_db(template_database: str, django_db_blocker: Any) -> Iterator[None]:
    """A database of this test's own, in which transactions really commit.

    Append-only tables can't be flushed between tests, so each gets a copy of the template instead.
    """
    with django_db_blocker.unblock(), committed(template_database):
        yield


@contextmanager
def committed(template: str) -> Iterator[None]:
    """A copy of the template database, in use until the block is left."""
    from django.db import connections

    connection = connections["default"]
    before = connection.settings_dict["NAME"]
    leave()
    # never a name again: a thread of the test before may still hold its file
    number = next(COPIES)
    clone = f"{template}_{os.getpid()}_{number}" if connection.vendor == "postgresql" else f"{template}.{number}"
    _copy(connection, template, clone)
    _point_at(clone)
    try:
        yield
    finally:
        leave()
        _point_at(before)
        if connection.vendor == "postgresql":
            _statement(connection, f'DROP DATABASE "{clone}" WITH (FORCE)')
        else:
            for part in ("", "-wal", "-shm"):
                Path(f"{clone}{part}").unlink(missing_ok=True)


def _copy(connection: Any, source: str, target: str) -> None:
    if connection.vendor == "postgresql":
        _statement(connection, f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
    else:
        shutil.copy(source, target)


def _statement(connection: Any, sql: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(sql)


def _point_at(name: str) -> None:
    from django.conf import settings
    from django.db import connections

    connections["default"].settings_dict["NAME"] = name
    connections.settings["default"]["NAME"] = name
    settings.DATABASES["default"]["NAME"] = name


def leave() -> None:
    from django.db import connections

    connections.close_all()
    if hasattr(connections["default"], "close_pool"):
        connections["default"].close_pool()
