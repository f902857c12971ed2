"""Ringing the clocks of contracts: what `schedule.decide` says, done by the verbs people use."""

import structlog
from django.db import transaction
from django.db.models import F

from payment import halt
from projects import contracts, disputes, feedback, milestones, schedule
from projects.announce import announce
from projects.models import Clock, Review
from skilllink import clocks
from skilllink.clocks import now
from skilllink.errors import Refusal, Unavailable

log = structlog.get_logger(__name__)
BATCH = 100
ATTEMPTS = 8


def sweep() -> int:
    """Ring a batch of due clocks, each in a transaction of its own; returns how many were finished.

    The ids are read first and each clock is claimed again under its contract's lock, which every verb takes first:
    so a sweep never waits for a person while holding rows that person needs.
    """
    due = Clock.objects.due(now()).filter(attempts__lt=ATTEMPTS)
    # while money stands still its clocks stay due: they must not keep those behind them from ringing
    ids = list(due.values_list("pk", flat=True)[: None if halt.in_force() else BATCH])
    return sum(_ring(pk) for pk in ids)


def _ring(pk: object) -> int:
    try:
        with transaction.atomic(durable=True):
            contracts.lock(Clock.objects.values_list("contract_id", flat=True).get(pk=pk))
            rows = (
                Clock.objects.due(now())
                .filter(pk=pk)
                .select_related("contract", "milestone__contract", "dispute__milestone__contract")
            )
            claimed = clocks.claim(rows, 1)
            if not claimed:
                return 0
            ring(claimed[0])
            return 1
    except Unavailable as refusal:
        log.info("clock.waits", clock=str(pk), code=refusal.code)
        return 0
    except Exception:
        log.exception("clock.failed", clock=str(pk))
        Clock.objects.filter(pk=pk).update(attempts=F("attempts") + 1)
        return 0


def ring(clock: Clock) -> None:
    """Do what the clock says, once. A clock whose reason is gone stands down; one that is early waits."""
    moment = now()
    step = schedule.decide(clock, now=moment)
    if step.at > moment:
        _put_off(clock, step)
        return
    outcome = Clock.Outcome.DONE
    try:
        with transaction.atomic():
            if step.act == "skip":
                outcome = Clock.Outcome.SKIPPED
            else:
                perform(step)
    except Unavailable:
        raise  # what can't be done now is done later
    except Refusal as refusal:
        log.info("clock.stood_down", clock=str(clock.pk), kind=clock.kind, code=refusal.code)
        outcome = Clock.Outcome.STOOD_DOWN
    Clock.objects.filter(pk=clock.pk).update(rung_at=moment, outcome=outcome)


def _put_off(clock: Clock, step: schedule.Step) -> None:
    Clock.objects.filter(pk=clock.pk, rung_at__isnull=True).update(due_at=step.at)
    if step.act == "release" and step.milestone is not None:
        milestones.amend(step.milestone, review_due_at=step.at)


def perform(step: schedule.Step) -> None:
    """Carry out one announced step inside the open transaction."""
    if step.act == "remind":
        remind(step)
    elif step.act == "release":
        milestones.release_by_clock.within(step.milestone)
    elif step.act == "refund":
        milestones.give_back(milestones.lock(step.milestone), actor=None)
    elif step.act == "notice":
        row = milestones.lock(step.milestone)
        schedule.start(step.then, contract=row.contract, milestone=row)
        announce("milestone.stale", contract=row.contract, milestone=row, actor=None)
    elif step.act == "dispute":
        disputes.open_by_clock(milestones.lock(step.milestone))
    elif step.act == "default":
        disputes.default_by_clock.within(step.dispute, objection=step.then[0])
    elif step.act == "execute":
        disputes.execute_claim.within(step.dispute)
    elif step.act == "midpoint":
        disputes.split_at_midpoint.within(step.dispute)
    elif step.act == "reveal":
        feedback.reveal.within(step.contract)
    else:
        raise ValueError(f"Nothing performs {step.act}.")


def remind(step: schedule.Step) -> None:
    """Tell whoever must act, and nobody else, what happens if they don't."""
    contract = contracts.lock(step.contract)
    people: tuple[object, ...]
    if step.kind == "feedback.reveal.remind":
        waiting = Review.objects.filter(contract=contract, status=Review.Status.DUE).select_related("author")
        people, event = tuple(review.author for review in waiting), "review.reminder"
    elif step.kind == "dispute.answer.remind" and step.dispute is not None:
        people, event = (contract.other(step.dispute.opened_by),), "dispute.reminder"
    elif step.kind == "milestone.release.remind":
        people, event = (contract.client,), "milestone.review_reminder"
    elif step.kind == "milestone.refund_answer.remind":
        people, event = (contract.freelancer,), "milestone.refund_reminder"
    else:
        people, event = (contract.freelancer, contract.client), "milestone.idle_reminder"
    clock = step.clock
    announce(
        event,
        contract=contract,
        milestone=step.milestone,
        actor=None,
        to=people,
        notice=False,
        url=step.dispute.get_absolute_url() if step.dispute is not None else "",
        period=clock.period if clock is not None else "",
    )
