"""The contract's ledger page by page: what happened, in ink; what will happen if nobody acts, in pencil."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N
from django.utils.translation import ngettext

from payment import escrow as escrows
from projects import schedule
from projects.models import Activity, Contract, Milestone
from projects.wording import day, strong
from skilllink.moments import span
from skilllink.money import format_money, percent

SHOWN = 12  # longer pasts fold

# event → (by the reader, by the other party, by the clock or the house)
SENTENCES: dict[str, tuple[str, str, str]] = {
    "contract.started": (N("You and {other} signed"), N("You and {other} signed"), N("Both parties signed")),
    "contract.ending": (N("You ended the contract"), N("{who} ended the contract"), N("The contract was ended")),
    "contract.closed": (N("The contract closed"), N("The contract closed"), N("The contract closed")),
    "milestone.proposed": (N("You proposed {milestone}"), N("{who} proposed {milestone}"), ""),
    "milestone.agreed": (N("You agreed to {milestone}"), N("{who} agreed to {milestone}"), ""),
    "milestone.cancelled": (N("You dropped {milestone}"), N("{who} dropped {milestone}"), N("{milestone} was dropped")),
    "milestone.drop_asked": (N("You asked to drop {milestone}"), N("{who} asked to drop {milestone}"), ""),
    "milestone.drop_refused": (N("You kept {milestone}"), N("{who} kept {milestone}"), ""),
    "milestone.drop_reminder": ("", "", N("We reminded both of you of {milestone}")),
    "milestone.drop_withdrawn": (
        N("You no longer want to drop {milestone}"),
        N("{who} no longer wants to drop {milestone}"),
        "",
    ),
    "milestone.funded": (N("You funded {milestone}"), N("{who} funded {milestone}"), N("{milestone} was funded")),
    "milestone.submitted": (N("You delivered {milestone}"), N("{who} delivered {milestone}"), ""),
    "milestone.changes_requested": (
        N("You asked for changes to {milestone}"),
        N("{who} asked for changes to {milestone}"),
        "",
    ),
    "milestone.review_extended": (
        N("You took more time to review {milestone}"),
        N("{who} took more time to review {milestone}"),
        "",
    ),
    "milestone.review_reminder": ("", "", N("We reminded {client} to review {milestone}")),
    "milestone.idle_reminder": ("", "", N("We reminded both of you of {milestone}")),
    "milestone.refund_reminder": ("", "", N("We reminded {freelancer} to answer about {milestone}")),
    "milestone.released": (
        N("You released {milestone}"),
        N("{who} released {milestone}"),
        N("{milestone} was released: the time to review ended"),
    ),
    "milestone.accept_reminder": ("", "", N("We reminded {client} to review {milestone}")),
    "milestone.accepted": (
        N("You accepted {milestone}"),
        N("{who} accepted {milestone}"),
        N("{milestone} was accepted: the time to review ended"),
    ),
    "milestone.overdue": ("", "", N("{milestone} is overdue: we told you both that it will be dropped")),
    "milestone.part_released": (N("You released a part of {milestone}"), N("{who} released a part of {milestone}"), ""),
    "milestone.tipped": (
        N("You tipped {freelancer} {figure} for {milestone}"),
        N("{who} tipped {freelancer} {figure} for {milestone}"),
        "",
    ),
    "contract.bonus": (
        N("You paid {freelancer} a bonus of {figure}"),
        N("{who} paid {freelancer} a bonus of {figure}"),
        "",
    ),
    "milestone.refunded": (
        N("You gave {milestone} back"),
        N("{who} gave {milestone} back"),
        N("{milestone} returned to {client}"),
    ),
    "milestone.refund_requested": (
        N("You asked for {milestone} back"),
        N("{who} asked for {milestone} back"),
        "",
    ),
    "milestone.refund_refused": (
        N("You said no to a refund of {milestone}"),
        N("{who} said no to a refund of {milestone}"),
        "",
    ),
    "milestone.refund_withdrawn": (
        N("You took the refund request for {milestone} back"),
        N("{who} took the refund request for {milestone} back"),
        "",
    ),
    "milestone.skipped": ("", "", N("{milestone} was skipped: {figure} wasn’t in the wallet when it began")),
    "milestone.timesheet": ("", "", N("The hours of {milestone} were handed in: {figure}")),
    "milestone.stale": ("", "", N("{milestone} is overdue: we told you both that it will return to {client}")),
    "dispute.opened": (
        N("You opened a dispute about {milestone}"),
        N("{who} opened a dispute about {milestone}"),
        N("The refund request for {milestone} became a dispute"),
    ),
    "dispute.answered": (N("You answered the dispute"), N("{who} answered the dispute"), ""),
    "dispute.reminder": ("", "", N("We reminded of the dispute about {milestone}")),
    "dispute.defaulted": ("", "", N("The dispute about {milestone} wasn’t answered in time")),
    "dispute.withdrawn": (N("You withdrew the dispute"), N("{who} withdrew the dispute"), ""),
    "dispute.settled": (
        N("You accepted the claim about {milestone}"),
        N("{who} accepted the claim about {milestone}"),
        "",
    ),
    "dispute.decided": ("", N("A moderator decided the dispute about {milestone}"), ""),
    "dispute.executed": ("", "", N("The dispute about {milestone} ended by its clock")),
    "review.written": (N("You wrote your review"), N("{who} wrote a review; you see it when both are in"), ""),
    "review.reminder": ("", "", N("We reminded whoever hasn’t reviewed yet")),
    "review.revealed": ("", "", N("The reviews are out")),
    "review.expired": ("", "", N("The time for reviews ended without any")),
    "review.replied": (N("You replied to a review"), N("{who} replied to a review"), ""),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the ledger. `moved` and `held` are minor units seen from escrow, None where nothing moved."""

    id: str
    at: datetime
    sentence: SafeString
    detail: str = ""
    moved: int | None = None
    held: int | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    earlier: list[Row]
    past: list[Row]
    future: list[Row]
    now: datetime
    currency: str

    @property
    def fold_held(self) -> int | None:
        """What was held after the last folded row that moved money."""
        return next((row.held for row in reversed(self.earlier) if row.held is not None), None)


