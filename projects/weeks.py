"""The figures of a week that is paid by the hour: when it is, what was logged in it, what of it is owed."""

from datetime import UTC, date, datetime, time, timedelta

from projects.models import Milestone
from projects.rules import rule

WEEK = timedelta(days=7)


def starts_at(row: Milestone) -> datetime:
    """Monday 00:00 UTC. Raises ValueError for a milestone that isn't a week."""
    if not isinstance(row.week, date):
        raise ValueError("Only an agreed week has a Monday.")
    return datetime.combine(row.week, time(), UTC)


def over_at(row: Milestone) -> datetime:
    """When the week has passed; hours can be logged for WEEK_EDIT longer."""
    return starts_at(row) + WEEK


def review_due(row: Milestone, handed_in: datetime) -> datetime:
    """When a week that is handed in at that moment is released by silence: never without its last notice."""
    return max(over_at(row) + rule("WEEK_REVIEW"), handed_in + 2 * rule("RELEASE_NOTICE"))


def figure(rate: int, minutes: int) -> int:
    """Minor units for these minutes, half a unit up."""
    return (rate * minutes + 30) // 60


def logged(row: Milestone) -> int:
    """Minutes."""
    return sum(entry.minutes for entry in row.entries.all())


def owed(row: Milestone) -> int:
    """Minor units that go to review when the week is handed in as it is; what a dispute has paid of it isn't paid again."""
    return min(row.rest, max(0, figure(row.rate or 0, logged(row)) - row.released))


def written(minutes: int) -> str:
    """`7:30`, hours and minutes."""
    return f"{minutes // 60}:{minutes % 60:02}"
