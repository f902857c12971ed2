"""Sweeps beside each other and beside people, on PostgreSQL: each clock rings once, and nobody waits for another's lock."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction

from payment import audit
from projects import contracts as contracts_
from projects import milestones, sweeps
from projects.models import Clock
from tests.builders.due import due_releases, released_in
from tests.races.together import race
from users.models import User


@pytest.fixture(autouse=True)
def books(committed_db: None) -> Iterator[None]:
    assert connection.vendor == "postgresql", "Races need row locks: run with SKILLLINK_TEST_DB=postgres."
    yield
    assert audit.run() == []


def sweep_all() -> int:
    done = 0
    while finished := sweeps.sweep():
        done += finished
    return done


def test_a_contract_that_somebody_has_locked_is_left_out_and_rung_at_the_next_sweep(
    client_person: User, freelancer: User
) -> None:
    due = due_releases(client_person, freelancer, 3)
    locked, let_go = threading.Event(), threading.Event()

    def somebody() -> None:
        with transaction.atomic():
            contracts_.lock(due[1])
            locked.set()
            let_go.wait()
        connections.close_all()

    busy = threading.Thread(target=somebody)
    busy.start()
    locked.wait()
    try:
        assert sweep_all() == 2
        assert released_in(due) == [due[0], due[2]]
    finally:
        let_go.set()
        busy.join()
    assert sweep_all() == 1
    assert released_in(due) == due
    assert not Clock.objects.exclude(attempts=0).exists()


def test_sweeps_at_once_ring_each_clock_once(
    client_person: User, freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "BATCH", 4)
    due = due_releases(client_person, freelancer, 16)
    answers = race([sweep_all] * 4)
    assert sum(answers) + sweep_all() == len(due)
    assert released_in(due) == due


def test_people_who_pay_each_other_both_ways_during_a_sweep_are_never_refused(
    client_person: User, freelancer: User, outsider: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They touch the accounts and counters that the batches touch, in contracts of their own."""
    monkeypatch.setattr(sweeps, "BATCH", 5)
    due = due_releases(client_person, freelancer, 8) + due_releases(outsider, freelancer, 8)
    steps = [
        (contract.milestones.order_by("position").last(), contract.client)
        for contract in (
            *due_releases(client_person, freelancer, 4, amounts=(9_000, 4_000)),
            *due_releases(outsider, freelancer, 4, amounts=(9_000, 4_000)),
        )
    ]

    def pay(step: Any, by: User) -> str:
        milestones.release(step, by=by)
        return "paid"

    answers = race([sweep_all, *(lambda step=step, by=by: pay(step, by) for step, by in steps)])
    assert answers[1:] == ["paid"] * len(steps)
    sweep_all()
    assert not Clock.objects.due(milestones.now()).exists()
    assert not Clock.objects.exclude(attempts=0).exists()
    assert all(contract.milestones.get().status == "released" for contract in due)
