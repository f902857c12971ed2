"""What will happen if nobody acts.

`plans` says which clocks a state starts. `decide` says what one clock does when it rings, and when: the sweep
(`projects.sweeps`) performs exactly that, and `upcoming` announces exactly that on pages, in calendars and in the API.
"""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, OuterRef, Subquery

from projects import weeks
from projects.models.activity import Activity
from projects.models.clock import Clock
from projects.models.contract import Contract
from projects.models.dispute import Dispute
from projects.models.milestone import Milestone
from projects.rules import rule
from skilllink.transactions import inside_transaction

LAST = "last"  # the reminder without which silence does not release
REMIND = ".remind"
ENDS = ("release", "refund", "execute", "midpoint")  # each is over by it, and pays out what was held
IDLE_REMINDERS = {"first": "IDLE_FIRST_REMINDER", LAST: "IDLE_LAST_REMINDER"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A clock to start: `due_at` decides, `started_at` is where its line begins."""

    kind: str
    period: str
    started_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What a clock does when it rings.

    `act` is one of remind, skip, release, refund, drop, notice, begin, close, dispute, default, execute, midpoint, reveal,
    clear, due. `amount` is what leaves escrow, or comes into it when a week begins, minor units. `to` is the party that
    gets it. `then` are the clocks it starts; of what a state always starts, those that money waits for.
    """

    at: datetime
    act: str
    kind: str
    contract: Contract
    milestone: Milestone | None = None
    dispute: Dispute | None = None
    clock: Clock | None = None
    amount: int = 0
    to: str = ""
    then: tuple[Plan, ...] = field(default=())

    @property
    def moves_money(self) -> bool:
        return self.act in (*ENDS, "begin", "close")

    @property
    def ends(self) -> bool:
        """Whether the milestone, as it is now, is over by it."""
        gone = self.act == "close" and not self.then  # nothing was worked
        return gone or self.act in (*ENDS, "drop", "dispute")


def with_reminders(kind: str, period: str, started_at: datetime, due_at: datetime, *, now: datetime) -> list[Plan]:
    """The clock itself and its reminders at half time, −72 h and −24 h; those before the start or now are left out."""
    plan = [Plan(kind, period, started_at, due_at)]
    times = {
        "half": started_at + (due_at - started_at) / 2,
        "early": due_at - rule("REMINDER_NOTICE"),
        LAST: due_at - rule("RELEASE_NOTICE"),
    }
    for tag, at in times.items():
        crowded = tag != LAST and at >= times[LAST] > started_at
        if at > started_at and at > now and not crowded:
            plan.append(Plan(kind + REMIND, f"{period}:{tag}", started_at, at))
    return plan


def plans(milestone: Milestone, *, now: datetime) -> list[Plan]:
    """The clocks that the milestone's present state starts."""
    period = str(milestone.version)
    if milestone.status == "submitted" and milestone.submitted_at and milestone.review_due_at:
        return with_reminders("milestone.release", period, milestone.submitted_at, milestone.review_due_at, now=now)
    if milestone.status == "refund_requested" and milestone.refund_requested_at:
        due = milestone.refund_requested_at + rule("REFUND_REQUEST_WINDOW")
        return with_reminders("milestone.refund_answer", period, milestone.refund_requested_at, due, now=now)
    if milestone.rate:
        return _week(milestone, period, now)
    if milestone.status == "funded" and milestone.due_at and not milestone.submitted_at:
        start = milestone.funded_at or now
        notice = max(milestone.due_at, now) + rule("STALE_AFTER_DUE")
        return [Plan("milestone.stale_notice", period, start, notice)]
    if milestone.status in ("funded", "changes_requested"):
        start = max(milestone.due_at or now, now)
        due = start + rule("IDLE_REFUND")
        return [
            Plan("milestone.idle", period, start, due),
            *(
                Plan("milestone.idle" + REMIND, f"{period}:{tag}", start, start + rule(name))
                for tag, name in IDLE_REMINDERS.items()
                if rule(name) < rule("IDLE_REFUND")
            ),
        ]
    return []


def _week(milestone: Milestone, period: str, now: datetime) -> list[Plan]:
    """Held when it begins, handed in some time after it is over.

    While a refund or a dispute stood in its way no hours could be logged: that time comes afterwards.
    """
    if milestone.week is None:
        return []
    if milestone.status == "agreed":
        return [Plan("week.begin", period, now, weeks.starts_at(milestone))]
    if milestone.status == "funded":
        close = max(weeks.over_at(milestone), now) + rule("WEEK_EDIT")
        return [Plan("week.close", period, milestone.funded_at or now, close)]
    return []


def dispute_plans(dispute: Dispute, *, now: datetime) -> list[Plan]:
    """The clocks that opening a dispute starts."""
    due = dispute.opened_at + rule("DISPUTE_ANSWER_WINDOW")
    return with_reminders("dispute.answer", "1", dispute.opened_at, due, now=now)


def midpoint_plan(dispute: Dispute) -> Plan:
    """The last clock of a dispute: no dispute outlives it."""
    return Plan("dispute.midpoint", "1", dispute.opened_at, dispute.opened_at + rule("DISPUTE_LONGEST"))


@inside_transaction
def start(rows: Iterable[Plan], *, contract: Contract, milestone: Any = None, dispute: Any = None) -> None:
    """Write clocks in the transaction of what starts them."""
    subject = dispute or milestone or contract
    Clock.objects.bulk_create(
        Clock(
            contract=contract,
            milestone=milestone,
            dispute=dispute,
            subject_id=subject.pk,
            kind=plan.kind,
            period=plan.period,
            started_at=plan.started_at,
            due_at=plan.due_at,
        )
        for plan in rows
    )


@inside_transaction
def stand_down(*, subject: Any, now: datetime) -> None:
    """Stop what still runs for this milestone, dispute or contract: somebody acted."""
    Clock.objects.live().filter(subject_id=subject.pk).update(rung_at=now, outcome=Clock.Outcome.STOOD_DOWN)


def decide(clock: Clock, *, now: datetime, siblings: Iterable[Clock] | None = None) -> Step:
    """What `clock` does when it rings, judged by today's rows; `Step.at` may lie later than `clock.due_at`.

    `siblings` are all clocks of the same contract when the caller has them; otherwise they are read.
    """
    rows = list(siblings) if siblings is not None else list(Clock.objects.filter(subject_id=clock.subject_id))
    if clock.kind.endswith(REMIND):
        return _remind(clock, rows, now)
    return _DECISIONS[clock.kind](clock, rows, now)


def _step(clock: Clock, act: str, **facts: Any) -> Step:
    facts.setdefault("at", clock.due_at)
    return Step(
        act=act,
        kind=clock.kind,
        clock=clock,
        contract=clock.contract,
        milestone=clock.milestone,
        dispute=clock.dispute,
        **facts,
    )


def _remind(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    period, tag = clock.period.rsplit(":", 1)
    if clock.kind == "milestone.idle" + REMIND:
        return _step(clock, "remind", at=_idle_at(clock, rule(IDLE_REMINDERS[tag])))
    group = [row for row in rows if row.subject_id == clock.subject_id and row.rung_at is None and row.due_at <= now]
    later = any(row.kind == clock.kind and row.due_at > clock.due_at for row in group)
    main = any(f"{row.kind}{REMIND}" == clock.kind and row.period == period for row in group)
    needed = tag == LAST and clock.kind == "milestone.release" + REMIND
    return _step(clock, "skip" if (later or main) and not needed else "remind")


def _release(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    """Silence releases, but never without the last notice having been recorded early enough."""
    milestone = _milestone(clock)
    at = clock.due_at
    for row in rows:
        is_notice = row.subject_id == clock.subject_id and row.period == f"{clock.period}:{LAST}"
        if not is_notice or row.kind != clock.kind + REMIND:
            continue
        slack = max(rule("RELEASE_NOTICE") / 24, 2 * rule("SWEEP_EVERY"))
        noticed = row.rung_at or (row.due_at if row.due_at > now else now)
        if noticed > row.due_at + slack:
            at = max(at, noticed + rule("RELEASE_NOTICE"))
    return _step(clock, "release", at=at, amount=milestone.rest, to="freelancer")


def _refund_answer(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    milestone = _milestone(clock)
    # logged hours are work that was handed in, though their week isn't over
    if milestone.submitted_at or (milestone.rate and milestone.entries.exists()):
        return _step(clock, "dispute")
    return _step(clock, "refund", amount=milestone.rest, to="client")


def _stale_notice(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    at = max(clock.due_at, now)
    kind = "milestone.stale_drop" if clock.contract.is_pro_bono else "milestone.stale_refund"
    then = (Plan(kind, clock.period, at, at + rule("STALE_NOTICE")),)
    return _step(clock, "notice", then=then)


def _never_came(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    return _undelivered(clock, clock.due_at)


def _undelivered(clock: Clock, at: datetime) -> Step:
    """What is held goes back to the client; of donated work nothing is held, it is dropped."""
    if clock.contract.is_pro_bono:
        return _step(clock, "drop", at=at)
    return _step(clock, "refund", at=at, amount=_milestone(clock).rest, to="client")


def _idle(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    """75 days without any act of a person in the contract, counted after the due date."""
    return _undelivered(clock, _idle_at(clock, rule("IDLE_REFUND")))


def _idle_at(clock: Clock, after: timedelta) -> datetime:
    last = clock.last_act if hasattr(clock, "last_act") else _acts(clock.contract_id).aggregate(at=Max("at"))["at"]
    return max(clock.due_at, last + after) if last else clock.due_at


def _acts(contract_id: Any) -> Any:
    return Activity.objects.filter(subject_id=contract_id, actor__isnull=False)


def _answer(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    at = max(clock.due_at, now)
    then = (Plan("dispute.objection", "1", at, at + rule("DISPUTE_OBJECTION_WINDOW")),)
    return _step(clock, "default", then=then)


def _objection(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    dispute = _dispute(clock)
    to = clock.contract.party(dispute.opened_by)
    return _step(clock, "execute", amount=dispute.amount, to=to)


def _begin(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    return _step(clock, "begin", amount=_milestone(clock).amount)


def _close(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    milestone, at = _milestone(clock), max(clock.due_at, now)
    worked = weeks.owed(milestone)
    review = Plan("milestone.release", clock.period, at, weeks.review_due(milestone, at))
    then = (review,) if worked else ()
    return _step(clock, "close", amount=milestone.rest - worked, to="client", then=then)


def _midpoint(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    return _step(clock, "midpoint", amount=_dispute(clock).amount)


def _reveal(clock: Clock, rows: list[Clock], now: datetime) -> Step:
    return _step(clock, "reveal")


_DECISIONS = {
    "milestone.release": _release,
    "milestone.refund_answer": _refund_answer,
    "milestone.stale_notice": _stale_notice,
    "milestone.stale_refund": _never_came,
    "milestone.stale_drop": _never_came,
    "milestone.idle": _idle,
    "dispute.answer": _answer,
    "dispute.objection": _objection,
    "dispute.midpoint": _midpoint,
    "feedback.reveal": _reveal,
    "week.begin": _begin,
    "week.close": _close,
}


def _milestone(clock: Clock) -> Milestone:
    if clock.milestone is None:
        raise ValueError(f"The clock {clock.kind} belongs to a milestone.")
    return clock.milestone


def _dispute(clock: Clock) -> Dispute:
    if clock.dispute is None:
        raise ValueError(f"The clock {clock.kind} belongs to a dispute.")
    return clock.dispute


def midpoint(dispute: Dispute) -> int:
    """What the freelancer gets when the last clock of a dispute rings: half, an odd unit to the client."""
    return dispute.amount // 2


def upcoming(contract: Contract, *, now: datetime, clocks: Iterable[Clock] | None = None) -> list[Step]:
    """Everything that will happen to the contract by itself, in order, if nobody acts.

    A step's follow-on clocks are announced as steps of their own; what an earlier step makes moot is left out.
    """
    rows = list(clocks) if clocks is not None else list(of(contract))
    steps: list[Step] = []
    for clock in rows:
        if clock.rung_at is not None:
            continue
        step = decide(clock, now=now, siblings=rows)
        if step.act == "skip":
            continue
        steps.append(step)
        steps.extend(_follow(step, now))
    return _until_it_ends(sorted(steps, key=lambda step: step.at))


def _until_it_ends(steps: list[Step]) -> list[Step]:
    """Leave out the clocks that an earlier step stops: the milestone is over, or has become a dispute."""
    ended: set[Any] = set()
    kept = []
    for step in steps:
        subject = step.milestone.pk if step.milestone is not None else step.contract.pk
        if subject in ended:
            continue
        kept.append(step)
        if step.ends:
            ended.add(subject)
    return kept


def _after(step: Step) -> Milestone | None:
    """The milestone as the step leaves it, for what follows: of a week what was worked."""
    if step.act != "close" or step.milestone is None:
        return step.milestone
    left = copy(step.milestone)
    left.refunded += step.amount
    return left


def _follow(step: Step, now: datetime) -> Iterator[Step]:
    for plan in step.then:
        clock = Clock(
            contract=step.contract,
            milestone=_after(step),
            dispute=step.dispute,
            subject_id=step.clock.subject_id if step.clock else None,
            kind=plan.kind,
            period=plan.period,
            started_at=plan.started_at,
            due_at=plan.due_at,
        )
        yield decide(clock, now=plan.due_at, siblings=[])


def of(contract: Contract) -> Any:
    """The contract's clocks with what they are about, and when somebody last acted in it."""
    return of_all([contract])


def of_known(contract: Contract) -> list[Clock]:
    """The same about the contract and the milestones in hand, with what was prefetched for them: it isn't read again."""
    known = {row.pk: row for row in contract.milestones.all()}
    clocks = list(of(contract))
    for clock in clocks:
        clock.contract = contract
        if clock.milestone_id is not None:
            clock.milestone = known.get(clock.milestone_id, clock.milestone)
    return clocks


def of_all(contracts: Iterable[Contract]) -> Any:
    """The clocks of several contracts; still one query."""
    acts = Activity.objects.filter(subject_id=OuterRef("contract_id"), actor__isnull=False).order_by()
    last = acts.values("subject_id").annotate(at_last=Max("at")).values("at_last")
    rows = Clock.objects.filter(contract__in=contracts).annotate(last_act=Subquery(last))
    return rows.select_related(
        "contract", "milestone__contract", "milestone__escrow", "dispute__milestone__contract", "dispute__escrow",
        "dispute__opened_by",
    )  # fmt: skip
