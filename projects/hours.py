"""Work by the hour: each week is a milestone of at most so many hours, held before it begins.

A gig by the hour leads here by bid and offer; another contract by a proposal in it. A week is Monday to Sunday, UTC. When
it is funded or skipped, the next one is there, until both drop it or the contract ends. The freelancer logs hours; some
time after the week the clock hands them in: what wasn't worked goes back, the rest is reviewed and released like any
delivery. Rates are minor units an hour.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from payment import escrow as escrows
from projects import contracts, pro_bono, schedule
from projects.announce import announce
from projects.models import Contract, Milestone, TimeEntry
from projects.weeks import WEEK, figure, logged, over_at, owed, review_due, starts_at, written
from skilllink.clocks import now
from skilllink.errors import Conflict, Missing, Sentence, Unprocessable
from skilllink.money import check_minor, format_money
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users.standing import require_active

MOST = 80  # hours a week
HOURS = _("Give 1 to 80 hours a week.")
MEMO = (10, 500)


class ByTheHour(Conflict):
    code = "milestone.by_the_hour"
    sentence = _("This week is paid by the hour: it is handed in by itself when it is over. Nothing was changed.")


class NotByTheHour(Conflict):
    code = "milestone.not_by_the_hour"
    sentence = _("Hours are logged in a week that is paid by the hour and is held. Nothing was changed.")


class AlreadyAgreed(Conflict):
    code = "milestone.hours_agreed"
    sentence = _("This contract already has hours, agreed or proposed. Nothing was changed; drop those first.")


class Overlaps(Conflict):
    code = "milestone.hours_overlap"
    sentence = _("Some of this time is already logged. Nothing was added.")


class OverLimit(Conflict):
    code = "milestone.hours_over_limit"
    sentence = _(
        "Only {left} of this week’s {most} are left. Nothing was added; more isn’t held and would not be paid."
    )


@verb
def propose(contract: Any, *, by: Any, rate: int, hours: int) -> Milestone:
    """Offer to work by the hour: `rate` minor units an hour, at most `hours` a week. The other party agrees or drops it.

    Raises AlreadyAgreed, milestones.NotYours, ContractNotActive, pro_bono.NoMoney, money.BadAmount, Incomplete.
    """
    from projects import milestones  # milestones needs this module

    row = contracts.lock(contract)
    require_active(by)
    if not row.party(by):
        raise milestones.NotYours(_("Only the two parties can do that. Nothing was changed."))
    if row.status != Contract.Status.ACTIVE:
        raise milestones.ContractNotActive(state=row.get_status_display().lower())
    pro_bono.require_money(row)
    check_minor(rate)
    if not possible(hours):
        raise milestones.Incomplete(fields={"hours": HOURS})
    check_minor(rate * hours)
    if row.milestones.filter(rate__isnull=False, status__in=("proposed", "agreed")).exists():
        raise AlreadyAgreed()
    minutes = hours * 60
    made = Milestone.objects.create(
        contract=row, position=_next_position(row), title=now_("By the hour"), amount=figure(rate, minutes), days=7,
        rate=rate, minutes=minutes, status=Milestone.Status.PROPOSED, proposed_by=by,
    )  # fmt: skip
    announce(
        "milestone.proposed", contract=row, milestone=made, actor=by, figure=format_money(made.amount, row.currency)
    )
    return made


@verb
def log(milestone: Any, *, by: Any, begins_at: datetime, ends_at: datetime, memo: str) -> TimeEntry:
    """Note that the freelancer worked from `begins_at` to `ends_at`, inside the week and not later than now.

    Raises NotByTheHour, Overlaps, OverLimit, milestones.NotYours, Unprocessable at a field.
    """
    row = _open(milestone, by)
    text = memo.strip() if isinstance(memo, str) else ""
    faults: dict[str, Sentence] = {}
    if not (MEMO[0] <= len(text) <= MEMO[1]):
        faults["memo"] = _("Say what you did, in 10 to 500 characters.")
    # in UTC: between two moments of one zone Python counts what its wall clocks show, an hour wrong when they are put back
    begins_at, ends_at = (at.astimezone(UTC).replace(second=0, microsecond=0) for at in (begins_at, ends_at))
    if not starts_at(row) <= begins_at < min(over_at(row), now()):
        faults["begins_at"] = _("It begins inside this week, and not in the future.")
    if not begins_at < ends_at <= min(over_at(row), now()):
        faults["ends_at"] = _("It ends after it began, inside this week, and not in the future.")
    if faults:
        raise Unprocessable(fields=faults)
    if row.entries.filter(begins_at__lt=ends_at, ends_at__gt=begins_at).exists():
        raise Overlaps()
    entry = TimeEntry(milestone=row, begins_at=begins_at, ends_at=ends_at, memo=text)
    left = (row.minutes or 0) - logged(row)
    if entry.minutes > left:
        raise OverLimit(left=written(left), most=written(row.minutes or 0))
    entry.save()
    _tell(row)
    return entry


@verb
def unlog(milestone: Any, *, by: Any, entry: Any) -> None:
    """Take an entry back while the week's hours are still open. Raises Missing, NotByTheHour, milestones.NotYours."""
    row = _open(milestone, by)
    if not row.entries.filter(pk=entry).delete()[0]:
        raise Missing()
    _tell(row)