def build(
    contract: Contract, viewer: Any, *, now: datetime, steps: list[schedule.Step], whole: bool = False
) -> Timeline:
    """Past rows from activity, future rows from the schedule's steps, in the reader's words."""
    activity = Activity.objects.filter(subject_id=contract.pk).select_related("actor", "milestone").order_by("seq")
    past = [_past(row, contract, viewer) for row in activity]
    fold = 0 if whole or len(past) <= SHOWN else len(past) - SHOWN + 1
    return Timeline(past[:fold], past[fold:], _future(contract, viewer, steps, now), now, contract.currency)


def _facts(contract: Contract, viewer: Any) -> dict[str, Any]:
    return {
        "client": _("you") if contract.client_id == viewer.pk else contract.client.get_short_name(),
        "freelancer": _("you") if contract.freelancer_id == viewer.pk else contract.freelancer.get_short_name(),
        "other": contract.other(viewer).get_short_name(),
    }


def _past(row: Activity, contract: Contract, viewer: Any) -> Row:
    mine, theirs, clock = SENTENCES.get(row.event, ("", "", ""))
    template = clock if row.actor is None else mine if row.actor_id == viewer.pk else theirs
    facts = {
        **_facts(contract, viewer),
        "who": row.actor.get_short_name() if row.actor else "",
        "milestone": strong(row.milestone.title) if row.milestone else "",
        "figure": row.data.get("figure", ""),
    }
    sentence = format_html(_(template), **facts) if template else conditional_escape(row.event)
    return Row(
        id=f"event-{row.seq}",
        at=row.at,
        sentence=sentence,
        detail=_detail(row, contract, viewer),
        moved=row.amount if row.amount else None,
        held=row.held_after,
    )


def _detail(row: Activity, contract: Contract, viewer: Any) -> str:
    data, freelancer = row.data, contract.freelancer.get_short_name()
    if row.event in ("milestone.released", "milestone.part_released"):
        text = (
            _("You received {net} after the {fee} fee")
            if contract.freelancer_id == viewer.pk
            else _("{freelancer} received {net} after the {fee} fee")
        )
        return text.format(freelancer=freelancer, net=data.get("received", ""), fee=percent(contract.fee_bps))
    if row.event == "contract.bonus":
        text = _("{net} after the {fee} fee.").format(net=data.get("received", ""), fee=percent(contract.fee_bps))
        return f"{text} “{data['reason']}”" if data.get("reason") else text
    if row.event == "milestone.changes_requested":
        used = _("{used} of {of} revisions used").format(used=data.get("used"), of=data.get("of"))
        return f"“{data.get('reason', '')}” {used}"
    if row.event == "milestone.submitted":
        return _delivery(data, contract)
    if row.event == "dispute.opened":
        return _("{figure} is frozen. “{reason}”").format(figure=data.get("figure"), reason=data.get("reason"))
    if row.event in ("dispute.decided", "dispute.executed", "dispute.settled"):
        split = _("{out} to {freelancer}, {back} to {client}").format(
            out=data.get("to_freelancer"),
            back=data.get("to_client"),
            freelancer=freelancer,
            client=contract.client.get_short_name(),
        )
        return f"{split}. {data.get('reason', '')}".strip()
    return f"“{data['reason']}”" if data.get("reason") else ""


