"""The milestone rail: each milestone's state in a word, what is next, what silence does, what may be done."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from projects import disputes, schedule, tips
from projects.models import Clock, Contract, Dispute, Milestone
from projects.rules import rule
from projects.wording import amount, day, moment, until, worked
from skilllink.clocks import now as clock_now
from skilllink.money import format_money


@dataclass(frozen=True, slots=True)
class Act:
    """A link to the page that explains and does one act. `style` is sign, second or plain.

    `step` is a confirm step and opens over the page; a place of its own, such as a dispute, doesn't.
    """

    label: str
    url: str
    style: str = "plain"
    step: bool = True


@dataclass(slots=True)
class Card:
    """One milestone as its reader sees it. `shape` is done, move, held, later or stop."""

    milestone: Milestone
    shape: str
    state: str
    next: SafeString | str = ""
    silence: SafeString | str = ""
    short: str = ""
    line: dict[str, Any] | None = None
    acts: list[Act] = field(default_factory=list)
    dispute: Dispute | None = None
    version: int = 0
    figure: int = 0

    @property
    def beside(self) -> int:
        """Minor units of a disputed milestone that are held and not frozen."""
        return self.milestone.rest - self.dispute.amount if self.dispute else 0

    @property
    def hours(self) -> list[str]:
        """What was logged in a week that is paid by the hour."""
        return [worked(entry) for entry in self.milestone.entries.all()] if self.milestone.rate else []

    @property
    def primary(self) -> Act | None:
        return next((act for act in self.acts if act.style == "sign"), None)

    @property
    def buttons(self) -> list[Act]:
        return [act for act in self.acts if act.style != "plain"]

    @property
    def links(self) -> list[Act]:
        return [act for act in self.acts if act.style == "plain"]


def build(
    contract: Contract, viewer: Any, *, steps: list[schedule.Step], clocks: Iterable[Clock], now: datetime
) -> list[Card]:
    """The contract's milestones in order. At most one card carries the blue act: the first that waits for the reader."""
    rows = [row for row in contract.milestones.all() if row.status != "cancelled"]
    clocks = list(clocks)
    live = {row.milestone_id: row for row in _live_disputes(rows)}
    nothing_runs = not any(row.status in ("funded", "submitted", "changes_requested") for row in rows)
    cards = []
    for row in rows:
        row.contract = contract
        if row.pk in live:
            live[row.pk].milestone = row
        mine = [step for step in steps if step.milestone is not None and step.milestone.pk == row.pk]
        card = _card(row, viewer, mine, live.get(row.pk), clocks, nothing_runs)
        card.version, card.dispute, card.figure = row.version, live.get(row.pk), row.amount
        if row.status == "agreed":
            nothing_runs = False
        card.line = _line(card, mine, clocks, now)
        cards.append(card)
    signed = False
    for card in cards:
        if signed:
            card.acts = [replace(a, style="second" if a.style == "sign" else a.style) for a in card.acts]
        signed = signed or card.primary is not None
    return cards


def _live_disputes(rows: list[Milestone]) -> Iterable[Dispute]:
    if not any(row.status == "disputed" for row in rows):
        return ()
    return Dispute.objects.live().filter(milestone__in=rows).select_related("opened_by")


def _at(row: Milestone, name: str) -> str:
    return reverse("projects:milestone_act", args=[row.pk, name])


def _card(
    row: Milestone, viewer: Any, steps: list[schedule.Step], dispute: Dispute | None, clocks: list[Clock], first: bool
) -> Card:
    role = row.contract.party(viewer)
    writer = {
        "proposed": _proposed,
        "agreed": _agreed,
        "funded": _working,
        "changes_requested": _working,
        "submitted": _submitted,
        "refund_requested": _refund_requested,
    }.get(row.status)
    if row.status == "disputed":
        return _disputed(row, viewer, dispute, clocks)
    if row.contract.is_pro_bono:
        from projects import rail_donated  # it needs this module

        card = rail_donated.card(row, viewer, role, steps)
    elif row.rate and row.status in ("proposed", "agreed", "funded", "submitted"):
        from projects import rail_hours  # it needs this module

        card = rail_hours.card(row, viewer, role, steps)
    elif writer is None:
        return _ended(row, viewer, role)
    else:
        card = writer(row, viewer, role, steps, first)
    if not role:
        card.acts = []
        card.shape = "held" if card.shape == "move" else card.shape
    return card


