"""What one viewer sees of a gig's bids. Figures that are not theirs to see never leave this module.

`open`: everyone sees everything on a row. `open without amounts`: who and when; no figure, nothing computed from
figures. `sealed`: others see the count alone. The client sees all; everyone sees their own bid.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from projects import ranking, spread
from projects.models import Bid, Gig
from projects.models.bid import ON_BOARD
from skilllink.clocks import now

GONE_FOR = timedelta(hours=24)


@dataclass(slots=True)
class Row:
    """One line of the board. A None means that this viewer may not know it."""

    bid_id: Any
    person: Any
    at: Any
    place: int | None = None
    amount: int | None = None
    days: int | None = None
    hours: int | None = None  # the most of a week, by the hour
    rank: ranking.Rank | None = None
    bid: Bid | None = None  # the whole bid: for the client and its author only
    mine: bool = False
    gone: bool = False
    version: int = 1


@dataclass(slots=True)
class Board:
    count: int
    rows: list[Row] = field(default_factory=list)
    mine: Row | None = None
    plot: dict[str, Any] | None = None
    away: int = 0  # put away, declined, withdrawn or ended: for the client
    waiting: int = 0
    sees_all: bool = False
    shows_amounts: bool = False


def board_for(gig: Gig, viewer: Any) -> Board:
    """The board as `viewer` may see it. At most six queries, however many bids."""
    client = viewer.is_authenticated and viewer.pk == gig.client_id
    everyone = gig.board_mode != Gig.BoardMode.SEALED
    amounts = client or gig.shows_amounts
    bids = list(Bid.objects.filter(gig=gig).select_related("freelancer", "freelancer__profile"))
    for bid in bids:
        bid.gig = gig
    live = [bid for bid in bids if bid.status in ON_BOARD]
    own = [bid for bid in bids if viewer.is_authenticated and bid.freelancer_id == viewer.pk]
    mine = next((bid for bid in own if bid.is_live), own[-1] if own else None)
    board = Board(count=len(live), sees_all=client, shows_amounts=amounts)
    shown = live if client or everyone else []
    ranks = ranking.rank(gig, [*shown, *([mine] if mine and mine not in shown else [])]) if shown or mine else {}
    order = sorted(shown, key=lambda bid: (-ranks[bid.pk].tenths, bid.submitted_at, bid.pk))
    for place, bid in enumerate(order, 1):
        if client and bid.archived_at:
            continue
        board.rows.append(
            _row(bid, ranks.get(bid.pk), place, whole=client or bid == mine, amounts=amounts, mine=bid == mine)
        )
    if shown:
        board.rows += [
            _row(bid, None, None, whole=client or bid == mine, amounts=amounts, mine=bid == mine)
            for bid in bids
            if bid.status == "withdrawn" and bid.ended_at and bid.ended_at > now() - GONE_FOR
        ]
    if mine is not None:
        known = next((row for row in board.rows if row.bid_id == mine.pk), None)
        board.mine = known or _row(mine, ranks.get(mine.pk), None, whole=True, amounts=True, mine=True)
        if known is None:
            board.rows.insert(0, board.mine)
    if client:
        board.waiting = sum(bid.status == "waitlisted" for bid in bids)
        board.away = sum(bool(bid.archived_at) or not bid.is_live for bid in bids if bid.status != "hired")
    if amounts and not gig.is_pro_bono:
        dots = [(bid.amount, "mine" if bid == mine else "dot") for bid in live]
        board.plot = spread.draw(gig, dots)
    return board


def _row(bid: Bid, rank: Any, place: int | None, *, whole: bool, amounts: bool, mine: bool) -> Row:
    figures = amounts or mine
    return Row(
        bid_id=bid.pk,
        person=bid.freelancer,
        at=bid.submitted_at,
        place=place,
        amount=bid.amount if figures else None,
        days=bid.days if figures and not bid.hours else None,
        hours=bid.hours if figures else None,
        rank=rank if whole else None,
        bid=bid if whole else None,
        mine=mine,
        gone=bid.status not in ("submitted", "waitlisted", "shortlisted", "offered", "hired"),
        version=bid.version,
    )
