"""The rail's cards of pro-bono work: the same states and clocks, without a figure."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from projects import schedule
from projects.models import Milestone
from projects.rail import Act, Card
from projects.wording import day, moment, until


def card(row: Milestone, viewer: Any, role: str, steps: list[schedule.Step]) -> Card:
    """One milestone as its reader sees it."""
    write = {"proposed": _proposed, "submitted": _submitted, "funded": _working, "changes_requested": _working}
    return write[row.status](row, viewer, role, steps) if row.status in write else _accepted(row)


def _at(row: Milestone, name: str) -> str:
    return reverse("projects:milestone_act", args=[row.pk, name])


def _names(row: Milestone, viewer: Any) -> dict[str, Any]:
    contract = row.contract
    return {
        "client": contract.client.get_short_name(),
        "freelancer": contract.freelancer.get_short_name(),
        "other": contract.other(viewer).get_short_name(),
    }


def _when(at: datetime | None) -> dict[str, Any]:
    return {"due": moment(at), "until": until(at), "day": day(at)} if at else dict.fromkeys(("due", "until", "day"), "")


def _proposed(row: Milestone, viewer: Any, role: str, steps: list[schedule.Step]) -> Card:
    facts = _names(row, viewer)
    if row.proposed_by_id == viewer.pk:
        return Card(
            row, "later", _("You proposed it"), format_html(_("{other} can agree to it or drop it."), **facts),
            format_html(_("If {other} does nothing, it stays a proposal."), **facts),
            acts=[Act(_("Take it back"), _at(row, "cancel"))],
        )  # fmt: skip
    return Card(
        row, "move", _("Your move: agree or drop it"),
        format_html(_("{other} proposes this milestone, {days} days."), **facts, days=row.days),
        _("If you do nothing, it stays a proposal."),
        acts=[Act(_("Agree"), _at(row, "agree"), "sign"), Act(_("Drop it"), _at(row, "cancel"), "second")],
    )  # fmt: skip


def _working(row: Milestone, viewer: Any, role: str, steps: list[schedule.Step]) -> Card:
    again = row.status == "changes_requested"
    facts = _names(row, viewer) | _when(row.due_at)
    quiet = _undelivered(steps)
    if role == "freelancer":
        text = _("Deliver the changes. The agreed date is {due}.") if again else _("Deliver by {due}, {until}.")
        return Card(
            row, "move", _("Your move: change and deliver again") if again else _("Your move: deliver"),
            format_html(text, **facts), quiet, short=_("Deliver by {day}").format(**facts),
            acts=[Act(_("Deliver"), _at(row, "deliver"), "sign")],
        )  # fmt: skip
    state = _("{freelancer} is changing it") if again else _("{freelancer} is working")
    text = _("Agreed for {due}.") if again else _("Due {due}.")
    return Card(
        row, "later", state.format(freelancer=facts["freelancer"]), format_html(text, **facts), quiet,
        acts=[Act(_("Accept early"), _at(row, "release"))],
    )  # fmt: skip


def _undelivered(steps: list[schedule.Step]) -> SafeString | str:
    """What becomes of it if nothing arrives. Work that began before this clock existed has none."""
    drop = next((step for step in steps if step.act == "drop"), None)
    if drop is None:
        return _("If nothing arrives, nothing happens by itself; either of you can end the contract.")
    notice = next((step for step in steps if step.act == "notice"), None)
    if drop.kind == "milestone.idle":
        text = _("If nobody does anything here, it is dropped on {drop}. We remind you both first.")
    elif notice is None:
        text = _("It is overdue. If nothing arrives, it is dropped on {drop}.")
    else:
        text = _("If nothing arrives, we announce it on {notice}, and it is dropped on {drop}.")
    return format_html(text, drop=moment(drop.at), notice=moment(notice.at) if notice else "")


def _submitted(row: Milestone, viewer: Any, role: str, steps: list[schedule.Step]) -> Card:
    due = next((step.at for step in steps if step.act == "release"), row.review_due_at)
    facts = _names(row, viewer) | _when(due) | {"number": len(row.deliveries.all())}
    if role != "client":
        return Card(
            row, "later", _("{client} is reviewing").format(client=facts["client"]),
            format_html(_("Waiting for {client} until {due}, {until}."), **facts),
            format_html(_("If {client} does nothing, it is accepted then."), **facts),
        )  # fmt: skip
    acts = [Act(_("Accept"), _at(row, "release"), "sign")]
    if row.revisions_used < row.contract.revisions and row.contract.status == "active":
        acts.append(Act(_("Ask for changes"), _at(row, "changes"), "second"))
    if not row.review_extended:
        acts.append(Act(_("Take more time"), _at(row, "extend")))
    return Card(
        row, "move", _("Your move: review delivery {number}").format(number=facts["number"]),
        format_html(_("Accept it or ask for changes by {due}, {until}."), **facts),
        _("If you do nothing, it is accepted then. We remind you first."),
        short=_("Review by {day}, then it is accepted for you").format(**facts), acts=acts,
    )  # fmt: skip


def _accepted(row: Milestone) -> Card:
    by = _("Accepted {day}, by the clock") if row.released_by_clock else _("Accepted {day}")
    return Card(row, "done", by.format(**_when(row.ended_at)))