def _names(row: Milestone, viewer: Any) -> dict[str, Any]:
    contract = row.contract
    return {
        "amount": amount(row.rest or row.amount, contract.currency),
        "client": contract.client.get_short_name(),
        "freelancer": contract.freelancer.get_short_name(),
        "other": contract.other(viewer).get_short_name(),
    }


def _money_step(steps: list[schedule.Step]) -> schedule.Step | None:
    return next((step for step in steps if step.act not in ("remind", "skip")), None)


def _proposed(row: Milestone, viewer: Any, role: str, steps: list[schedule.Step], first: bool) -> Card:
    names = _names(row, viewer)
    if row.proposed_by_id == viewer.pk:
        return Card(
            row,
            "later",
            _("You proposed it"),
            format_html(_("{other} can agree to it or drop it."), **names),
            format_html(_("If {other} does nothing, it stays a proposal and nothing is held."), **names),
            acts=[Act(_("Take it back"), _at(row, "cancel"))],
        )
    return Card(
        row,
        "move",
        _("Your move: agree or drop it"),
        format_html(_("{other} proposes this milestone for {amount}, {days} days."), **names, days=row.days),
        _("If you do nothing, it stays a proposal and nothing is held."),
        acts=[Act(_("Agree"), _at(row, "agree"), "sign"), Act(_("Drop it"), _at(row, "cancel"), "second")],
    )


def _agreed(row: Milestone, viewer: Any, role: str, steps: list[schedule.Step], first: bool) -> Card:
    names = _names(row, viewer)
    if row.drop_asked_by_id is not None and role:
        return _drop_asked(row, viewer, names)
    drop = Act(_("Ask to drop it"), _at(row, "cancel"))
    if role != "client":
        text = _("You can’t start yet: this milestone isn’t funded. Nothing is paid for work before {client} funds it.")
        quiet = _("If {client} does nothing, nothing starts and nothing is owed.")
        acts = [drop] if role else []
        return Card(row, "later", _("Not funded"), format_html(text, **names), format_html(quiet, **names), acts=acts)
    fund = _fund(row)
    if first:
        return Card(
            row,
            "move",
            _("Your move: fund it"),
            format_html(_("{freelancer} starts when {amount} is in escrow."), **names),
            _("If you do nothing, nothing starts and nothing is charged."),
            short=_("Nothing starts before it is funded"),
            acts=[Act(fund, _at(row, "fund"), "sign"), drop],
        )
    return Card(
        row,
        "later",
        _("Not funded"),
        format_html(_("{freelancer} cannot start before it is. If you do nothing, nothing is charged."), **names),
        acts=[Act(fund, _at(row, "fund")), drop],
    )


def _fund(row: Milestone) -> str:
    return _("Fund {amount}").format(amount=format_money(row.amount, row.currency))


def _drop_asked(row: Milestone, viewer: Any, names: dict[str, Any]) -> Card:
    """Dropping what both signed needs both."""
    if row.drop_asked_by_id == viewer.pk:
        return Card(
            row,
            "later",
            _("You asked to drop it"),
            format_html(_("{other} can agree or keep it."), **names),
            format_html(_("If {other} does nothing, it stays and nothing is held."), **names),
            acts=[Act(_("Keep it after all"), _at(row, "keep"))],
        )
    return Card(
        row,
        "move",
        _("Your move: {other} wants to drop it").format(other=names["other"]),
        format_html(_("Agree that {amount} leaves the contract, or keep it."), **names),
        _("If you do nothing, it stays and nothing is held."),
        acts=[Act(_("Agree to drop it"), _at(row, "cancel"), "sign"), Act(_("Keep it"), _at(row, "keep"), "second")],
    )


