"""The order in which a client sees bids: an open formula, the same for all, never for sale.

Up to 100 points: skills 40 (share of the gig's skills in the profile), score 30 (`projects.score`: how contracts ended), on time 20
(deliveries by their date), answers 10 (offers answered before they expired). No part looks at a price. Each record
begins with five neutral outcomes at 0.8, so that a newcomer neither leads nor vanishes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from projects import score
from projects.models import Bid, Gig, Milestone, Offer
from users.models import Profile

WEIGHTS = {"skills": 40, "score": 30, "on_time": 20, "answers": 10}


@dataclass(frozen=True, slots=True)
class Rank:
    """A bid's points: tenths of a point per part, in the order of WEIGHTS. `points` is their sum, always."""

    parts: dict[str, int]
    finished: int

    @property
    def tenths(self) -> int:
        return sum(self.parts.values())

    @property
    def points(self) -> float:
        return self.tenths / 10

    @property
    def labelled(self) -> list[tuple[str, float]]:
        names = {"skills": _("skills"), "score": _("score"), "on_time": _("on time"), "answers": _("answers")}
        return [(names[name], tenths / 10) for name, tenths in self.parts.items()]

    @property
    def bars(self) -> list[dict[str, Any]]:
        """The parts as bars of a 400-wide plot, a gap of 2 between them, lighter from part to part."""
        bars, x = [], 0.0
        for tenths, opacity in zip(self.parts.values(), ("1", ".75", ".5", ".3"), strict=True):
            width = tenths * 0.4
            bars.append({"x": round(x, 1), "width": round(max(0.0, width - 2), 1), "opacity": opacity})
            x += width
        return bars


def share(good: float, count: float) -> float:
    """A share that begins with the neutral outcomes: (good + 4) / (count + 5)."""
    return (good + score.NEUTRAL * score.NEUTRAL_SHARE) / (count + score.NEUTRAL)


def rank(gig: Gig, bids: Iterable[Bid]) -> dict[UUID, Rank]:
    """Points per bid id. Four queries, however many bids."""
    people = {bid.freelancer_id for bid in bids}
    wanted = set(gig.skills.values_list("pk", flat=True))
    skilled = dict(
        Profile.objects.filter(user_id__in=people, skills__in=wanted)
        .values_list("user_id")
        .annotate(found=Count("skills", distinct=True))
    )
    scores = score.of(people)
    punctual = _pairs(
        Milestone.objects.delivered()
        .filter(contract__freelancer_id__in=people, due_at__isnull=False)
        .values("contract__freelancer_id"),
        Count("id", filter=Q(submitted_at__lte=F("due_at"))),
        "contract__freelancer_id",
    )
    answered = _pairs(
        Offer.objects.filter(bid__freelancer_id__in=people, made_by=F("bid__gig__client"))
        .exclude(status__in=["sent", "withdrawn"])
        .values("bid__freelancer_id"),
        Count("id", filter=~Q(status="expired")),
        "bid__freelancer_id",
    )
    ranks = {}
    for bid in bids:
        person = bid.freelancer_id
        shares = {
            "skills": skilled.get(person, 0) / len(wanted) if wanted else 0.0,
            "score": scores[person].share,
            "on_time": share(*punctual.get(person, (0, 0))),
            "answers": share(*answered.get(person, (0, 0))),
        }
        parts = {name: round(WEIGHTS[name] * 10 * value) for name, value in shares.items()}
        ranks[bid.pk] = Rank(parts=parts, finished=scores[person].finished)
    return ranks


def _pairs(rows: Any, good: Any, key: str) -> dict[UUID, tuple[float, int]]:
    rows = rows.order_by().annotate(good=good, n=Count("id"))
    return {row[key]: (float(row["good"] or 0), row["n"]) for row in rows}