def _delivery(data: dict[str, Any], contract: Contract) -> str:
    count = data.get("files") or 0
    files = ngettext("{n} file.", "{n} files.", count).format(n=count) if count else ""
    began = _("{span} to review began").format(span=span(contract.review_window))
    return " ".join(part for part in (_("Delivery {number}.").format(number=data.get("number")), files, began) if part)


def net(milestone: Milestone, gross: int) -> int:
    """What the freelancer gets of `gross`, as the release itself will compute it."""
    return gross - escrows.fee_of(milestone.escrow, gross) if milestone.escrow else gross


def _future(contract: Contract, viewer: Any, steps: list[schedule.Step], now: datetime) -> list[Row]:
    rows: list[Row] = []
    facts = _facts(contract, viewer)
    reminders: dict[tuple[str, Any], list[schedule.Step]] = {}
    for step in steps:
        if step.act == "remind":
            subject = step.clock.subject_id if step.clock else None
            reminders.setdefault((step.kind, subject), []).append(step)
        else:
            rows.append(_announced(step, contract, facts))
            rows.extend(_clears(step, facts))
    rows.extend(_reminders(group, contract, viewer) for group in reminders.values())
    rows.extend(_due_dates(contract, now))
    rows.extend(_clearing(contract, facts, now))
    return _with_balance(sorted(rows, key=lambda row: row.at), contract)


def announced(step: schedule.Step, contract: Contract, viewer: Any) -> Row:
    """What one step will do, in the reader's words; other pages than the contract's say the same."""
    return _announced(step, contract, _facts(contract, viewer))


def _announced(step: schedule.Step, contract: Contract, facts: dict[str, Any]) -> Row:
    title = strong(step.milestone.title) if step.milestone else ""
    detail, moved = "", None
    if step.act == "release" and contract.is_pro_bono:
        text = _("{milestone} is accepted")
    elif step.act == "release":
        text = _("{milestone} is released to {freelancer}")
        if step.milestone is not None:
            mine = facts["freelancer"] == _("you")
            words = (
                _("You receive {net} after the {fee} fee")
                if mine
                else _("{freelancer} receives {net} after the {fee} fee")
            )
            detail = words.format(
                net=format_money(net(step.milestone, step.amount), contract.currency),
                fee=percent(contract.fee_bps),
                freelancer=facts["freelancer"],
            )
    elif step.act in ("begin", "close"):
        text, detail = _of_week(step)
    elif step.act in ("refund", "drop"):
        text = _("{milestone} is dropped") if step.act == "drop" else _("{milestone} returns to {client}")
        never_came = step.kind in ("milestone.stale_refund", "milestone.stale_drop")
        detail = _("If nothing is delivered") if never_came else _("If nobody does anything")
    elif step.act == "notice":
        text = (
            _("If {milestone} hasn’t arrived, we announce to both that it is dropped")
            if contract.is_pro_bono
            else _("If {milestone} hasn’t arrived, we announce its return to both")
        )
    elif step.act == "dispute":
        text = _("The refund request for {milestone} becomes a dispute")
    elif step.act == "default":
        text = _("Without an answer, the claim about {milestone} stands")
    elif step.act == "execute":
        text = (
            _("The disputed part of {milestone} goes to {client}")
            if step.to == "client"
            else _("The disputed part of {milestone} goes to {freelancer}")
        )
    elif step.act == "midpoint":
        text = _("The disputed part of {milestone} is split in half")
        detail = _("If no moderator has decided by then")
    else:
        text = _("The reviews come out, whoever has written")
    if step.moves_money and step.amount:
        moved = step.amount if step.act == "begin" else -step.amount
    return Row(
        id=f"step-{step.kind.replace('.', '-')}-{step.clock.subject_id if step.clock else ''}",
        at=step.at,
        sentence=format_html(text, milestone=title, **facts),
        detail=detail,
        moved=moved,
        default=step.moves_money or step.act == "drop",
    )


