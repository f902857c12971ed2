"""Conflicts about a milestone's money: freeze, answer, withdraw, settle.

What is disputed moves into the dispute's own escrow and leaves it only by `_resolve`.
"""

from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from payment import escrow as escrows
from projects import contracts, milestones, pro_bono, schedule
from projects.announce import announce
from projects.models import Dispute, Milestone
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed, Unprocessable
from skilllink.money import check_minor, format_money
from skilllink.transactions import inside_transaction, verb
from users.moderation import audit
from users.standing import require_active


class NothingToDispute(Conflict):
    code = "dispute.nothing_held"
    sentence = _("No money of this milestone is held or clearing, so there is nothing to freeze. Nothing was changed.")


class AlreadyOpen(Conflict):
    code = "dispute.already_open"
    sentence = _("A dispute about this milestone is already open. Nothing was changed.")


class Over(Conflict):
    code = "dispute.over"
    sentence = _("This dispute is over: {state}. Nothing was moved.")


class NotYours(Forbidden):
    code = "dispute.not_yours"
    sentence = _("That isn't yours to do in this dispute. Nothing was changed.")


class TooMuch(Unprocessable):
    code = "dispute.too_much"
    sentence = _("Only {most} can be disputed. Choose that or less. Nothing was frozen.")


class BadSplit(Unprocessable):
    code = "dispute.bad_split"
    sentence = _("The freelancer's part must lie between {none} and {all}. Nothing was moved.")


class NeedsReason(Malformed):
    code = "dispute.needs_reason"
    sentence = _("Give a reason of up to 5,000 characters; both parties read it. Nothing was changed.")


@verb
def open(milestone: Any, *, by: Any, amount: int | None = None, reason: str) -> Dispute:
    """Freeze `amount` minor units (the whole rest by default) and claim them for one's own side.

    From the milestone's escrow; or, when the clock released it and it is still clearing, back out of the earnings.
    """
    row = milestones.lock(milestone)
    require_active(by)
    role = row.contract.party(by)
    if not role:
        raise NotYours(_("Only the two parties can open a dispute. Nothing was changed."))
    pro_bono.require_money(row.contract)
    return _open(row, opened_by=by, actor=by, amount=amount, reason=_reason(reason))


@inside_transaction
def open_by_clock(row: Milestone) -> Dispute:
    """A refund was asked for after work was handed in, and nobody answered: the client's request becomes a dispute."""
    return _open(row, opened_by=row.contract.client, actor=None, amount=None, reason=row.refund_reason)


def _open(row: Milestone, *, opened_by: Any, actor: Any, amount: int | None, reason: str) -> Dispute:
    clearing = row.status == Milestone.Status.RELEASED
    if row.status == Milestone.Status.DISPUTED:
        raise AlreadyOpen()
    if clearing:
        most = _clearing(row) if row.contract.client_id == opened_by.pk else 0
    else:
        most = row.rest if "disputed" in Milestone.MOVES[row.status] else 0
    if not most:
        raise milestones.NotFunded() if row.status in ("proposed", "agreed") else NothingToDispute()
    frozen = most if amount is None else check_minor(amount)
    if frozen > most:
        raise TooMuch(most=format_money(most, row.currency))
    moment = now()
    escrow = contracts.open_escrow(row.contract, "dispute")
    back_to = row.back_to if row.status == Milestone.Status.REFUND_REQUESTED else row.status
    dispute = Dispute.objects.create(
        milestone=row,
        opened_by=opened_by,
        amount=frozen,
        reason=reason,
        escrow=escrow,
        back_to=back_to,
        opened_at=moment,
    )
    key = f"dispute:{dispute.pk}:freeze"
    if clearing:
        milestones.move(row, "disputed", ended_at=None, released=row.released - frozen)
        escrows.claw_back(row.escrow, escrow, frozen, key=key)
    else:
        milestones.move(row, "disputed", back_to=back_to, refund_requested_at=None)
        escrows.move(row.escrow, escrow, frozen, key=key)
    plans = [*schedule.dispute_plans(dispute, now=moment), schedule.midpoint_plan(dispute)]
    schedule.start(plans, contract=row.contract, milestone=row, dispute=dispute)
    announce(
        "dispute.opened",
        contract=row.contract,
        milestone=row,
        actor=actor,
        moved=frozen if clearing else 0,
        url=dispute.get_absolute_url(),
        figure=format_money(frozen, row.currency),
        reason=reason[:200],
        dispute=str(dispute.pk),
    )
    return dispute


