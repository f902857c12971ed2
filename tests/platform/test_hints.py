"""Hints of one transaction leave together, and those of an undone savepoint not at all."""

from typing import Any

import pytest
from django.db import transaction

from skilllink.transactions import after_commit, after_commit_together

sent: list[Any] = []


def send(items: Any) -> None:
    sent.append(list(items))


class Undone(Exception):
    pass


@pytest.fixture(autouse=True)
def nothing_sent(committed_db: None) -> None:
    sent.clear()


def test_what_is_given_in_savepoints_that_stand_leaves_at_once_and_in_order() -> None:
    with transaction.atomic():
        after_commit_together(send, 1)
        for number in (2, 3):
            with transaction.atomic():
                after_commit_together(send, number)
                after_commit_together(send, -number)
        after_commit_together(send, 4)
        assert sent == []
    assert sent == [[1, 2, -2, 3, -3, 4]]


def test_what_is_given_in_a_savepoint_that_is_undone_never_leaves() -> None:
    with transaction.atomic():
        after_commit_together(send, 1)
        with pytest.raises(Undone), transaction.atomic():
            with transaction.atomic():
                after_commit_together(send, 2)
            after_commit_together(send, 3)
            raise Undone
        after_commit_together(send, 4)
    assert sent == [[1, 4]]


def test_what_else_waits_for_the_commit_keeps_its_place() -> None:
    with transaction.atomic():
        after_commit_together(send, 1)
        after_commit(lambda: sent.append("between"))
        after_commit_together(send, 2)
    assert sent == [[1], "between", [2]]
