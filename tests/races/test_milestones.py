"""release ∥ refund ∥ dispute ∥ the clock, on PostgreSQL: one winner each round, and the ledger stays whole."""

import os
import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, connections, transaction

from payment import audit
from projects import disputes, milestones, sweeps
from projects.models import Contract, Milestone
from skilllink.errors import Refusal
from tests.builders.projects_contracts import signed_contract
from tests.races import together

ROUNDS = int(os.environ.get("SKILLLINK_RACE_ROUNDS", "25"))
CALLERS = 5  # of each of the four


@pytest.fixture
def postgres(committed_db):
    assert connection.vendor == "postgresql", "Races need row locks: run with SKILLLINK_TEST_DB=postgres."


def race(*acts):
    """Run the acts at the same instant; returns (names of those that were done, refusals of the others)."""
    came = together.race([act for _name, act in acts], at_once=len(acts))
    done = [name for (name, _act), one in zip(acts, came, strict=True) if not isinstance(one, Refusal)]
    return done, [one for one in came if isinstance(one, Refusal)]


def test_one_milestone_has_one_end(postgres, client_person, freelancer):
    for _round in range(ROUNDS):
        contract = signed_contract(client_person, freelancer, amounts=(120000,))
        step = contract.milestones.get()
        milestones.deliver(step, by=freelancer, note="Here")
        step.refresh_from_db()
        with time_machine.travel(step.review_due_at - timedelta(hours=24), tick=True):
            sweeps.sweep()  # the notices are recorded: silence may release
        with time_machine.travel(step.review_due_at + timedelta(seconds=1), tick=True):
            acts = (
                ("release", lambda step=step: milestones.release(step, by=client_person)),
                ("refund", lambda step=step: milestones.refund(step, by=freelancer)),
                ("dispute", lambda step=step: disputes.open(step, by=client_person, reason="x")),
                ("clock", sweeps.sweep),
            )
            done, refused = race(*acts * CALLERS)
        people = [name for name in done if name != "clock"]
        row = Milestone.objects.select_related("escrow").get(pk=step.pk)
        ends = {"released": "release", "refunded": "refund", "disputed": "dispute"}
        if row.released_by_clock and row.status == "released":
            assert people == []
        elif not row.released_by_clock:
            assert people == [ends[row.status]]
        else:  # the clock released it, and the client disputed what was clearing: two allowed steps in order
            assert people == ["dispute"]
            assert row.status == "disputed"
        assert all(refusal.status == 409 for refusal in refused)
        assert row.escrow.held == 0
    assert audit.run() == []


def test_two_clicks_release_once(postgres, client_person, freelancer):
    contract = signed_contract(client_person, freelancer, amounts=(120000,))
    step = contract.milestones.get()
    done, refused = race(*[(str(n), lambda: milestones.release(step, by=client_person)) for n in range(8)])
    assert len(done) == 1
    assert len(refused) == 7
    assert all(refusal.status == 409 for refusal in refused)
    step.refresh_from_db()
    assert step.released == 120000
    assert audit.run() == []


def test_a_contract_is_locked_before_its_milestone_although_one_statement_locks_both(
    postgres, client_person, freelancer
):
    step = signed_contract(client_person, freelancer, amounts=(120000,)).milestones.get()

    def come():
        try:
            milestones.release(step, by=client_person)
        finally:
            connections.close_all()

    with transaction.atomic():
        Milestone.objects.select_for_update(of=("self",)).get(pk=step.pk)
        comer = threading.Thread(target=come)
        comer.start()
        while not somebody_waits():
            assert comer.is_alive()
        with pytest.raises(OperationalError), transaction.atomic():  # whoever waits for the milestone has the contract
            Contract.objects.select_for_update(nowait=True).get(pk=step.contract_id)
    comer.join()
    step.refresh_from_db()
    assert step.status == "released"


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # or a transaction sees the first moment for ever
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return cursor.fetchone()[0]