def disputable(milestone: Milestone, user: Any) -> int:
    """How much of the milestone this person could dispute now, minor units."""
    if milestone.status == Milestone.Status.RELEASED:
        return _clearing(milestone) if milestone.contract.client_id == user.pk else 0
    return milestone.rest if "disputed" in Milestone.MOVES[milestone.status] else 0


def _clearing(row: Milestone) -> int:
    """Gross minor units that the clock released and that are still clearing."""
    if not row.released_by_clock or row.escrow is None:
        return 0
    return min(row.released, sum(part.gross for part in escrows.still_clearing(row.escrow)))


@verb
def answer(dispute: Any, *, by: Any, text: str) -> Dispute:
    """The other party contests the claim within 5 days, or objects within 48 hours of a default."""
    row = _lock(dispute)
    require_active(by)
    if not row.contract.party(by) or row.opened_by_id == by.pk:
        raise NotYours()
    words = _reason(text)
    if row.status not in (Dispute.Status.OPEN, Dispute.Status.DEFAULTED):
        raise Over(state=row.get_status_display()) if not row.is_live else Conflict(_("It is already answered."))
    _move(row, "negotiating", ("open", "defaulted"), answer=words, answered_at=now())
    _stop_clocks(row, keep_midpoint=True)
    _tell("dispute.answered", row, actor=by)
    return row


@verb
def accept_claim(dispute: Any, *, by: Any) -> Dispute:
    """The other party agrees with the opener: the disputed amount goes where the opener claims it."""
    row = _lock(dispute)
    require_active(by)
    if not row.contract.party(by) or row.opened_by_id == by.pk:
        raise NotYours()
    _resolve(row, _claim(row), status="settled", actor=by, event="dispute.settled")
    return row


@verb
def withdraw(dispute: Any, *, by: Any) -> Dispute:
    """The opener drops it: the money returns to where it was frozen from."""
    row = _lock(dispute)
    require_active(by)
    if row.opened_by_id != by.pk:
        raise NotYours(_("Only the person who opened it can withdraw it. Nothing was changed."))
    if row.back_to == Milestone.Status.RELEASED:
        _resolve(row, row.amount, status="withdrawn", actor=by, event="dispute.withdrawn")
        return row
    _move(row, "withdrawn", Dispute.LIVE, closed_at=now())
    schedule.stand_down(subject=row, now=now())
    escrows.move(row.escrow, row.milestone.escrow, row.amount, key=f"dispute:{row.pk}:withdraw")
    milestones.resume(row.milestone, since=row.opened_at)
    _tell("dispute.withdrawn", row, actor=by)
    return row


@verb
def settle(dispute: Any, *, by: Any, to_freelancer: int, reason: str) -> Dispute:
    """A moderator splits the frozen amount: `to_freelancer` minor units out (0 to all), the rest back to the client."""
    row = _lock(dispute)
    require_active(by)
    if not getattr(by, "is_moderator", False) or row.contract.party(by):
        raise NotYours(_("Only a moderator who is no party of the contract can settle it. Nothing was moved."))
    words = _reason(reason)
    if type(to_freelancer) is not int or not 0 <= to_freelancer <= row.amount:
        raise BadSplit(none=format_money(0, row.contract.currency), all=format_money(row.amount, row.contract.currency))
    _resolve(row, to_freelancer, status="executed", actor=by, event="dispute.decided", reason=words)
    audit.record(by, "dispute.decided", subject=row, reason=words)
    return row


