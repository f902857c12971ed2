"""Pages of lists: each row once, however many came meanwhile."""

import pytest

from tests.api.conftest import Program
from tests.api.test_whole_job import deposited, posted


def walk(program: Program, path: str, **params: str) -> list[str]:
    """The ids of all pages, two a page."""
    answer = program.get(path, limit=2, **params).json()
    found = [row["id"] for row in answer["results"]]
    while answer["next"]:
        answer = program.get(answer["next"].split("/api/v1/")[1]).json()
        assert len(answer["results"]) <= 2
        found += [row["id"] for row in answer["results"]]
    return found


def test_gigs_are_walked_newest_first_and_none_twice(hirer: Program, worker: Program) -> None:
    made = [posted(hirer)["id"] for _n in range(5)]
    assert walk(worker, "gigs/") == made[::-1]
    first = worker.get("gigs/", limit=2).json()
    newest = posted(hirer)["id"]
    second = worker.get(first["next"].split("/api/v1/")[1]).json()
    assert [row["id"] for row in second["results"]] == made[2:0:-1]
    assert walk(worker, "gigs/")[0] == newest


@pytest.mark.parametrize("path", ["deposits/", "wallet/entries/", "notifications/", "rooms/"])
def test_every_list_is_walked(hirer: Program, path: str) -> None:
    for n in range(5):
        deposited(hirer, 500 + n)
        hirer.made("rooms/", {"title": f"Room {n}"})
    ids = walk(hirer, path)
    assert len(ids) == len(set(ids)) >= 5


def test_a_page_has_at_most_a_hundred_rows(hirer: Program) -> None:
    for n in range(101):
        hirer.made("deposits/", {"amount": 500 + n, "currency": "USD"})
    assert len(hirer.get("deposits/", limit=100_000).json()["results"]) == 100
