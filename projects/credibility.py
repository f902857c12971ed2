"""The credibility card: what a client did so far, each figure with its n, none when there is nothing to count."""

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.models import Message
from projects.models import Bid, Contract, Gig, Milestone
from skilllink.money import percent

RECENT = 200  # medians look at the newest so many


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    n: str


def card(client: Any) -> list[Fact]:
    """The facts there are about a client; empty for one without history. Seven queries."""
    facts = []
    ended = Gig.objects.filter(client=client, status__in=["filled", "closed", "expired"]).aggregate(
        n=Count("id"), hired=Count("id", filter=Q(hires__gt=0))
    )
    if ended["n"]:
        facts.append(Fact(_("Hires"), _share(ended["hired"], ended["n"]), _of(ended["n"])))
    bids = Bid.objects.filter(gig__client=client)
    opened = bids.aggregate(n=Count("id"), opened=Count("id", filter=Q(viewed_at__isnull=False)))
    if opened["n"]:
        facts.append(Fact(_("Opens bids"), _share(opened["opened"], opened["n"]), _of(opened["n"])))
    times = (
        bids.filter(viewed_at__isnull=False).order_by("-viewed_at").values_list("submitted_at", "viewed_at")[:RECENT]
    )
    if times:
        facts.append(Fact(_("Opens in"), _about(median(b - a for a, b in times)), _of(len(times))))
    replies = _first_replies(client)
    if replies:
        facts.append(Fact(_("First reply in"), _about(median(replies)), _of(len(replies))))
    released = Milestone.objects.filter(
        contract__client=client, status="released", released_by_clock=False, submitted_at__isnull=False
    )
    approvals = released.order_by("-ended_at").values_list("submitted_at", "ended_at")[:RECENT]
    if approvals:
        facts.append(Fact(_("Approves in"), _about(median(b - a for a, b in approvals)), _of(len(approvals))))
    contracts = Contract.objects.filter(client=client).aggregate(
        n=Count("id", distinct=True),
        disputed=Count("id", distinct=True, filter=Q(milestones__disputes__isnull=False)),
    )
    if contracts["n"]:
        facts.append(Fact(_("Disputes"), str(contracts["disputed"]), _of(contracts["n"])))
        edits = Gig.objects.filter(client=client, hires__gt=0).aggregate(n=Sum("hires"), edits=Sum("scope_edits"))
        if edits["n"]:
            facts.append(Fact(_("Edits scope"), f"{edits['edits'] / edits['n']:.1f}", _("per contract")))
    return facts


def _first_replies(client: Any) -> list[timedelta]:
    """From a bid to the client's first word about it: a message in its room, an offer, or a reason to decline."""
    rows = Bid.objects.filter(gig__client=client).annotate(
        offered=Min("offers__sent_at", filter=Q(offers__made_by=client))
    )
    bids = list(
        rows.order_by("-submitted_at").values("pk", "contract__pk", "submitted_at", "status", "ended_at", "offered")[
            :RECENT
        ]
    )
    subjects = [key for bid in bids for key in (bid["pk"], bid["contract__pk"]) if key]
    said = Message.objects.filter(author=client, room__subject_id__in=subjects).order_by()
    first = dict(said.values_list("room__subject_id").annotate(first=Min("at")))
    found = []
    for bid in bids:
        declined = bid["ended_at"] if bid["status"] == "declined" else None
        words = (first.get(bid["pk"]), first.get(bid["contract__pk"]), bid["offered"], declined)
        given = [moment for moment in words if moment is not None]
        if given:
            found.append(min(given) - bid["submitted_at"])
    return found


def _about(length: timedelta) -> str:
    """A measured duration in the largest unit that fits: 40 min, 5 h, 2 days."""
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes < 60:
        return _("{count} min").format(count=minutes)
    hours = round(minutes / 60)
    if hours < 48:
        return _("{count} h").format(count=hours)
    days = round(hours / 24)
    return ngettext("{count} day", "{count} days", days).format(count=days)


def _share(part: int, whole: int) -> str:
    return percent(100 * round(100 * part / whole))


def _of(n: int) -> str:
    return _("of {n}").format(n=n)