def _working(row: Milestone, viewer: Any, role: str, steps: list[schedule.Step], first: bool) -> Card:
    names = _names(row, viewer)
    step = _money_step(steps)
    again = row.status == "changes_requested"
    refunds = next((s for s in steps if s.act == "refund"), None)
    facts = {**names, "due": moment(row.due_at) if row.due_at else "", "until": until(row.due_at) if row.due_at else ""}
    if refunds is not None:
        facts |= {"refund": moment(refunds.at), "notice": moment(step.at) if step else ""}
    dispute = Act(_("Open a dispute"), _at(row, "dispute"))
    if role == "freelancer":
        head = _("Your move: change and deliver again") if again else _("Your move: deliver")
        text = _("Deliver the changes. The agreed date is {due}.") if again else _("Deliver by {due}, {until}.")
        if refunds is None:
            quiet = ""
        elif refunds.kind == "milestone.idle":
            quiet = _(
                "If nobody does anything here, {amount} returns to {client} on {refund}. We remind you both first."
            )
        elif refunds.clock is not None and refunds.clock.pk and step is refunds:
            quiet = _("It is overdue. If nothing arrives, {amount} returns to {client} on {refund}.")
        else:
            quiet = _("If nothing arrives, we announce it on {notice}, and {amount} returns to {client} on {refund}.")
        return Card(
            row,
            "move",
            head,
            format_html(text, **facts),
            format_html(quiet, **facts),
            short=_("Deliver by {day}").format(day=day(row.due_at)) if row.due_at else "",
            acts=[
                Act(_("Deliver"), _at(row, "deliver"), "sign"),
                Act(_("Give the money back"), _at(row, "refund")),
                dispute,
            ],
        )
    state = _("Held, {freelancer} is changing it") if again else _("Held, {freelancer} is working")
    text = _("Agreed for {due}.") if again else _("Due {due}.")
    if refunds is None:
        quiet = ""
    elif refunds.kind == "milestone.idle":
        quiet = _("If nobody does anything here, it returns to you on {refund}.")
    elif step is refunds:
        quiet = _("It is overdue: without a delivery, it returns to you on {refund}.")
    else:
        quiet = _("If nothing arrives by {notice}, it returns to you on {refund}.")
    return Card(
        row,
        "held",
        state.format(freelancer=names["freelancer"]),
        format_html(text, **facts),
        format_html(quiet, **facts),
        acts=[
            Act(_("Release early"), _at(row, "release")),
            Act(_("Ask for a refund"), _at(row, "refund-request")),
            dispute,
        ],
    )