def _of_week(step: schedule.Step) -> tuple[str, str]:
    if step.act == "begin":
        return _("{milestone} begins and is held from the wallet"), _("Without enough there, it is skipped")
    return _("The hours of {milestone} are handed in"), _("What wasn’t worked returns to the client")


def _clears(step: schedule.Step, facts: dict[str, Any]) -> Iterable[Row]:
    if step.act != "release" or step.milestone is None or step.contract.is_pro_bono:
        return
    at = step.at + escrows.clearing_time(step.contract.freelancer)
    yield Row(f"clears-{step.milestone.pk}", at, format_html(_withdraw(facts), **facts))


def _withdraw(facts: dict[str, Any]) -> str:
    return _("You can withdraw it") if facts["freelancer"] == _("you") else _("{freelancer} can withdraw it")


def _reminders(group: list[schedule.Step], contract: Contract, viewer: Any) -> Row:
    first, *rest = group
    title = strong(first.milestone.title) if first.milestone else ""
    who = {
        "milestone.release.remind": contract.client,
        "milestone.refund_answer.remind": contract.freelancer,
        "dispute.answer.remind": contract.other(first.dispute.opened_by) if first.dispute else None,
    }.get(first.kind)
    if first.kind == "milestone.release.remind":
        text = _("We remind you to review") if who == viewer else _("We remind {who} to review")
    elif first.kind == "feedback.reveal.remind":
        text = _("We remind whoever hasn’t reviewed")
    elif who is None:
        text = _("We remind both of you of {milestone}")
    else:
        text = _("We remind you to answer") if who == viewer else _("We remind {who} to answer")
    subject = first.clock.subject_id if first.clock else ""
    return Row(
        id=f"remind-{first.kind.replace('.', '-')}-{subject}",
        at=first.at,
        sentence=format_html(text, who=who.get_short_name() if who else "", milestone=title),
        detail=_("Again on {days}").format(days=_(" and ").join(day(step.at) for step in rest)) if rest else "",
    )


def _due_dates(contract: Contract, now: datetime) -> Iterable[Row]:
    for milestone in contract.milestones.all():
        if milestone.status in ("funded", "changes_requested") and milestone.due_at and milestone.due_at > now:
            yield Row(
                f"due-{milestone.pk}",
                milestone.due_at,
                format_html(_("{milestone} is due"), milestone=strong(milestone.title)),
            )


def _clearing(contract: Contract, facts: dict[str, Any], now: datetime) -> Iterable[Row]:
    held = [row.escrow for row in contract.milestones.all() if row.released and row.escrow]
    for clearing in (part for escrow in held for part in escrows.still_clearing(escrow) if part.amount):
        yield Row(
            f"clearing-{clearing.pk}",
            max(clearing.due_at, now),
            format_html(_withdraw(facts), **facts),
            detail=format_money(clearing.amount, contract.currency),
        )


def _with_balance(rows: list[Row], contract: Contract) -> list[Row]:
    """Each future row that moves money says what is held afterwards if all before it happen too."""
    held = sum(row.rest for row in contract.milestones.all() if not row.is_terminal)
    result, spent = [], set()
    for row in rows:
        if row.moved is None or held + row.moved < 0 or row.id in spent:
            result.append(row)
            continue
        held += row.moved
        result.append(Row(row.id, row.at, row.sentence, row.detail, row.moved, held, row.default))
    return result


def calendar(contract: Contract, viewer: Any, *, now: datetime, host: str) -> str:
    """The future rows as an iCalendar text (RFC 5545)."""
    from django.utils.html import strip_tags

    rows = _future(contract, viewer, schedule.upcoming(contract, now=now), now)
    stamp = now.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//SkillLink//Contract//EN"]
    for row in rows:
        text = strip_tags(str(row.sentence)).replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
        lines += [
            "BEGIN:VEVENT",
            f"UID:{contract.pk}-{row.id}@{host}",
            f"DTSTAMP:{stamp}",
            f"DTSTART:{row.at.astimezone(dt.UTC).strftime('%Y%m%dT%H%M%SZ')}",
            *_folded(f"SUMMARY:{text} ({contract.title})"),
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _folded(line: str) -> list[str]:
    """Lines of at most 75 octets; a longer one goes on after a space."""
    pieces, piece = [], ""
    for sign in line:
        if len((piece + sign).encode()) > 73:
            pieces.append(piece)
            piece = " "
        piece += sign
    return [*pieces, piece]
