"""A freelancer's open score: how contracts ended, weighed by size and age, the same formula for all.

    100 × (Σ w·o + 5 × 0.8) / (Σ w + 5)

`o` is 1 for a completed contract, 0.5 for a cancelled one, 0 for one that somebody ended. `w` is the band of what was
released (1 to 5, `BANDS`) × 0.5^(age in days / 365); only the bands show, so that no contract's value can be read back.
Pro-bono work pays nothing and so weighs nothing. Outcomes count for 24 months; the score shows from 3 outcomes by 2 clients on. What it is made of sums to it, always.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import Coalesce

from projects.models import Contract
from projects.rules import rule
from skilllink.clocks import now
from skilllink.money import EXPONENTS

# the upper ends of bands 1 to 4 in whole units of each currency; what is above is band 5
BANDS = {
    "USD": (100, 500, 2_000, 10_000),
    "EUR": (100, 500, 2_000, 10_000),
    "GBP": (80, 400, 1_600, 8_000),
    "JPY": (15_000, 75_000, 300_000, 1_500_000),
    "KWD": (30, 150, 600, 3_000),
}
OUTCOMES = {"completed": 1.0, "cancelled": 0.5, "terminated": 0.0}
NEUTRAL, NEUTRAL_SHARE = 5, 0.8
NEXT_BAND = 3  # what "your next good contract" is taken to be: a middle one


@dataclass(frozen=True, slots=True)
class Outcome:
    """One contract that ended: how, when, in which band, and its weight by now."""

    result: str
    at: datetime
    band: int
    weight: float
    client: Any

    @property
    def worth(self) -> float:
        return self.weight * OUTCOMES[self.result]


@dataclass(frozen=True, slots=True)
class Score:
    """What a person's outcomes come to. Points are tenths; `parts` are those of the outcomes, in their order."""

    outcomes: tuple[Outcome, ...]
    finished: int
    share: float
    tenths: int
    start: int
    parts: tuple[int, ...]
    after_next: int

    @property
    def is_shown(self) -> bool:
        clients = len({outcome.client for outcome in self.outcomes})
        return len(self.outcomes) >= rule("SCORE_LEAST_OUTCOMES") and clients >= rule("SCORE_LEAST_CLIENTS")

    @property
    def points(self) -> float:
        return self.tenths / 10

    @property
    def lines(self) -> list[tuple[Outcome, float]]:
        """Each outcome with the points it brings, the newest first."""
        return [(outcome, tenths / 10) for outcome, tenths in zip(self.outcomes, self.parts, strict=True)]

    @property
    def start_points(self) -> float:
        """What everybody begins with, by now."""
        return self.start / 10

    @property
    def points_after_next(self) -> float:
        return self.after_next / 10


def of(people: Iterable[Any]) -> dict[UUID, Score]:
    """The score of each person (ids), those without history too. One query."""
    found: dict[UUID, list[Any]] = {person: [] for person in people}
    rows = Contract.objects.filter(freelancer_id__in=found, cause=None, status="closed", closed_at__isnull=False)
    rows = rows.annotate(paid=Coalesce(Sum("milestones__released"), 0)).order_by("-closed_at", "id")
    for row in rows.values("freelancer_id", "client_id", "result", "closed_at", "currency", "paid"):
        found[row["freelancer_id"]].append(row)
    moment = now()
    return {person: _score(ended, moment) for person, ended in found.items()}


def band(paid: int, currency: str) -> int:
    """1 to 5 for what a contract paid, minor units."""
    unit = 10 ** EXPONENTS[currency]
    return 1 + sum(paid > end * unit for end in BANDS[currency])


def _score(rows: list[dict[str, Any]], moment: datetime) -> Score:
    outcomes = tuple(_outcome(row, moment) for row in rows if moment - row["closed_at"] <= rule("SCORE_WINDOW"))
    good, whole = sum(each.worth for each in outcomes), sum(each.weight for each in outcomes)
    bottom = whole + NEUTRAL
    share = (good + NEUTRAL * NEUTRAL_SHARE) / bottom
    start, *parts = _tenths([NEUTRAL * NEUTRAL_SHARE / bottom, *(each.worth / bottom for each in outcomes)])
    next_share = (good + NEXT_BAND + NEUTRAL * NEUTRAL_SHARE) / (bottom + NEXT_BAND)
    return Score(
        outcomes=outcomes,
        finished=sum(row["result"] == "completed" for row in rows),
        share=share,
        tenths=start + sum(parts),
        start=start,
        parts=tuple(parts),
        after_next=round(next_share * 1000),
    )


def _outcome(row: dict[str, Any], moment: datetime) -> Outcome:
    number = band(row["paid"], row["currency"])
    age = (moment - row["closed_at"]) / rule("SCORE_HALF_LIFE")
    return Outcome(row["result"], row["closed_at"], number, number * 0.5**age, row["client_id"])


def _tenths(shares: list[float]) -> list[int]:
    """Shares of 1 as whole tenths of a point that sum to the rounded sum: the largest remainders are rounded up."""
    exact = [share * 1000 for share in shares]
    parts = [int(value) for value in exact]
    missing = round(sum(exact)) - sum(parts)
    by_remainder = sorted(range(len(exact)), key=lambda n: parts[n] - exact[n])
    for n in by_remainder[:missing]:
        parts[n] += 1
    return parts