@verb
def default_by_clock(dispute: Any, *, objection: Any) -> Dispute:
    """Nobody answered: the claim will stand after the objection window, whose clock `objection` starts."""
    row = _lock(dispute)
    _move(row, "defaulted", ("open",))
    schedule.start([objection], contract=row.contract, milestone=row.milestone, dispute=row)
    _tell("dispute.defaulted", row, actor=None)
    return row


@verb
def execute_claim(dispute: Any) -> Dispute:
    """Nobody objected to the default: the claim stands."""
    row = _lock(dispute)
    _resolve(row, _claim(row), status="executed", actor=None, event="dispute.executed")
    return row


@verb
def split_at_midpoint(dispute: Any) -> Dispute:
    """Nothing decided it in time: half and half, so that no money stays frozen for ever."""
    row = _lock(dispute)
    _resolve(row, schedule.midpoint(row), status="executed", actor=None, event="dispute.executed")
    return row


def _claim(row: Dispute) -> int:
    return row.amount if row.contract.party(row.opened_by) == "freelancer" else 0


def _resolve(row: Dispute, to_freelancer: int, *, status: str, actor: Any, event: str, reason: str = "") -> None:
    """The one way out of a dispute's escrow."""
    milestone = row.milestone
    moment = now()
    _move(
        row,
        status,
        Dispute.LIVE,
        closed_at=moment,
        to_freelancer=to_freelancer,
        settled_by=actor if status == "executed" else None,
        settlement_reason=reason,
    )
    schedule.stand_down(subject=row, now=moment)
    paid, back = milestone.released + to_freelancer, milestone.refunded + row.amount - to_freelancer
    escrows.split(row.escrow, to_freelancer, key=f"dispute:{row.pk}:resolve")
    if paid + back == milestone.amount:
        milestones.move(milestone, "resolved", released=paid, refunded=back, ended_at=moment, back_to="")
    else:
        milestones.amend(milestone, released=paid, refunded=back)
        milestones.resume(milestone, since=row.opened_at)
    _tell(
        event,
        row,
        actor=actor,
        moved=-row.amount,
        to_freelancer=format_money(to_freelancer, milestone.currency),
        to_client=format_money(row.amount - to_freelancer, milestone.currency),
        reason=reason[:500],
    )
    contracts.close_when_done(milestone.contract, actor=actor)


@inside_transaction
def _lock(dispute: Any) -> Dispute:
    pk = getattr(dispute, "pk", dispute)
    milestone = milestones.lock(Dispute.objects.values_list("milestone_id", flat=True).get(pk=pk))
    row = Dispute.objects.select_for_update(of=("self",)).select_related("escrow", "opened_by").get(pk=pk)
    row.milestone = milestone
    return row


def _move(row: Dispute, target: str, sources: tuple[str, ...], **changes: Any) -> None:
    moved = Dispute.objects.filter(pk=row.pk, status__in=sources).update(
        status=target, version=F("version") + 1, **changes
    )
    if not moved:
        raise Over(state=row.get_status_display())
    milestone = row.milestone
    row.refresh_from_db()
    row.milestone = milestone


def _stop_clocks(row: Dispute, *, keep_midpoint: bool) -> None:
    live = row.clocks.filter(rung_at__isnull=True)
    (live.exclude(kind="dispute.midpoint") if keep_midpoint else live).update(rung_at=now(), outcome="stood_down")


def _tell(event: str, row: Dispute, *, actor: Any, **data: Any) -> None:
    data.setdefault("figure", format_money(row.amount, row.contract.currency))
    both = (row.contract.client, row.contract.freelancer)
    announce(
        event,
        contract=row.contract,
        milestone=row.milestone,
        actor=actor,
        url=row.get_absolute_url(),
        dispute=str(row.pk),
        to=None if actor is not None and row.contract.party(actor) else both,
        **data,
    )


def _reason(text: Any) -> str:
    words = text.strip() if isinstance(text, str) else ""
    if not words or len(words) > 5000:
        raise NeedsReason(fields={"reason": NeedsReason.sentence})
    return words
