"""Weeks by the hour under many hands at once, on PostgreSQL: held once, logged once, never above the limit."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

from payment import accounts
from payment.models import Transfer
from projects import hours, milestones, sweeps, weeks
from projects.models import Milestone, TimeEntry
from skilllink import clocks
from tests.builders.projects_contracts import signed_contract
from tests.races.test_money import books  # noqa: F401  it audits each test's end
from tests.races.together import MANY, race
from users.models import User

RATE, MOST = 5_000, 10
MEMO = "Drew the second sheet."


def agreed(client: User, freelancer: User) -> tuple[Milestone, datetime]:
    """The first week of hours that were just agreed, and when it begins; the client has the money of two weeks."""
    contract = signed_contract(client, freelancer, amounts=(9_000,), spare=2 * RATE * MOST)
    row = milestones.agree(hours.propose(contract, by=client, rate=RATE, hours=MOST), by=freelancer)
    return row, datetime.combine(row.week, time(), UTC)


def test_a_week_is_held_once_whoever_is_first_the_client_or_the_clock(client_person: User, freelancer: User) -> None:
    row, monday = agreed(client_person, freelancer)

    def by_clock() -> Any:
        with clocks.at(monday):
            return sweeps.sweep()

    race([by_clock, lambda: milestones.fund(row, by=client_person)] * 4)
    row.refresh_from_db()
    assert (row.status, row.escrow.held) == ("funded", RATE * MOST)
    assert Transfer.objects.filter(kind="hold", escrow=row.escrow).count() == 1
    weeks = row.contract.milestones.filter(week__isnull=False).order_by("position")
    assert [week.status for week in weeks] == ["funded", "agreed"]
    assert accounts.balances(client_person)["USD"]["wallet"] == RATE * MOST


def test_an_hour_is_logged_once_and_no_more_than_the_limit(client_person: User, freelancer: User) -> None:
    row, monday = agreed(client_person, freelancer)
    milestones.fund(row, by=client_person)

    def log(begins: int, ends: int) -> Any:
        with clocks.at(monday + timedelta(days=2)):
            at = (monday + timedelta(hours=begins), monday + timedelta(hours=ends))
            return hours.log(row, by=freelancer, begins_at=at[0], ends_at=at[1], memo=MEMO)

    same = race([lambda: log(8, 10)] * MANY)
    assert Counter(type(answer) for answer in same) == {TimeEntry: 1, hours.Overlaps: MANY - 1}
    further = race([lambda n=n: log(10 + 3 * n, 13 + 3 * n) for n in range(MANY)])
    assert Counter(type(answer) for answer in further) == {TimeEntry: 2, hours.OverLimit: MANY - 2}
    assert weeks.logged(row) == 8 * 60
