"""A cause and work donated to it, for tests, through the verbs."""

from typing import Any

from payment import causes
from payment.models import Cause
from projects import bids, offers
from projects.models import Contract, Gig
from tests.builders.projects_gigs import LETTER, open_gig

WORDS = {"title": "Seeds for school gardens", "summary": "Seeds for forty schools.", "story": "We buy **seeds**."}
FREE = {"budget_min": None, "budget_max": None}


def cause_of(keeper: Any, moderator: Any | None = None) -> Cause:
    """A cause, verified by the `moderator` if there is one."""
    row = causes.propose(keeper, goal=100_000, currency="USD", **WORDS)
    return causes.verify(row, by=moderator, reason="Its register and its last report.") if moderator else row


def donated_gig(cause: Cause, **changes: Any) -> Gig:
    return open_gig(cause.keeper, **{"cause": cause, **FREE, "title": "Map of forty school gardens"} | changes)


def donated_contract(cause: Cause, freelancer: Any, *titles: str) -> Contract:
    """A running pro-bono contract with a milestone of 14 days per title."""
    steps = [{"title": title, "days": 14} for title in titles or ("The map",)]
    bid = bids.submit(donated_gig(cause), freelancer, amount=0, days=14 * len(steps), letter=LETTER, milestones=steps)
    contract: Contract = offers.accept(offers.make(bid, by=cause.keeper), by=freelancer)
    return contract
