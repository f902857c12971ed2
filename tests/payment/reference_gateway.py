"""The reference's outside: what comes by a card and may go back, what goes to a bank, what a bank takes back.

The gateway tells by letters; who hears them sees all that the gateway knows about that deposit.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from tests.payment.reference import Reference

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
FEE_BPS = 290  # what the sandbox keeps of a deposit


@dataclass
class Contest:
    """What the cardholder's bank took back: decided at the gateway (`verdict`), known here (`heard`)."""

    amount: int
    verdict: str = "open"
    heard: str = ""
    from_wallet: int = 0
    written_off: int = 0

    @property
    def owed(self) -> int:
        return self.amount - self.from_wallet - self.written_off


@dataclass
class Deposit:
    user: Any
    currency: str
    amount: int
    state: str  # settled, failed, or asked while the answer is lost
    asked_at: datetime
    returned: int = 0  # asked back or gone back
    refunded: int = 0  # gone back
    charged: int = 0
    contest: Contest | None = None
    put_off_at: datetime | None = None  # a letter that can't be understood yet

    @property
    def fee(self) -> int:
        return (self.amount * FEE_BPS + 5000) // 10_000

    @property
    def left(self) -> int:
        return self.amount - self.returned - self.charged if self.state == "settled" else 0


@dataclass
class Payout:
    user: Any
    currency: str
    amount: int
    bank: str  # good, closed, or silent: the first answer is lost
    created_at: datetime
    due_at: datetime
    needs_two: bool
    approved: bool = False
    status: str = "requested"
    sent_at: datetime | None = None
    asked_at: datetime | None = None
    known: bool = False  # the gateway's answer came
    arrived: bool = False
    cause: Any = None  # whose money it is, when it isn't the person's own

    @property
    def source(self) -> tuple[str, Any]:
        return ("available", self.user) if self.cause is None else ("cause", self.cause)

    @property
    def waits(self) -> bool:
        return self.status in ("requested", "on_hold")


@dataclass
class Hold:
    user: Any
    until: datetime
    lifted: bool = False


