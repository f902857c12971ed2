"""With the demo data: a list of gigs asks the database at most 8 times, a contract's workspace at most 20 times.

On SQLite and on PostgreSQL, for visitors, members and staff: every page that the demo's people can open.
"""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.models import Contract
from users.models import User

GIG_LIST, WORKSPACE = 8, 20


def asked(browser: Client, address: str) -> int:
    """How often a page asks the database, the second time somebody looks."""
    assert browser.get(address).status_code == 200
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(address).status_code == 200
    return len(seen)


def browser_of(person: User | None) -> Client:
    browser = Client()
    if person is not None:
        browser.force_login(person)
    return browser


def pages() -> Iterator[tuple[User | None, str, int]]:
    """Who looks at what, and what it may cost."""
    for person in (None, *User.objects.filter(is_active=True)):
        for query in ("", "?q=garden&sort=budget", "?category=design&experience=any"):
            yield person, f"/gigs/{query}", GIG_LIST
    for contract in Contract.objects.select_related("client", "freelancer"):
        for person in (contract.client, contract.freelancer):
            for query in ("", "?tab=room", "?all"):
                yield person, contract.get_absolute_url() + query, WORKSPACE


@pytest.mark.django_db
def test_pages_keep_their_budgets_over_the_demo_data() -> None:
    call_command("demo")
    looked = [(person, address, asked(browser_of(person), address), most) for person, address, most in pages()]
    assert len({address for _person, address, _n, _most in looked}) > 20, "the demo shows less than it did"
    assert [row for row in looked if row[2] > row[3]] == []
