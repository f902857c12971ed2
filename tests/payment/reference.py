"""The ledger in a few lines of plain Python, without a database: what `tests/payment/test_state_machine.py` compares with.

Here what is held between two people; `reference_gateway` adds what comes from outside and goes there,
`reference_gifts` what is given.

An escrow's running total of earnings is a stretch of integers: [0, cleared) has cleared, [cleared, released) is
clearing, and a part is worth its length less the fee on it. Every amount is in minor units.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Account = tuple[str, Any, str]  # kind, whose, currency


class Refused(Exception):
    """The code of the refusal that must come."""


@dataclass
class Escrow:
    kind: str
    payer: Any
    payee: Any
    currency: str
    bps: int
    held: int = 0
    released: int = 0
    cleared: int = 0
    ends: list[int] = field(default_factory=list)  # where each clearing ends, in the order in which they are due
    frozen_from: set[Any] = field(default_factory=set)  # (escrow, amount) that were moved into a dispute
    paid_at: datetime | None = None  # the last time that something was paid out of it
    of_week: bool = False  # a week's row, or its dispute's, says what it holds: their verbs alone move money there

    def fee(self, start: int, end: int) -> int:
        """The fee on a stretch of the total."""
        return self._fee(end) - self._fee(start)

    def net(self, start: int, end: int) -> int:
        return end - start - self.fee(start, end)

    def _fee(self, total: int) -> int:
        return int((Decimal(total) * self.bps / 10_000).quantize(Decimal(1), ROUND_HALF_UP))


class Reference:
    """Balances by account, and the escrows by the name the test gives them. `now` is moved by the test."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.balances: Counter[Account] = Counter()
        self.escrows: dict[Any, Escrow] = {}
        self.reversed: set[str] = set()
        self.dated: Callable[[], datetime] = lambda: self.now  # what a transfer of this moment bears

    def add_capital(self, currency: str, amount: int) -> None:
        self._move(currency, ("gateway", None, -amount), ("capital", None, amount))

    def give(self, source: Any, target: Any, currency: str, amount: int) -> None:
        self._require(self.balances["wallet", source, currency] >= amount, "ledger.overdrawn")
        self._move(currency, ("wallet", source, -amount), ("wallet", target, amount))

    def take_back(self, key: str, source: Any, target: Any, currency: str, amount: int) -> None:
        """The reversal of a `give`."""
        self._require(key not in self.reversed, "ledger.already_reversed")
        self.give(target, source, currency, amount)
        self.reversed.add(key)

    def spend(self, user: Any, currency: str, amount: int) -> None:
        self._require(self.balances["available", user, currency] >= amount, "earnings.not_available")
        self._move(currency, ("available", user, -amount), ("wallet", user, amount))

    def hold(self, name: Any, amount: int) -> None:
        row = self.escrows[name]
        self._require(self.balances["wallet", row.payer, row.currency] >= amount, "wallet.insufficient")
        self._move(row.currency, ("wallet", row.payer, -amount), ("escrow", name, amount))
        row.held += amount

    def move(self, source: Any, target: Any, amount: int) -> None:
        out, into = self.escrows[source], self.escrows[target]
        self._require(out.held >= amount, "escrow.not_held")
        if out.kind == "dispute":
            self._require(amount == out.held and (target, amount) in out.frozen_from, "escrow.frozen")
        self._move(out.currency, ("escrow", source, -amount), ("escrow", target, amount))
        out.held -= amount
        into.held += amount
        into.frozen_from.add((source, amount))

    def refund(self, name: Any, amount: int) -> None:
        row = self._leaving(name, amount)
        self._move(row.currency, ("escrow", name, -amount), ("wallet", row.payer, amount))
        row.held -= amount

    def release(self, name: Any, amount: int) -> None:
        row = self._leaving(name, amount)
        self._move(row.currency, ("escrow", name, -amount), *self._earn(row, amount))
        row.held -= amount

    def bonus(self, name: Any, amount: int) -> None:
        row = self.escrows[name]
        self._require(self.balances["wallet", row.payer, row.currency] >= amount, "wallet.insufficient")
        self._move(row.currency, ("wallet", row.payer, -amount), *self._earn(row, amount))

    def split(self, name: Any, to_payee: int) -> None:
        row = self.escrows[name]
        held = row.held
        self._require(0 <= to_payee <= held > 0, "escrow.not_held")
        back = ("wallet", row.payer, held - to_payee)
        self._move(row.currency, ("escrow", name, -held), back, *self._earn(row, to_payee))
        row.held = 0

    def claw_back(self, source: Any, target: Any, amount: int) -> None:
        row = self.escrows[source]
        start = row.released - amount
        self._require(start >= row.cleared, "escrow.not_clearing")
        pending, fee = row.net(start, row.released), row.fee(start, row.released)
        self._move(row.currency, ("pending", row.payee, -pending), ("fees", None, -fee), ("escrow", target, amount))
        self._shorten(row, start)
        self.escrows[target].held += amount

    def refund_released(self, name: Any, amount: int) -> None:
        row = self.escrows[name]
        start = row.released - amount
        self._require(start >= 0, "escrow.not_released")
        border = max(start, row.cleared)
        pending, available = row.net(border, row.released), row.net(start, border)
        self._require(
            not available or self.balances["available", row.payee, row.currency] >= available, "earnings.insufficient"
        )
        fee = row.fee(start, row.released)
        lines = [("pending", row.payee, -pending), ("available", row.payee, -available), ("fees", None, -fee)]
        self._move(row.currency, *lines, ("wallet", row.payer, amount))
        self._shorten(row, start)

    def clear(self, name: Any) -> None:
        """The oldest clearing of this escrow."""
        row = self.escrows[name]
        end = row.ends.pop(0)
        net = row.net(row.cleared, end)
        self._move(row.currency, ("pending", row.payee, -net), ("available", row.payee, net))
        row.cleared = end

    def _leaving(self, name: Any, amount: int) -> Escrow:
        row = self.escrows[name]
        self._require(row.kind != "dispute", "escrow.frozen")
        self._require(row.held >= amount, "escrow.not_held")
        return row

    def _earn(self, row: Escrow, amount: int) -> list[tuple[str, Any, int]]:
        start, row.released = row.released, row.released + amount
        if amount:
            row.ends.append(row.released)
            row.paid_at = self.dated()
        return [
            ("pending", row.payee, row.net(start, row.released)),
            ("fees", None, row.fee(start, row.released)),
        ]

    def _shorten(self, row: Escrow, end: int) -> None:
        row.released, row.cleared = end, min(row.cleared, end)
        row.ends = [min(one, end) for one in row.ends]

    def _move(self, currency: str, *lines: tuple[str, Any, int]) -> None:
        assert sum(line[2] for line in lines) == 0
        for kind, whose, amount in lines:
            self.balances[kind, whose, currency] += amount

    def _require(self, true: bool, code: str) -> None:
        if not true:
            raise Refused(code)
