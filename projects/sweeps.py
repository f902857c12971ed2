"""Ringing the clocks of contracts: what `schedule.decide` says, done by the verbs people use."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from chat import rooms
from payment import accounts, halt
from projects import disputes, feedback, hours, milestones, pro_bono, schedule
from projects.announce import announce, gathered
from projects.models import Clock, Contract, Review
from skilllink import clocks
from skilllink.clocks import LONGEST, now
from skilllink.errors import Refusal, Unavailable
from skilllink.transactions import verb
from users.notifications import inbox

log = structlog.get_logger(__name__)
LOOK, BATCH = 100, 50  # clocks that a sweep finds, and that one transaction rings
ATTEMPTS = 8
# how a clock that has not rung ended: its step is later, can't be taken now, or broke
LATER, WAITS, FAILED = "later", "waits", "failed"
Due = tuple[Any, Any]  # ids of a clock and its contract


def sweep() -> int:
    """Ring what is due, in batches of one transaction each; returns how many clocks were finished."""
    due = Clock.objects.due(now()).filter(attempts__lt=ATTEMPTS).values_list("pk", "contract_id")
    # while money stands still its clocks stay due: they must not keep those behind them from ringing
    found = list(due[: None if halt.in_force() else LOOK])
    return sum(_ring_batch(batch) for batch in _batches(found))


def _batches(due: Iterable[Due]) -> Iterator[Sequence[Due]]:
    """In no batch two clocks of one contract: what one does may decide about the next."""
    turns: dict[int, list[Due]] = defaultdict(list)
    before: Counter[Any] = Counter()
    for one in due:
        turns[before[one[1]]].append(one)
        before[one[1]] += 1
    for turn in turns.values():
        yield from (turn[start : start + BATCH] for start in range(0, len(turn), BATCH))


def _ring_batch(due: Sequence[Due]) -> int:
    """A batch that can't be written as one is rung again, each clock by itself: so a bad one stops no other."""
    try:
        return _ring_together(due)
    except Exception as error:
        if len(due) > 1:
            log.warning("clock.batch_undone", clocks=len(due), error=str(error))
            return sum(_ring_batch([one]) for one in due)
        clock = str(due[0][0])
        if isinstance(error, Unavailable):
            log.info("clock.waits", clock=clock, code=error.code)
        else:
            log.exception("clock.failed", clock=clock)
            Clock.objects.filter(pk=due[0][0]).update(attempts=F("attempts") + 1)
        return 0


@verb
def _ring_together(due: Sequence[Due]) -> int:
    """Ring these clocks in one transaction, a savepoint for each. What somebody else has locked waits for the next sweep.

    What one that fails did is undone, and only its attempts are counted. Returns how many were finished.
    """
    moment, until = now(), time.monotonic() + LONGEST[connection.vendor]
    ended: dict[Any, list[Any]] = defaultdict(list)
    with gathered():
        for clock, siblings in _claim(due, moment):
            ended[_ring(clock, siblings, moment)].append(clock.pk)
            if time.monotonic() > until:
                break
    for outcome in set(ended) & set(Clock.Outcome):
        Clock.objects.filter(pk__in=ended[outcome]).update(rung_at=moment, outcome=outcome)
    if FAILED in ended:
        Clock.objects.filter(pk__in=ended[FAILED]).update(attempts=F("attempts") + 1)
    return sum(len(pks) for end, pks in ended.items() if end not in (FAILED, WAITS))


def _claim(due: Sequence[Due], moment: Any) -> list[tuple[Clock, list[Clock]]]:
    """Those of these clocks that are due and whose contract nobody else has locked, with all clocks of their subject.

    Every verb locks the contract first: whoever comes now waits, and whoever was there first is not waited for.
    """
    free = clocks.claim(Contract.objects.filter(pk__in={contract for _pk, contract in due}), len(due))
    rows = Clock.objects.due(moment).filter(pk__in=[pk for pk, _contract in due], contract__in=free)
    about = ("contract__client", "contract__freelancer", "contract__gig", "dispute__milestone__contract")
    claimed = clocks.claim(rows.select_related(*about), len(due))
    steps = milestones.lock_all({clock.milestone_id for clock in claimed} - {None})
    for clock in claimed:
        if clock.milestone_id is not None:
            clock.milestone = steps[clock.milestone_id]
            clock.contract = clock.milestone.contract
    _lock_in_order([clock.contract for clock in claimed])
    siblings = defaultdict(list)
    for row in Clock.objects.filter(subject_id__in={clock.subject_id for clock in claimed}):
        siblings[row.subject_id].append(row)
    return [(clock, siblings[clock.subject_id]) for clock in claimed]


