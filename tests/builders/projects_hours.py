"""Contracts by the hour, made through the verbs: posted, bid for, offered with a week held, accepted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payment import audit
from projects import hours, offers, weeks
from projects.models import Contract, Milestone
from skilllink import clocks
from tests.builders.payment import put_in_wallet
from tests.builders.projects_gigs import hourly_bid, hourly_gig

RATE, MOST = 5_000, 10
WEEK = RATE * MOST
WEDNESDAY = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)  # of the first week that is agreed on that day


@pytest.fixture
def on_a_wednesday(database: None) -> Iterator[None]:
    """The clock stands still in the week before the first that is paid by the hour; at the end the books are right."""
    with clocks.at(WEDNESDAY):
        yield
        assert audit.run() == []


def hourly_contract(client: Any, freelancer: Any, *, spare: int = 0) -> Contract:
    """Its first week is held, the next Monday's; `spare` minor units stay in the client's wallet."""
    bid = hourly_bid(hourly_gig(client), freelancer, amount=RATE, hours=MOST)
    put_in_wallet(client, WEEK + spare)
    contract: Contract = offers.accept(offers.make(bid, by=client), by=freelancer)
    return contract


def week(contract: Contract, number: int = 1) -> Milestone:
    return contract.milestones.filter(week__isnull=False).order_by("position")[number - 1]


def log(contract: Contract, minutes: int, number: int = 1) -> None:
    """From 9 o'clock of the week's Monday on, logged when it is done."""
    row = week(contract, number)
    begins = weeks.starts_at(row) + timedelta(hours=9)
    ends = begins + timedelta(minutes=minutes)
    with clocks.at(ends):
        hours.log(row, by=contract.freelancer, begins_at=begins, ends_at=ends, memo="Drew the second sheet.")