class GatewayReference(Reference):
    """Deposits and payouts by the name the test gives them."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.deposits: dict[Any, Deposit] = {}
        self.unread: dict[Any, None] = {}  # deposits with letters, by the oldest one
        self.returns: list[tuple[Deposit, int]] = []
        self.payouts: dict[Any, Payout] = {}
        self.holds: dict[Any, Hold] = {}
        self.new: Any = None  # what was made last and has no name yet

    # --- in and back ------------------------------------------------------------------------------

    def pay(self, name: Any, user: Any, currency: str, card: str, amount: int) -> None:
        state = {"good": "settled", "declined": "failed", "silent": "asked"}[card]
        self.deposits[name] = Deposit(user, currency, amount, state, self.now)
        self.unread[name] = None
        if state == "settled":
            self._credit(self.deposits[name])

    def answers(self) -> None:
        """Whoever gave no answer is asked again, an hour later at the latest."""
        for row in self.deposits.values():
            if row.state == "asked" and row.asked_at + HOUR < self.now:
                self._settle(row)

    def give_back(self, name: Any, amount: int) -> None:
        row = self.deposits[name]
        there = 0 if row.charged or not row.left else min(row.left, self.balances["wallet", row.user, row.currency])
        self._require(amount <= there, "deposit.not_left")
        self._move(row.currency, ("wallet", row.user, -amount), ("gateway", None, amount))
        row.returned += amount
        self.returns.append((row, amount))

    def send_returns(self) -> None:
        """The gateway refunds nothing that was taken back."""
        for row, amount in self.returns:
            if row.contest and row.contest.verdict != "won":
                self._move(row.currency, ("wallet", row.user, amount), ("gateway", None, -amount))
                row.returned -= amount
            else:
                row.refunded += amount
                self._write(row)
        self.returns.clear()

    # --- taken back -------------------------------------------------------------------------------

    def contest(self, name: Any) -> None:
        row = self.deposits[name]
        row.contest = Contest(row.amount - row.refunded)
        self._write(row)
        self._arrive()

    def decide(self, name: Any, won: bool) -> None:
        row = self.deposits[name]
        assert row.contest
        row.contest.verdict = "won" if won else "lost"
        self._write(row)

    def hear(self) -> None:
        """Everything that is due happens and is told; what was put off is read again after an hour."""
        self._arrive()
        again = [name for name, row in self.deposits.items() if row.put_off_at and row.put_off_at + HOUR < self.now]
        for name in dict.fromkeys((*again, *self.unread)):
            self._read(self.deposits[name])
        self.unread.clear()
        for payout in self.payouts.values():
            if payout.status == "processing" and payout.arrived:
                self._end(payout)

    def repay(self, user: Any, currency: str, amount: int) -> None:
        owed, there = self.owed(user, currency), self.balances["wallet", user, currency]
        self._require(amount <= min(owed, there), "chargeback.not_owed")
        self._move(currency, ("wallet", user, -amount), ("receivable", user, amount))

    def write_off(self, name: Any, amount: int) -> None:
        row = self.deposits[name]
        contest = row.contest
        self._require(contest is not None and contest.heard == "lost", "movement.already_asked")
        assert contest
        self._require(amount <= min(contest.owed, self.owed(row.user, row.currency)), "chargeback.not_owed")
        self._move(row.currency, ("receivable", row.user, amount), ("loss", None, -amount))
        contest.written_off += amount

    def owed(self, user: Any, currency: str) -> int:
        return -self.balances["receivable", user, currency]

    # --- out --------------------------------------------------------------------------------------

    def ask(self, user: Any, currency: str, bank: str, amount: int) -> None:
        self._ask(user, None, currency, bank, amount)

    def _ask(self, user: Any, cause: Any, currency: str, bank: str, amount: int) -> None:
        """Of a cause's money by its keeper: the same, but for what the keeper owes."""
        batch = self.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
        new = Payout(user, currency, amount, bank, self.now, batch, needs_two=False, cause=cause)
        self._require(not self._held(user), "payout.on_hold")
        self._require(bank != "new", "payout.not_confirmed")
        self._require(not self._owes(new), "payout.owing")
        self._require(amount <= self.balances[(*new.source, currency)], "payout.not_available")
        self._require(amount >= settings.SKILLLINK["PAYOUT_MINIMUM"][currency], "payout.too_small")
        new.needs_two = amount + self._of_this_day(new) > settings.SKILLLINK["PAYOUT_ALONE"][currency]
        self._move(currency, (*new.source, -amount), ("in_transit", user, amount))
        self.new = new

    def cancel(self, name: Any) -> None:
        row = self.payouts[name]
        if row.status == "cancelled":
            return
        self._require(row.waits, "payout.gone")
        row.status = "cancelled"
        self._move(row.currency, ("in_transit", row.user, -row.amount), (*row.source, row.amount))

    def approve(self, name: Any) -> None:
        row = self.payouts[name]
        self._require(row.needs_two and not row.approved and row.waits, "movement.already_asked")
        row.approved = True

    def hold_payouts(self, user: Any, until: datetime) -> None:
        self.new = Hold(user, until)
        for row in self.payouts.values():
            if row.user == user and row.status == "requested":
                row.status = "on_hold"

    def lift(self, name: Any) -> None:
        hold = self.holds[name]
        self._require(not hold.lifted and hold.until > self.now, "payout_hold.over")
        hold.lifted = True
        self.end_holds(hold.user)

    def end_holds(self, *users: Any) -> None:
        """Whose hold is over is in the queue again; of `users`, or of everybody."""
        for row in self.payouts.values():
            if row.status == "on_hold" and (not users or row.user in users) and not self._held(row.user):
                row.status = "requested"

    def send_payouts(self) -> None:
        """The batch that is due goes, and what went more than an hour ago is asked about."""
        sent = [row for row in self.payouts.values() if row.status == "processing"]
        for row in self.payouts.values():
            if row.status != "requested" or row.due_at > self.now or row.needs_two > row.approved:
                continue
            if self._held(row.user):
                row.status = "on_hold"
            elif not self._owes(row):
                row.status, row.sent_at, row.asked_at = "processing", self.now, self.now
                row.known = row.bank != "silent"
        for row in sent:
            if row.asked_at and row.asked_at + HOUR < self.now:
                row.asked_at = self.now
                if row.known and row.arrived:
                    self._end(row)
                row.known = True

    # --- the steps --------------------------------------------------------------------------------

    def _write(self, row: Deposit) -> None:
        name = next(name for name, other in self.deposits.items() if other is row)
        self.unread.setdefault(name)

    def _read(self, row: Deposit) -> None:
        if row.state == "asked":
            self._settle(row)
        contest = row.contest
        if contest and not contest.heard:
            if contest.amount > row.left:  # a return on its way: first its end
                row.put_off_at = self.now
                return
            self._take_back(row, contest)
        row.put_off_at = None
        if contest and contest.heard == "open" != contest.verdict:
            contest.heard = contest.verdict
            if contest.verdict == "won":
                self._bring_back(row, contest)

    def _take_back(self, row: Deposit, contest: Contest) -> None:
        there = min(self.balances["wallet", row.user, row.currency], contest.amount)
        rest = contest.amount - there
        self._move(
            row.currency,
            ("gateway", None, contest.amount),
            ("wallet", row.user, -there),
            ("receivable", row.user, -rest),
        )
        contest.heard, contest.from_wallet = "open", there
        row.charged += contest.amount

    def _bring_back(self, row: Deposit, contest: Contest) -> None:
        debt = min(contest.owed, self.owed(row.user, row.currency))
        back = ("wallet", row.user, contest.amount - debt)
        self._move(row.currency, ("gateway", None, -contest.amount), back, ("receivable", row.user, debt))
        row.charged -= contest.amount

    def _settle(self, row: Deposit) -> None:
        row.state = "settled"
        self._credit(row)

    def _credit(self, row: Deposit) -> None:
        lines = (("gateway", None, row.fee - row.amount), ("gateway_fees", None, -row.fee))
        self._move(row.currency, *lines, ("wallet", row.user, row.amount))

    def _arrive(self) -> None:
        for row in self.payouts.values():
            if row.sent_at and row.sent_at + MINUTE <= self.now:
                row.arrived = True

    def _end(self, row: Payout) -> None:
        row.status = "failed" if row.bank == "closed" else "paid"
        to = row.source if row.status == "failed" else ("gateway", None)
        self._move(row.currency, ("in_transit", row.user, -row.amount), (*to, row.amount))

    def _held(self, user: Any) -> bool:
        return any(row.user == user and not row.lifted and row.until > self.now for row in self.holds.values())

    def _owes(self, payout: Payout) -> bool:
        """Whether a debt keeps it back; what its keeper owes, a cause doesn't."""
        debts = (n for (kind, who, _c), n in self.balances.items() if kind == "receivable" and who == payout.user)
        return payout.cause is None and any(n < 0 for n in debts)

    def _of_this_day(self, new: Payout) -> int:
        """What was asked for of the same money in 24 hours and neither cancelled nor came back."""
        return sum(
            row.amount
            for row in self.payouts.values()
            if (row.source, row.currency) == (new.source, new.currency)
            and row.created_at > self.now - DAY
            and row.status not in ("cancelled", "failed")
        )