def _lock_in_order(locked: Sequence[Contract]) -> None:
    """What a batch goes on to change for its contracts, in the order in which a single verb locks it.

    Clock after clock, a batch would come back to an account with a person's counter in hand, and wait in a circle.
    """
    if connection.vendor == "postgresql":
        people = {pk for contract in locked for pk in (contract.client_id, contract.freelancer_id)}
        accounts.lock_of(people)
        rooms.lock_all({contract.room_id for contract in locked} - {None})
        inbox.lock(people)


def _ring(clock: Clock, siblings: list[Clock], moment: Any) -> str:
    """Do what the clock says, in a savepoint; how it ended. One whose reason is gone stands down, an early one waits."""
    try:
        with transaction.atomic(), gathered():
            step = schedule.decide(clock, now=moment, siblings=siblings)
            if step.at > moment:
                _put_off(clock, step)
                return LATER
            if step.act == "skip":
                return Clock.Outcome.SKIPPED
            perform(step)
            return Clock.Outcome.DONE
    except (OperationalError, InterfaceError):
        raise  # contention or a broken connection: not this clock's fault
    except Unavailable as refusal:
        log.info("clock.waits", clock=str(clock.pk), code=refusal.code)
        return WAITS
    except Refusal as refusal:
        log.info("clock.stood_down", clock=str(clock.pk), kind=clock.kind, code=refusal.code)
        return Clock.Outcome.STOOD_DOWN
    except Exception:
        log.exception("clock.failed", clock=str(clock.pk))
        return FAILED


def _put_off(clock: Clock, step: schedule.Step) -> None:
    Clock.objects.filter(pk=clock.pk, rung_at__isnull=True).update(due_at=step.at)
    if step.act == "release" and step.milestone is not None:
        milestones.amend(step.milestone, review_due_at=step.at)


_OF_MILESTONES: dict[str, Any] = {"drop": pro_bono.drop, "begin": hours.begin, "close": hours.close}


def perform(step: schedule.Step) -> None:
    """Carry out one announced step inside the open transaction, its contract and milestone locked and read afresh."""
    if step.act == "remind":
        remind(step)
    elif step.act == "release":
        milestones.release_silently(step.milestone)
    elif step.act == "refund":
        milestones.give_back(step.milestone, actor=None)
    elif step.act in _OF_MILESTONES and step.milestone is not None:
        _OF_MILESTONES[step.act](step.milestone)
    elif step.act == "notice":
        schedule.start(step.then, contract=step.contract, milestone=step.milestone)
        event = "milestone.overdue" if step.contract.is_pro_bono else "milestone.stale"
        announce(event, contract=step.contract, milestone=step.milestone, actor=None)
    elif step.act == "dispute":
        disputes.open_by_clock(step.milestone)
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
    contract = step.contract
    people: tuple[object, ...]
    if step.kind == "feedback.reveal.remind":
        waiting = Review.objects.filter(contract=contract, status=Review.Status.DUE).select_related("author")
        people, event = tuple(review.author for review in waiting), "review.reminder"
    elif step.kind == "dispute.answer.remind" and step.dispute is not None:
        people, event = (contract.other(step.dispute.opened_by),), "dispute.reminder"
    elif step.kind == "milestone.release.remind":
        people, event = (contract.client,), f"milestone.{'accept' if contract.is_pro_bono else 'review'}_reminder"
    elif step.kind == "milestone.refund_answer.remind":
        people, event = (contract.freelancer,), "milestone.refund_reminder"
    else:
        people = (contract.freelancer, contract.client)
        event = f"milestone.{'drop' if contract.is_pro_bono else 'idle'}_reminder"
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
