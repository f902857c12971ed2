"""The clock that makes earnings available: never early, once, and one that fails stops no other."""

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from payment import accounts, audit, clearing
from payment.models import Clearing, Transfer
from skilllink import clocks
from tests.builders.books import released
from users.models import User
from users.notifications import inbox


def test_nothing_clears_a_moment_early_and_everything_once_when_due(client_person: User, freelancer: User) -> None:
    due = released(client_person, freelancer, 9_000).clearings.get().due_at
    with clocks.at(due - timedelta(microseconds=1)):
        assert clearing.sweep() == 0
    assert accounts.balances(freelancer)["USD"] == {
        "wallet": 0,
        "pending": 8_550,
        "available": 0,
        "in_escrow": 0,
        "in_transit": 0,
        "owed": 0,
    }
    with clocks.at(due):
        assert clearing.sweep() == 1
        assert clearing.sweep() == 0
    assert accounts.balances(freelancer)["USD"] == {
        "wallet": 0,
        "pending": 0,
        "available": 8_550,
        "in_escrow": 0,
        "in_transit": 0,
        "owed": 0,
    }
    assert Transfer.objects.filter(kind="clear").count() == 1
    assert audit.run() == []


def test_one_that_fails_is_logged_and_counted_and_the_others_clear(
    client_person: User, freelancer: User, outsider: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = released(client_person, outsider, 9_000).clearings.get()
    rows = [released(client_person, freelancer, 100) for _n in range(3)]
    notify = inbox.notify

    def fails_for_one(user: User, *args: Any, **data: Any) -> Any:
        if user == outsider:
            raise RuntimeError("The disk is full.")
        return notify(user, *args, **data)

    with clocks.at(Clearing.objects.latest("due_at").due_at):
        with monkeypatch.context() as patch, capture_logs() as logged:
            patch.setattr(inbox, "notify", fails_for_one)
            assert clearing.sweep() == 3
            assert clearing.sweep() == 0
        told = [line for line in logged if line["event"] == "clearing.failed"]
        assert [line["clearing"] for line in told] == [str(sick.pk)] * 2
        sick.refresh_from_db()
        assert (sick.attempts, sick.cleared_at) == (2, None)
        assert accounts.balances(outsider)["USD"]["pending"] == 8_550  # its transfer was rolled back with it
        assert audit.run() == []
        assert clearing.sweep() == 1
    assert accounts.balances(outsider)["USD"]["available"] == 8_550
    assert {row.clearings.get().attempts for row in rows} == {0}
    assert audit.run() == []


def test_those_that_failed_wait_behind_those_that_did_not(
    client_person: User, freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = released(client_person, freelancer, 100).clearings.get()
    Clearing.objects.filter(pk=first.pk).update(attempts=3)
    second = released(client_person, freelancer, 100).clearings.get()
    monkeypatch.setattr(clearing, "BATCH", 1)
    with clocks.at(second.due_at):
        assert clearing.sweep() == 1
    second.refresh_from_db()
    assert second.cleared_at is not None


def test_a_batch_that_has_no_time_left_ends_and_the_sweep_goes_on_with_the_rest(
    client_person: User, freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [released(client_person, freelancer, 100) for _n in range(3)]
    monkeypatch.setattr(clearing, "LONGEST", {"postgresql": 0, "sqlite": 0})
    with clocks.at(Clearing.objects.latest("due_at").due_at):
        assert (clearing.sweep(), clearing.sweep()) == (3, 0)
    assert all(row.clearings.get().cleared_at for row in rows)
    assert audit.run() == []
