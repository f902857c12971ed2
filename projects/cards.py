"""Gigs, contracts and milestones as cards under a message: what its reader may open, in a few facts."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from chat.cards import Card, register
from projects.models import Contract, Gig, Milestone
from skilllink.money import format_money

ID = r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"


def gigs(reader: Any, ids: Iterable[Any]) -> Iterator[Card]:
    """Nothing of its bids: what of them one may know is on the board."""
    for gig in Gig.objects.visible_to(reader).filter(pk__in=ids):
        is_hourly = gig.kind == Gig.Kind.HOURLY
        budget = _("{range} an hour").format(range=gig.budget_text) if is_hourly else gig.budget_text
        yield _card("gig", gig, _("Gig"), gig.get_status_display(), budget)


def contracts(reader: Any, ids: Iterable[Any]) -> Iterator[Card]:
    rows = Contract.objects.visible_to(reader).filter(pk__in=ids).select_related("client", "freelancer")
    for contract in rows:
        state = contract.get_result_display() if contract.status == "closed" else contract.get_status_display()
        yield _card("contract", contract, _("Contract"), state, f"{contract.client} · {contract.freelancer}")


def milestones(reader: Any, ids: Iterable[Any]) -> Iterator[Card]:
    for milestone in Milestone.objects.visible_to(reader).filter(pk__in=ids).select_related("contract"):
        price = format_money(milestone.amount, milestone.currency) if milestone.amount else _("Pro bono")
        limit = _("at most {amount}").format(amount=price) if milestone.rate else price
        yield _card("milestone", milestone, _("Milestone"), milestone.get_status_display(), limit)


def _card(kind: str, row: Any, what: str, *facts: Any) -> Card:
    return Card(kind, str(row.pk), what, str(row), row.get_absolute_url(), tuple(str(fact) for fact in facts if fact))


def register_kinds() -> None:
    register("gig", rf"/gigs/{ID}/(?:[-\w]+/)?", gigs)
    register("contract", rf"/contracts/{ID}/", contracts)
    register("milestone", rf"/contracts/[-0-9a-f]{{36}}/#milestone-{ID}", milestones)
