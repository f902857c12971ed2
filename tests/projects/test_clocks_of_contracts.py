"""What the page announces is what the sweep does, at that time and no other."""

from datetime import timedelta

import pytest
import time_machine

from payment import audit
from projects import feedback, milestones, schedule, sweeps
from projects.models import Activity, Clock, Dispute
from skilllink.clocks import now
from skilllink.realtime import push
from tests.builders.due import due_releases, released_in
from tests.builders.projects_contracts import signed_contract

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_books_are_whole(db):
    yield
    assert audit.run() == []


# act of a step → the event its sweep writes
EVENT = {
    "remind": ("milestone.review_reminder", "milestone.idle_reminder", "milestone.refund_reminder", "dispute.reminder",
               "review.reminder"),
    "release": ("milestone.released",),
    "refund": ("milestone.refunded",),
    "notice": ("milestone.stale",),
    "dispute": ("dispute.opened",),
    "default": ("dispute.defaulted",),
    "execute": ("dispute.executed",),
    "midpoint": ("dispute.executed",),
    "reveal": ("review.revealed", "review.expired"),
}  # fmt: skip


@pytest.fixture
def contract(client_person, freelancer):
    return signed_contract(client_person, freelancer, amounts=(120000,))


@pytest.fixture
def step(contract):
    return contract.milestones.get()


def announced_is_done(contract):
    """Walk to each announced instant: nothing happens a second before it, the announced thing happens at it."""
    announced = schedule.upcoming(contract, now=now())
    assert announced
    with time_machine.travel(now(), tick=False) as clock:
        for step in announced:
            clock.move_to(step.at - timedelta(seconds=1))
            sweeps.sweep()
            before = Activity.objects.filter(subject_id=contract.pk).count()
            clock.move_to(step.at)
            assert sweeps.sweep() >= 1
            done = Activity.objects.filter(subject_id=contract.pk).order_by("seq")[before:]
            matching = [row for row in done if row.event in EVENT[step.act]]
            assert matching, (step.act, [row.event for row in done])
            if step.moves_money:
                assert -(matching[0].amount or 0) == step.amount
    return announced


def deliver(step, freelancer):
    milestones.deliver(step, by=freelancer, note="Here")
    step.refresh_from_db()


def test_silence_after_a_delivery_releases(contract, step, freelancer):
    deliver(step, freelancer)
    acts = [row.act for row in announced_is_done(contract)]
    assert acts == ["remind", "remind", "remind", "release"]
    step.refresh_from_db()
    assert step.status == "released"
    assert step.released_by_clock


def test_silence_before_a_delivery_returns_the_money(contract, step):
    assert [row.act for row in announced_is_done(contract)] == ["notice", "refund"]
    step.refresh_from_db()
    assert step.status == "refunded"


def test_silence_after_changes_were_asked_for_returns_the_money_after_75_days(
    contract, step, client_person, freelancer
):
    deliver(step, freelancer)
    milestones.request_changes(step, by=client_person, reason="x", items=["x"])
    assert [row.act for row in announced_is_done(contract)] == ["remind", "remind", "refund"]


def test_a_person_acting_in_the_contract_puts_the_75_days_off(contract, step, client_person, freelancer):
    deliver(step, freelancer)
    milestones.request_changes(step, by=client_person, reason="x", items=["x"])
    idle = Clock.objects.get(milestone=step, kind="milestone.idle")
    with time_machine.travel(idle.due_at - timedelta(days=1), tick=False):
        milestones.propose(contract, by=freelancer, title="More", amount=100, days=1)
    with time_machine.travel(idle.due_at + timedelta(hours=1), tick=False):
        sweeps.sweep()
        step.refresh_from_db()
        assert step.status == "changes_requested"
        (refund,) = [row for row in schedule.upcoming(contract, now=now()) if row.act == "refund"]
        assert refund.at == idle.due_at - timedelta(days=1) + timedelta(days=75)


def test_a_silent_refund_request_refunds_when_nothing_was_delivered(contract, step, client_person):
    milestones.request_refund(step, by=client_person, reason="x")
    assert announced_is_done(contract)[-1].act == "refund"
    step.refresh_from_db()
    assert step.status == "refunded"


def test_a_silent_refund_request_after_a_delivery_becomes_a_dispute(contract, step, client_person, freelancer):
    deliver(step, freelancer)
    milestones.request_refund(step, by=client_person, reason="x")
    assert announced_is_done(contract)[-1].act == "dispute"
    dispute = Dispute.objects.get()
    assert dispute.opened_by == client_person
    assert dispute.amount == 120000
    acts = [row.act for row in announced_is_done(contract)]
    assert acts == ["remind", "remind", "remind", "default", "execute"]
    step.refresh_from_db()
    assert (step.status, step.refunded) == ("resolved", 120000)


def test_nothing_is_released_before_its_time(contract, step, freelancer):
    deliver(step, freelancer)
    with time_machine.travel(step.review_due_at - timedelta(seconds=1), tick=False):
        sweeps.sweep()
        step.refresh_from_db()
        assert step.status == "submitted"


