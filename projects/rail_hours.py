"""The rail's cards of weeks that are paid by the hour: what is held, what is logged, when it is handed in."""

from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from projects import schedule, weeks
from projects.models import Milestone
from projects.rail import Act, Card, _at, _money_step, _names
from projects.wording import amount, day, moment, until
from skilllink.money import format_money


def card(row: Milestone, viewer: Any, role: str, steps: list[schedule.Step]) -> Card:
    """One week as its reader sees it."""
    write = {"proposed": _proposed, "agreed": _agreed, "funded": _open, "submitted": _submitted}[row.status]
    return write(row, viewer, role, _money_step(steps))


def _facts(row: Milestone, viewer: Any, at: datetime | None) -> dict[str, Any]:
    minutes = weeks.logged(row) if row.status in ("funded", "submitted") else 0
    return {
        **_names(row, viewer),
        "rate": amount(row.rate or 0, row.currency),
        "most": weeks.written(row.minutes or 0),
        "logged": weeks.written(minutes),
        "worth": amount(weeks.figure(row.rate or 0, minutes), row.currency),
        "at": moment(at) if at else "",
        "until": until(at) if at else "",
    }


def _proposed(row: Milestone, viewer: Any, role: str, step: schedule.Step | None) -> Card:
    facts = _facts(row, viewer, None)
    terms = _("By the hour: {rate} an hour, {most} hours a week at most, so {amount} is held when a week begins.")
    quiet = _("If nobody does anything, it stays a proposal and nothing is held.")
    if row.proposed_by_id == viewer.pk:
        acts = [Act(_("Take it back"), _at(row, "cancel"))]
        return Card(row, "later", _("You proposed it"), format_html(terms, **facts), quiet, acts=acts)
    return Card(
        row, "move", _("Your move: agree or drop it"), format_html(terms, **facts), quiet,
        acts=[Act(_("Agree"), _at(row, "agree"), "sign"), Act(_("Drop it"), _at(row, "cancel"), "second")],
    )  # fmt: skip


def _agreed(row: Milestone, viewer: Any, role: str, step: schedule.Step | None) -> Card:
    facts = _facts(row, viewer, step.at if step else None)
    text = _("{amount} is held on {at}, {until}: up to {most} hours at {rate}.")
    quiet = _("With less in {client}’s wallet then, this week is skipped and nothing is owed.")
    asked = row.drop_asked_by_id
    drop = (
        Act(_("Keep it after all"), _at(row, "keep")) if asked == viewer.pk else Act(_("Drop it"), _at(row, "cancel"))
    )
    acts = [drop] if role else []
    if asked and asked != viewer.pk and role:
        acts.append(Act(_("Keep it"), _at(row, "keep")))
    if role == "client":
        acts.insert(0, Act(_("Fund it now"), _at(row, "fund")))
    return Card(row, "later", _("Begins by itself"), format_html(text, **facts), format_html(quiet, **facts), acts=acts)


def _open(row: Milestone, viewer: Any, role: str, step: schedule.Step | None) -> Card:
    facts = _facts(row, viewer, step.at if step else None)
    text = format_html(_("{logged} of {most} hours are logged, {worth}. They are handed in on {at}, {until}."), **facts)
    dispute = Act(_("Open a dispute"), _at(row, "dispute"))
    if role == "freelancer":
        quiet = _("If you do nothing, what is logged by then is handed in, and the rest returns to {client}.")
        acts = [Act(_("Log hours"), _at(row, "log"), "sign")]
        if row.entries.all():
            acts.append(Act(_("Take an entry back"), _at(row, "unlog")))
        acts += [Act(_("Give the money back"), _at(row, "refund")), dispute]
        return Card(row, "move", _("Your move: log your hours"), text, format_html(quiet, **facts), acts=acts)
    quiet = _("You have time to review them then; what wasn’t worked of {amount} returns to you by itself.")
    acts = [Act(_("Ask for a refund"), _at(row, "refund-request")), dispute]
    state = _("Held, {freelancer} is working").format(freelancer=facts["freelancer"])
    return Card(row, "held", state, text, format_html(quiet, **facts), acts=acts)


def _submitted(row: Milestone, viewer: Any, role: str, step: schedule.Step | None) -> Card:
    at = step.at if step else row.review_due_at
    facts = _facts(row, viewer, at)
    dispute = Act(_("Open a dispute"), _at(row, "dispute"))
    if role == "client":
        text = _("{freelancer} logged {logged} hours. Pay them, or say what is wrong, by {at}, {until}.")
        quiet = _("If you do nothing, {amount} goes to {freelancer} then. We remind you first.")
        rest = format_money(row.rest, row.currency)
        acts = [Act(_("Release {amount}").format(amount=rest), _at(row, "release"), "sign")]
        if not row.review_extended:
            acts.append(Act(_("Take more time"), _at(row, "extend")))
        acts += [Act(_("Ask for a refund"), _at(row, "refund-request")), dispute]
        short = _("Review by {day}, then it is released for you").format(day=day(at)) if at else ""
        return Card(
            row, "move", _("Your move: review {logged} hours").format(logged=facts["logged"]),
            format_html(text, **facts), format_html(quiet, **facts), short=short, acts=acts,
        )  # fmt: skip
    text = _("{logged} hours are handed in. {client} reviews them until {at}, {until}.")
    quiet = _("If {client} does nothing, {amount} goes to you then.")
    acts = [Act(_("Give the money back"), _at(row, "refund")), dispute]
    state = _("Held, {client} is reviewing").format(client=facts["client"])
    return Card(row, "held", state, format_html(text, **facts), format_html(quiet, **facts), acts=acts)
