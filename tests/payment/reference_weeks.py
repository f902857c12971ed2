"""The reference's work by the hour: an offer holds a week, weeks follow one another, each is logged, handed in and paid.

When a clock rings is the product's to say; what it then does is foretold here, and that it is not early.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.payment.reference import Escrow
from tests.payment.reference_gifts import GiftReference

WEEK = timedelta(days=7)
OFFER_WINDOW, EDIT, REVIEW = timedelta(days=7), timedelta(hours=12), timedelta(days=4, hours=23, minutes=59)
NOTICE = timedelta(hours=24)
FEE_BPS = 500
WORKING, ENDED = ("funded", "submitted"), ("released", "refunded", "resolved", "cancelled")


@dataclass
class Offered:
    """One negotiation over a bid: `state` is what its bid is."""

    client: Any
    freelancer: Any
    currency: str
    state: str = "submitted"
    rate: int = 0
    hours: int = 0
    until: datetime | None = None
    escrow: Any = None


@dataclass
class Week:
    contract: Any
    client: Any
    freelancer: Any
    currency: str
    monday: date
    rate: int
    hours: int
    status: str = "agreed"
    logged: int = 0  # minutes
    released: int = 0
    refunded: int = 0
    escrow: Any = None
    back_to: str = ""
    handed_in: bool = False
    by_clock: bool = False
    not_before: datetime | None = None  # closed, or released by the clock

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.monday, time(), UTC)

    @property
    def amount(self) -> int:
        return self.rate * self.hours

    @property
    def rest(self) -> int:
        return 0 if self.status in ("agreed", "cancelled") else self.amount - self.released - self.refunded

    @property
    def worth(self) -> int:
        return int((Decimal(self.rate) * self.logged / 60).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass
class Quarrel:
    """A dispute over a week."""

    week: Any
    opener: str
    amount: int
    escrow: Any
    live: bool = True


class WeekReference(GiftReference):
    """Weeks are named (contract, Monday); escrows that a verb opens are `new` until the test has named them."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.offers: dict[Any, Offered] = {}
        self.weeks: dict[tuple[Any, date], Week] = {}
        self.quarrels: dict[Any, Quarrel] = {}
        self.active: set[Any] = set()  # contracts

    # --- offers -----------------------------------------------------------------------------------

    def offer(self, bid: Any, rate: int, hours: int) -> None:
        row = self.offers[bid]
        self._require(row.state != "offered", "offer.already_made")
        self._require(row.state == "submitted", "offer.not_now")
        self._hold("new", row, rate * hours)
        row.state, row.rate, row.hours, row.until = "offered", rate, hours, self.now + OFFER_WINDOW

    def accept(self, bid: Any) -> None:
        row = self._waiting(bid)
        row.state = "hired"
        week = Week("new", row.client, row.freelancer, row.currency, self._next_monday(), row.rate, row.hours)
        self.active.add("new")
        self.weeks["new", week.monday] = week
        self.escrows["new"] = self._escrow(row)
        self.move(row.escrow, "new", week.amount)
        self._funded(week)

    def end_offer(self, bid: Any) -> None:
        """Declined or taken back."""
        row = self._waiting(bid)
        self.refund(row.escrow, self.escrows[row.escrow].held)
        row.state = "submitted"

    def _waiting(self, bid: Any) -> Offered:
        row = self.offers[bid]
        self._require(row.state == "offered" and row.until is not None and self.now < row.until, "offer.answered")
        return row

    # --- what people do with a week ---------------------------------------------------------------

    def fund_week(self, name: Any) -> None:
        week = self.weeks[name]
        self._require(week.status not in ENDED, "milestone.ended")
        self._require(week.status == "agreed", "milestone.not_now")
        self._hold("new", week, week.amount)
        self._funded(week)

    def log(self, name: Any, begins: datetime, minutes: int, *, overlaps: bool) -> None:
        week = self.weeks[name]
        self._require(week.status == "funded", "milestone.not_by_the_hour")
        ends, over = begins + timedelta(minutes=minutes), week.begins_at + WEEK
        self._require(week.begins_at <= begins < ends <= min(over, self.now), "unprocessable")
        self._require(not overlaps, "milestone.hours_overlap")
        self._require(week.logged + minutes <= week.hours * 60, "milestone.hours_over_limit")
        week.logged += minutes

    def pay_week(self, name: Any, amount: int) -> None:
        week = self.weeks[name]
        self._require_working(week)
        self._require(week.status == "submitted", "milestone.by_the_hour")
        self._require(amount <= week.rest, "milestone.too_much")
        self._pay(week, amount)

    def refund_week(self, name: Any) -> None:
        week = self.weeks[name]
        if week.status != "refund_requested":
            self._require_working(week)
        self._give_back(week)

    def ask_back(self, name: Any) -> None:
        week = self.weeks[name]
        self._require_working(week)
        week.status, week.back_to = "refund_requested", week.status

    def object(self, name: Any) -> None:
        week = self.weeks[name]
        if week.status != "refund_requested":
            self._require_working(week)
            self._require(False, "milestone.not_now")
        self._resume(week)

    def end_contract(self, contract: Any) -> None:
        self._require(contract in self.active, "contract.not_now")
        self.active.remove(contract)
        for week in self.weeks.values():
            if week.contract == contract and week.status == "agreed":
                week.status = "cancelled"

    # --- disputes ---------------------------------------------------------------------------------

    def dispute_week(self, name: Any, opener: str, amount: int | None) -> None:
        week = self.weeks[name]
        self._require(week.status != "disputed", "dispute.already_open")
        self._require(week.status != "agreed", "milestone.not_funded")
        most = self.disputable(week, opener)
        self._require(most > 0, "dispute.nothing_held")
        amount = most if amount is None else amount
        self._require(amount <= most, "dispute.too_much")
        self.escrows["new"] = self._escrow(week, "dispute")
        if week.status == "released":
            self.claw_back(week.escrow, "new", amount)
            week.released -= amount
            week.back_to = "released"
        else:
            self.move(week.escrow, "new", amount)
            week.back_to = week.back_to if week.status == "refund_requested" else week.status
        week.status = "disputed"
        self.quarrels["new"] = Quarrel(name, opener, amount, "new")

    def disputable(self, week: Week, opener: str) -> int:
        if week.status == "released":
            row = self.escrows[week.escrow]
            return min(week.released, row.released - row.cleared) if week.by_clock and opener == "client" else 0
        return 0 if week.status in ENDED else week.rest

    def end_dispute(self, name: Any, how: str, to_freelancer: int) -> None:
        """By its opener, by the other one, or by a moderator who gives so much to the freelancer."""
        row = self.quarrels[name]
        week = self.weeks[row.week]
        self._require(row.live, "dispute.over")
        if how == "withdraw" and week.back_to != "released":
            row.live = False
            self.move(row.escrow, week.escrow, row.amount)
            self._resume(week)
        elif how == "withdraw":
            self._resolve(row, row.amount)
        else:
            self._resolve(row, to_freelancer if how == "settle" else self.claim(row))

    def claim(self, row: Quarrel) -> int:
        return row.amount if row.opener == "freelancer" else 0

    # --- what a clock does ------------------------------------------------------------------------

    def ring(self, act: str, week: Any, quarrel: Any) -> None:
        if act == "begin":
            self._begin(self.weeks[week])
        elif act == "close":
            self._close(self.weeks[week])
        elif act == "release":
            self._not_early(self.weeks[week])
            self._pay(self.weeks[week], self.weeks[week].rest)
            self.weeks[week].by_clock = True
        elif act in ("refund", "dispute"):
            assert act == ("dispute" if self._has_work(self.weeks[week]) else "refund")
            self._give_back(self.weeks[week]) if act == "refund" else self.dispute_week(week, "client", None)
        elif act in ("execute", "midpoint"):
            row = self.quarrels[quarrel]
            self._resolve(row, self.claim(row) if act == "execute" else row.amount // 2)
        else:
            assert act in ("remind", "skip", "default", "reveal"), act

    def _begin(self, week: Week) -> None:
        assert week.status == "agreed" and self.now >= week.begins_at
        there = self.balances["wallet", week.client, week.currency] >= week.amount
        if there and self.now < week.begins_at + WEEK:
            self._hold("new", week, week.amount)
            self._funded(week)
        else:
            week.status = "cancelled"
            self._follow(week)

    def _close(self, week: Week) -> None:
        self._not_early(week)
        worked = min(week.rest, max(0, week.worth - week.released))
        if not worked:
            return self._give_back(week)
        unused = week.rest - worked
        if unused:
            self.refund(week.escrow, unused)
        week.refunded += unused
        week.status, week.handed_in = "submitted", True
        week.not_before = max(week.begins_at + WEEK + REVIEW, self.now + 2 * NOTICE)

    def _not_early(self, week: Week) -> None:
        assert week.not_before is not None and self.now >= week.not_before

    def _has_work(self, week: Week) -> bool:
        return week.handed_in or week.logged > 0

    # --- the parts of these -----------------------------------------------------------------------

    def _require_working(self, week: Week) -> None:
        self._require(week.status != "agreed", "milestone.not_funded")
        self._require(week.status != "disputed", "milestone.disputed")
        self._require(week.status not in ENDED, "milestone.ended")
        self._require(week.status in WORKING, "milestone.not_now")

    def _hold(self, name: Any, row: Any, amount: int) -> None:
        self._require(self.balances["wallet", row.client, row.currency] >= amount, "wallet.insufficient")
        self.escrows[name] = self._escrow(row)
        self.hold(name, amount)

    def _escrow(self, row: Any, kind: str = "week") -> Escrow:
        return Escrow(kind, row.client, row.freelancer, row.currency, FEE_BPS, of_week=True)

    def _funded(self, week: Week) -> None:
        week.status, week.escrow = "funded", "new"
        self._open_until(week)
        self._follow(week)

    def _open_until(self, week: Week) -> None:
        week.not_before = max(week.begins_at + WEEK, self.now) + EDIT

    def _follow(self, week: Week) -> None:
        if week.contract in self.active:
            monday = week.monday + WEEK
            row = Week(week.contract, week.client, week.freelancer, week.currency, monday, week.rate, week.hours)
            self.weeks[week.contract, monday] = row

    def _pay(self, week: Week, amount: int) -> None:
        ends = amount == week.rest
        self.release(week.escrow, amount)
        week.released += amount
        week.status = "released" if ends else week.status

    def _give_back(self, week: Week) -> None:
        rest = week.rest
        self.refund(week.escrow, rest)
        week.refunded += rest
        week.status, week.back_to = "refunded", ""

    def _resume(self, week: Week) -> None:
        week.status, week.back_to = week.back_to, ""
        if week.status == "funded":
            self._open_until(week)

    def _resolve(self, row: Quarrel, to_freelancer: int) -> None:
        self._require(row.live, "dispute.over")
        week = self.weeks[row.week]
        row.live = False
        self.split(row.escrow, to_freelancer)
        week.released += to_freelancer
        week.refunded += row.amount - to_freelancer
        if week.released + week.refunded == week.amount:
            week.status, week.back_to = "resolved", ""
        else:
            self._resume(week)

    def _next_monday(self) -> date:
        today = self.now.date()
        return today + timedelta(days=7 - today.weekday())
