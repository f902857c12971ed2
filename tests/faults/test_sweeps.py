"""A sweep that is killed, and a batch that the database refuses: what was due is done afterwards, nothing twice."""

import os
import signal
from typing import Any
from unittest.mock import patch

import pytest

from payment import accounts, audit, clearing
from payment.models import Clearing, Transfer
from projects import sweeps
from projects.models import Activity, Clock
from skilllink import clocks
from skilllink.ids import uuid7
from tests.builders.books import released
from tests.builders.due import due_releases, released_in
from tests.services.children import fork
from tests.services.cuts import counted_commits, die_at
from users.models import User
from users.notifications import inbox

BATCH, DUE = 3, 7


@pytest.fixture(autouse=True)
def in_threes(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of three that no slow machine cuts short."""
    monkeypatch.setattr(sweeps, "BATCH", BATCH)
    monkeypatch.setattr(sweeps, "LONGEST", {"postgresql": 60.0, "sqlite": 60.0})


def sweep_all(_say: Any = None) -> None:
    while sweeps.sweep():
        pass


def killed_within(_say: Any) -> None:
    """In the second batch, after its first clock."""
    perform, done = sweeps.perform, 0

    def counting(step: Any) -> None:
        nonlocal done
        if done == BATCH + 1:
            os.kill(os.getpid(), signal.SIGKILL)
        perform(step)
        done += 1

    with patch.object(sweeps, "perform", counting):
        sweep_all()


def killed_before_its_commit(_say: Any) -> None:
    with counted_commits(die_at(2, "before")):
        sweep_all()


def killed_after_its_commit(_say: Any) -> None:
    with counted_commits(die_at(2, "after")):
        sweep_all()


@pytest.mark.parametrize(
    ("killed", "done"),
    [(killed_within, BATCH), (killed_before_its_commit, BATCH), (killed_after_its_commit, 2 * BATCH)],
)
def test_a_sweep_that_is_killed_leaves_whole_batches_and_the_next_one_does_the_rest_once(
    client_person: User, freelancer: User, killed: Any, done: int
) -> None:
    contracts = due_releases(client_person, freelancer, DUE)
    assert fork(killed).wait() == (-9, [])
    assert released_in(contracts) == contracts[:done]
    sweep_all()
    assert released_in(contracts) == contracts
    assert not Clock.objects.exclude(attempts=0).exists()
    assert audit.run() == []


def test_a_batch_that_cannot_be_committed_is_rung_one_by_one_and_only_the_bad_clock_counts_it(
    client_person: User, freelancer: User
) -> None:
    contracts = due_releases(client_person, freelancer, BATCH)
    perform, bad = sweeps.perform, contracts[1]

    def perform_or_break(step: Any) -> None:
        perform(step)
        if step.contract == bad:  # found out at COMMIT: no such gig
            Activity.objects.create(subject_id=uuid7(), seq=1, event="x", gig_id=uuid7())

    with patch.object(sweeps, "perform", perform_or_break):
        assert sweeps.sweep() == BATCH - 1
    assert released_in(contracts) == [contracts[0], contracts[2]]
    assert list(Clock.objects.filter(attempts=1).values_list("contract", flat=True)) == [bad.pk]
    sweep_all()
    assert released_in(contracts) == contracts
    assert audit.run() == []


def test_clearings_that_cannot_be_committed_as_one_are_cleared_one_by_one_and_only_the_bad_one_counts_it(
    client_person: User, freelancer: User, outsider: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick = released(client_person, outsider, 9_000).clearings.get()
    rows = [released(client_person, freelancer, 100) for _n in range(3)]
    notify = inbox.notify

    def breaks_for_one(user: User, *args: Any, **data: Any) -> Any:
        if user == outsider:  # found out at COMMIT: no such gig
            Activity.objects.create(subject_id=uuid7(), seq=1, event="x", gig_id=uuid7())
        return notify(user, *args, **data)

    with clocks.at(Clearing.objects.latest("due_at").due_at):
        with monkeypatch.context() as patch:
            patch.setattr(inbox, "notify", breaks_for_one)
            assert clearing.sweep() == 3
        sick.refresh_from_db()
        assert (sick.attempts, sick.cleared_at, {row.clearings.get().attempts for row in rows}) == (1, None, {0})
        assert accounts.balances(outsider)["USD"]["pending"] == 8_550
        assert clearing.sweep() == 1
    assert Transfer.objects.filter(kind="clear").count() == 4
    assert audit.run() == []
