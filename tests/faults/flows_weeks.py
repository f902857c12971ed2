"""The ways of money that is paid by the hour: a week is offered, held, handed in, paid, given back and disputed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from projects import disputes, milestones, offers, sweeps, weeks
from projects.models import Bid, Contract, Milestone, Offer
from projects.rules import rule
from skilllink import clocks
from tests.builders.payment import put_in_wallet
from tests.builders.projects_gigs import hourly_bid, hourly_gig
from tests.builders.projects_hours import WEDNESDAY, WEEK, hourly_contract, log, week
from tests.faults.flow import Flow, reread


def _bid(cast: Any) -> Bid:
    put_in_wallet(cast["client"], WEEK)
    return hourly_bid(hourly_gig(cast["client"]), cast["freelancer"])


def _offer(cast: Any) -> Offer:
    return offers.make(_bid(cast), by=cast["client"])


def _contract(cast: Any) -> Contract:
    with clocks.at(WEDNESDAY):  # for all: what one has rung is rung for the others
        return hourly_contract(cast["client"], cast["freelancer"], spare=WEEK)


def _worked(cast: Any) -> Milestone:
    contract = _contract(cast)
    log(contract, 185)
    return week(contract)


def _handed_in(cast: Any) -> Milestone:
    row = _worked(cast)
    with _over(row):
        _sweep()
    return reread(row)


@contextmanager
def _over(row: Milestone) -> Iterator[None]:
    """It is handed in, or just was."""
    with clocks.at(weeks.over_at(row) + rule("WEEK_EDIT")):
        yield


def _sweep() -> None:
    while sweeps.sweep():
        continue


def _begun(cast: Any, contract: Contract) -> None:
    with clocks.at(weeks.starts_at(week(contract, 2))):
        _sweep()


def _closed(cast: Any, row: Milestone) -> None:
    with _over(row):
        _sweep()


def _later(verb: Any, by: str, **given: Any) -> Any:
    """An act of a person on a week that was handed in."""

    def act(cast: Any, row: Milestone) -> Any:
        with clocks.at(weeks.over_at(row) + timedelta(days=1)):
            return verb.within(row, by=cast[by], **given)

    return act


def _silence(cast: Any, row: Milestone) -> None:
    for at in (row.review_due_at - rule("RELEASE_NOTICE"), row.review_due_at):
        with clocks.at(at):
            _sweep()


FLOWS = {
    "week offered": Flow(_bid, lambda cast, it: offers.make.within(it, by=cast["client"]), by="client"),
    "offer by the hour accepted": Flow(
        _offer, lambda cast, it: offers.accept.within(it, by=cast["freelancer"]), by="freelancer"
    ),
    "week begins": Flow(_contract, _begun),
    "week handed in": Flow(_worked, _closed),
    "week paid": Flow(_handed_in, _later(milestones.release, "client"), by="client"),
    "week paid in silence": Flow(_handed_in, _silence),
    "week given back": Flow(_handed_in, _later(milestones.refund, "freelancer"), by="freelancer"),
    "week disputed": Flow(_handed_in, _later(disputes.open, "client", amount=4_000, reason="x"), by="client"),
}