def test_silence_does_not_release_without_the_last_notice(contract, step, freelancer, settings):
    deliver(step, freelancer)
    late = step.review_due_at + timedelta(hours=3)  # nothing swept for the whole window
    with time_machine.travel(late, tick=False) as clock:
        (release,) = [row for row in schedule.upcoming(contract, now=now()) if row.act == "release"]
        assert release.at == late + settings.SKILLLINK["RELEASE_NOTICE"]
        sweeps.sweep()
        step.refresh_from_db()
        assert step.status == "submitted"
        assert step.review_due_at == release.at
        reminders = Activity.objects.filter(milestone=step, event="milestone.review_reminder").count()
        assert reminders == 1  # no burst of stale ones
        clock.move_to(release.at)
        sweeps.sweep()
        step.refresh_from_db()
        assert step.status == "released"


def test_reminders_stop_when_somebody_acts(contract, step, client_person, freelancer):
    deliver(step, freelancer)
    milestones.release(step, by=client_person)
    with time_machine.travel(step.review_due_at + timedelta(days=1), tick=False):
        sweeps.sweep()
        assert not Activity.objects.filter(event="milestone.review_reminder").exists()


def test_a_reminder_before_the_start_is_left_out(contract, step, freelancer, settings):
    settings.SKILLLINK = {**settings.SKILLLINK}
    contract.review_window = timedelta(seconds=20)
    contract.save()
    deliver(step, freelancer)
    kinds = list(Clock.objects.live().filter(milestone=step).values_list("kind", "period"))
    assert {kind for kind, _period in kinds} == {"milestone.release", "milestone.release.remind"}
    assert len(kinds) == 2  # the clock and half time


def test_two_sweeps_ring_once(contract, step, freelancer):
    deliver(step, freelancer)
    with time_machine.travel(step.review_due_at - timedelta(hours=23), tick=False):
        sweeps.sweep()
        assert sweeps.sweep() == 0
        assert Activity.objects.filter(event="milestone.review_reminder").count() == 1


def test_one_broken_clock_does_not_stop_the_others(client_person, freelancer, monkeypatch):
    due = due_releases(client_person, freelancer, 3)
    real, heard = sweeps.perform, []

    def perform(step):
        real(step)
        if step.contract == due[1]:
            raise RuntimeError("broken")

    monkeypatch.setattr(sweeps, "perform", perform)
    monkeypatch.setattr(push, "after_commit_together", lambda _send, sent: heard.append(sent))
    monkeypatch.setattr(sweeps, "LONGEST", {"postgresql": 60, "sqlite": 60})  # all of them in one batch
    assert sweeps.sweep() == 2
    assert released_in(due) == [due[0], due[2]]
    assert list(Clock.objects.filter(attempts=1).values_list("contract", flat=True)) == [due[1].pk]
    released = [sent["topic"] for _group, sent in heard if sent["event"]["type"] == "milestone.released"]
    assert released == [f"contract:{due[0].pk}", f"contract:{due[2].pk}"]
    monkeypatch.setattr(sweeps, "perform", real)
    assert sweeps.sweep() == 1
    assert released_in(due) == due


def test_what_a_person_does_after_a_sweep_has_looked_is_judged(client_person, freelancer, monkeypatch):
    due = due_releases(client_person, freelancer, 3)
    real = sweeps._batches

    def meanwhile(found):
        milestones.extend_review(due[0].milestones.get(), by=client_person)
        milestones.release(due[1].milestones.get(), by=client_person)
        return real(found)

    monkeypatch.setattr(sweeps, "_batches", meanwhile)
    assert sweeps.sweep() == 1
    assert released_in(due[2:]) == due[2:]
    assert due[0].milestones.get().status == "submitted"
    assert not due[1].milestones.get().released_by_clock


def test_a_batch_that_takes_too_long_ends_early_and_the_next_one_goes_on(client_person, freelancer, monkeypatch):
    due = due_releases(client_person, freelancer, 3)
    monkeypatch.setattr(sweeps, "LONGEST", {"postgresql": 0, "sqlite": 0})
    for done in (1, 2, 3):
        assert sweeps.sweep() == 1
        assert released_in(due) == due[:done]
    assert sweeps.sweep() == 0


def test_a_whole_life_runs_by_its_clocks(client_person, freelancer, settings):
    seconds = {"REVIEW_WINDOW": 20, "RELEASE_NOTICE": 5, "REMINDER_NOTICE": 8, "FEEDBACK_WINDOW": 10, "CLEARING": 4}
    settings.SKILLLINK = {**settings.SKILLLINK, **{name: timedelta(seconds=n) for name, n in seconds.items()}}
    settings.SKILLLINK["SWEEP_EVERY"] = timedelta(seconds=1)
    contract = signed_contract(client_person, freelancer, amounts=(120000,))
    step = contract.milestones.get()
    start = now()
    with time_machine.travel(start, tick=False) as clock:
        deliver(step, freelancer)
        for second in range(1, 40):
            clock.move_to(start + timedelta(seconds=second))
            sweeps.sweep()
            step.refresh_from_db()
            assert (step.status == "released") == (second >= 20)
            contract.refresh_from_db()
            if second == 21:
                assert contract.status == "closed"
                axes = {"quality": 5, "communication": 5, "deadlines": 4, "scope": 5}
                feedback.write(contract, by=client_person, axes=axes, text="Very good.")
                assert not feedback.of_person(freelancer)
        assert feedback.of_person(freelancer).get().text == "Very good."
    events = list(Activity.objects.filter(subject_id=contract.pk).order_by("seq").values_list("event", flat=True))
    assert events.count("milestone.review_reminder") == 3
    assert events[-1] == "review.revealed"
    assert not Clock.objects.live().filter(contract=contract).exists()