def _submitted(row: Milestone, viewer: Any, role: str, steps: list[schedule.Step], first: bool) -> Card:
    names = _names(row, viewer)
    step = _money_step(steps)
    at = step.at if step else row.review_due_at
    facts = {**names, "due": moment(at) if at else "", "until": until(at) if at else ""}
    reminders = sum(1 for s in steps if s.act == "remind")
    if role == "client":
        quiet = _("If you do nothing, {amount} goes to {freelancer} then.")
        remind = {0: "", 1: _("We remind you once first."), 2: _("We remind you twice first.")}.get(
            reminders, _("We remind you three times first.")
        )
        rest = format_money(row.rest, row.currency)
        acts = [Act(_("Release {amount}").format(amount=rest), _at(row, "release"), "sign")]
        if row.revisions_used < row.contract.revisions:
            acts.append(Act(_("Ask for changes"), _at(row, "changes"), "second"))
        if not row.review_extended:
            acts.append(Act(_("Take more time"), _at(row, "extend")))
        acts += [
            Act(_("Ask for a refund"), _at(row, "refund-request")),
            Act(_("Open a dispute"), _at(row, "dispute")),
        ]
        return Card(
            row,
            "move",
            _("Your move: review delivery {number}").format(number=_number(row)),
            format_html(_("Release it or ask for changes by {due}, {until}."), **facts),
            format_html("{} {}", format_html(quiet, **facts), remind),
            short=_("Review by {day}, then it is released for you").format(day=day(at)) if at else "",
            acts=acts,
        )
    return Card(
        row,
        "held",
        _("Held, {client} is reviewing").format(**{"client": names["client"]}),
        format_html(_("Waiting for {client} until {due}, {until}."), **facts),
        format_html(_("If {client} does nothing, {amount} goes to you then."), **facts),
        acts=[
            Act(_("Give the money back"), _at(row, "refund")),
            Act(_("Open a dispute"), _at(row, "dispute")),
        ]
        if role
        else [],
    )


def _number(row: Milestone) -> int:
    return len(row.deliveries.all())


def _refund_requested(row: Milestone, viewer: Any, role: str, steps: list[schedule.Step], first: bool) -> Card:
    names = _names(row, viewer)
    step = _money_step(steps)
    facts = {**names, "due": moment(step.at) if step else "", "until": until(step.at) if step else ""}
    becomes_dispute = step is not None and step.act == "dispute"
    if role == "freelancer":
        quiet = (
            _("If you do nothing, it becomes a dispute then and {amount} stays frozen.")
            if becomes_dispute
            else _("If you do nothing, {amount} returns to {client} then.")
        )
        return Card(
            row,
            "move",
            _("Your move: {client} wants it back").format(client=names["client"]),
            format_html(_("“{reason}” Agree or say no by {due}, {until}."), reason=row.refund_reason, **facts),
            format_html(quiet, **facts),
            acts=[
                Act(_("Say no"), _at(row, "object"), "sign"),
                Act(_("Give it back"), _at(row, "refund"), "second"),
                Act(_("Open a dispute"), _at(row, "dispute")),
            ],
        )
    quiet = (
        _("If {freelancer} does nothing, it becomes a dispute then.")
        if becomes_dispute
        else _("If {freelancer} does nothing, {amount} returns to you then.")
    )
    return Card(
        row,
        "held",
        _("Held, you asked for it back"),
        format_html(_("{freelancer} can agree or say no until {due}, {until}."), **facts),
        format_html(quiet, **facts),
        acts=[
            Act(_("Take the request back"), _at(row, "object")),
            Act(_("Open a dispute"), _at(row, "dispute")),
        ],
    )


def _disputed(row: Milestone, viewer: Any, dispute: Dispute | None, clocks: list[Clock]) -> Card:
    if dispute is None:
        return Card(row, "stop", _("In dispute"))
    sentences = dispute_sentences(dispute, viewer, [clock for clock in clocks if clock.dispute_id == dispute.pk])
    mine = dispute.status in ("open", "defaulted") and dispute.opened_by_id != viewer.pk and row.contract.party(viewer)
    label = _("Answer the dispute") if mine else _("Open the dispute")
    return Card(
        row,
        "move" if mine else "stop",
        _("Your move: answer the dispute") if mine else _("In dispute"),
        sentences[0],
        sentences[1],
        acts=[Act(label, dispute.get_absolute_url(), "sign" if mine else "plain", step=False)],
    )