# --- the week's own steps -------------------------------------------------------------------------


@inside_transaction
def signed(contract: Contract, *, rate: int, hours: int) -> Milestone:
    """The first week of a contract that was offered by the hour: the next one. It is agreed, and held by the caller."""
    return _make(contract, _next_monday(), rate=rate, minutes=hours * 60, by=None)


@inside_transaction
def first_week(milestone: Milestone) -> dict[str, Any]:
    """What an agreed proposal becomes: the next week that isn't there already. Raises AlreadyAgreed."""
    others = milestone.contract.milestones.filter(rate__isnull=False).exclude(pk=milestone.pk)
    if others.filter(status="agreed").exists():
        raise AlreadyAgreed()
    monday = _next_monday()
    last = others.exclude(status="cancelled").aggregate(last=Max("week"))["last"]  # held early, or given back
    if last is not None:
        monday = max(monday, last + WEEK)
    return {"week": monday, "title": _title(monday)}


@inside_transaction
def begin(row: Milestone) -> None:
    """Hold the week's most from the client's wallet; without enough there the week is skipped. By the clock."""
    from projects import milestones  # milestones needs this module

    passed = over_at(row) <= now()  # no clock rang all week: dropped, and the wallet was never asked
    if not passed and row.contract.status == Contract.Status.ACTIVE:
        try:
            with transaction.atomic():
                escrow = contracts.open_escrow(row.contract)
                escrows.hold(escrow, row.amount, key=f"milestone:{row.pk}:fund")
        except escrows.InsufficientFunds:
            pass  # said below, to both
        else:
            return milestones.funded(row, escrow, actor=None)
    milestones.move(row, "cancelled", drop_asked_by=None, ended_at=now())
    event = "milestone.cancelled" if passed else "milestone.skipped"
    announce(event, contract=row.contract, milestone=row, actor=None, figure=_figure(row, row.amount))
    follow(row)


@inside_transaction
def follow(row: Milestone) -> None:
    """The next week, on the same terms; its money is held when it begins."""
    contract = row.contract
    if contract.status != Contract.Status.ACTIVE or row.week is None:
        return
    following = _make(contract, row.week + WEEK, rate=row.rate or 0, minutes=row.minutes or 0, by=row.proposed_by)
    schedule.start(schedule.plans(following, now=now()), contract=contract, milestone=following)


@inside_transaction
def close(row: Milestone) -> None:
    """The week is over: what wasn't worked goes back to the client, the rest is handed in. By the clock."""
    from projects import milestones  # milestones needs this module

    worked = owed(row)
    if not worked:
        return milestones.give_back(row, actor=None)
    unused, key, moment = row.rest - worked, f"milestone:{row.pk}:unused:v{row.version}", now()
    due = review_due(row, moment)
    milestones.move(
        row, "submitted", refunded=row.refunded + unused, submitted_at=moment, review_due_at=due, review_extended=False
    )
    if unused and row.escrow is not None:
        escrows.refund(row.escrow, unused, key=key)
    announce(
        "milestone.timesheet", contract=row.contract, milestone=row, actor=None, moved=-unused or None,
        hours=written(logged(row)), figure=_figure(row, worked), back=_figure(row, unused),
    )  # fmt: skip


# --- figures --------------------------------------------------------------------------------------


def possible(hours: Any) -> bool:
    """Whether it is a number of hours that a week can be limited to."""
    return type(hours) is int and 1 <= hours <= MOST


def _figure(row: Milestone, amount: int) -> str:
    return format_money(amount, row.currency)


def _title(monday: date) -> str:
    return now_("Week of {day}").format(day=monday.isoformat())


def _next_monday() -> date:
    today = now().astimezone(UTC).date()
    return today + timedelta(days=7 - today.weekday())


def _make(contract: Contract, monday: date, *, rate: int, minutes: int, by: Any) -> Milestone:
    return Milestone.objects.create(
        contract=contract, position=_next_position(contract), title=_title(monday), amount=figure(rate, minutes),
        days=7, rate=rate, minutes=minutes, week=monday, status=Milestone.Status.AGREED, proposed_by=by,
    )  # fmt: skip


def _next_position(contract: Contract) -> int:
    return (contract.milestones.order_by("-position").values_list("position", flat=True).first() or 0) + 1


def _open(milestone: Any, by: Any) -> Milestone:
    from projects import milestones  # milestones needs this module

    row = milestones.lock(milestone)
    milestones.require_freelancer(row, by)
    if row.rate is None or row.status != Milestone.Status.FUNDED:
        raise NotByTheHour()
    return row


def _tell(row: Milestone) -> None:
    push(f"contract:{row.contract_id}", {"type": "milestone.logged"})