def dispute_sentences(dispute: Dispute, viewer: Any, clocks: Iterable[Clock]) -> tuple[SafeString, SafeString]:
    """What is next in a dispute, and what happens if nobody acts, from its running clocks."""
    contract = dispute.milestone.contract
    rows = {row.kind: row for row in clocks if row.rung_at is None}
    opener, other = dispute.opened_by, contract.other(dispute.opened_by)
    facts: dict[str, Any] = {
        "amount": amount(dispute.amount, contract.currency),
        "opener": opener.get_short_name(),
        "other": other.get_short_name(),
        "to": (contract.client if contract.party(opener) == "client" else contract.freelancer).get_short_name(),
    }
    half = rows.get("dispute.midpoint")
    if dispute.status == "open" and (clock := rows.get("dispute.answer")):
        facts |= {"due": moment(clock.due_at), "until": until(clock.due_at)}
        who = _("Answer it by {due}, {until}.") if viewer == other else _("{other} can answer until {due}, {until}.")
        days = rule("DISPUTE_OBJECTION_WINDOW")
        facts["then"] = moment(clock.due_at + days)
        quiet = (
            _("If you do nothing, {amount} goes to {to} on {then}.")
            if viewer == other
            else _("If {other} does nothing, {amount} goes to you on {then}.")
        )
        return format_html(who, **facts), format_html(quiet, **facts)
    if dispute.status == "defaulted" and (clock := rows.get("dispute.objection")):
        facts |= {"due": moment(clock.due_at), "until": until(clock.due_at)}
        who = (
            _("You didn’t answer. You can still object until {due}, {until}.")
            if viewer == other
            else _("{other} didn’t answer and can object until {due}, {until}.")
        )
        quiet = (
            _("Without an objection, {amount} goes to {to} then.")
            if viewer == other
            else _("Without an objection, {amount} goes to you then.")
        )
        return format_html(who, **facts), format_html(quiet, **facts)
    if dispute.is_live and half is not None:
        facts["due"] = moment(half.due_at)
        return (
            format_html(_("A moderator decides how {amount} is split. Until then it stays frozen."), **facts),
            format_html(_("If nobody decides by {due}, it is split in half."), **facts),
        )
    return SafeString(""), SafeString("")


def _ended(row: Milestone, viewer: Any, role: str) -> Card:
    names = _names(row, viewer)
    at = day(row.ended_at) if row.ended_at else ""
    if row.status == "refunded":
        who = _("Returned to you {day}") if role == "client" else _("Returned to {client} {day}")
        return Card(row, "done", who.format(day=at, client=names["client"]))
    split = format_html(
        _("{out} went to {freelancer}, {back} to {client}."), out=amount(row.released, row.currency),
        back=amount(row.refunded, row.currency), **names | ({role: _("you")} if role else {}),
    )  # fmt: skip
    if row.status != "released":
        return Card(row, "done", _("Settled {day}").format(day=at), split)
    acts = [Act(_("Give a tip"), _at(row, "tip"))] if role == "client" and tips.open_for(row, clock_now()) else []
    if role and disputes.disputable(row, viewer):
        acts.append(Act(_("Open a dispute"), _at(row, "dispute")))
    by = _("Released {day}, by the clock") if row.released_by_clock else _("Released {day}")
    return Card(row, "done", by.format(day=at), split if row.refunded else "", acts=acts)


def _line(card: Card, steps: list[schedule.Step], clocks: Iterable[Clock], now: datetime) -> dict[str, Any] | None:
    """Where the clock's line starts and ends and where its reminders lie, for `{% clock %}`."""
    if card.shape != "move":
        return None
    step = _money_step(steps)
    if step is None or step.clock is None:
        return None
    if card.milestone.status == "funded" and card.milestone.due_at and card.milestone.due_at > now:
        return {"start": card.milestone.funded_at, "due": card.milestone.due_at, "reminders": []}
    kind, subject = step.kind + schedule.REMIND, step.clock.subject_id
    period = f"{step.clock.period}:"
    reminders = [
        row.due_at
        for row in clocks
        if row.kind == kind and row.subject_id == subject and row.period.startswith(period)
        and row.outcome != "stood_down"
    ]  # fmt: skip
    return {"start": step.clock.started_at, "due": step.at, "reminders": sorted(reminders)}
