"""The reference's gifts: tips, support that may repeat, and donations to a cause."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from tests.payment.reference import Escrow, Refused
from tests.payment.reference_gateway import DAY, GatewayReference

WEEK, NOTICE, TIP_WINDOW = timedelta(days=7), timedelta(days=14), timedelta(days=90)


@dataclass
class Cause:
    keeper: Any
    currency: str
    verified: bool = True


@dataclass
class Pledge:
    """Support every week. A renewal is [due, outcome]; `next_at` is the first that isn't announced."""

    giver: Any
    to: Any
    currency: str
    amount: int
    next_at: datetime
    active: bool = True
    renewals: list[list[Any]] = field(default_factory=list)


class GiftReference(GatewayReference):
    """Causes and pledges by the name the test gives them; a new gift's escrow is called `new` until the test names it."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.causes: dict[Any, Cause] = {}
        self.pledges: dict[Any, Pledge] = {}
        self.given: list[tuple[datetime, Any, str, int]] = []

    def support(self, giver: Any, to: Any, currency: str, every: str, amount: int) -> None:
        self._judge(giver, to, currency, amount)
        self._pass_on("new", "donation", giver, to, currency, amount)
        if every:
            self.new = Pledge(giver, to, currency, amount, self.now + NOTICE)
            self._announce(self.new)

    def tip(self, giver: Any, after: Any, amount: int) -> None:
        row = self.escrows[after]
        recent = row.paid_at is not None and row.paid_at >= self.now - TIP_WINDOW
        self._require(giver == row.payer and recent, "donation.too_late")
        self._judge(giver, row.payee, row.currency, amount)
        self._pass_on("new", "tip", giver, row.payee, row.currency, amount)

    def give_to_cause(self, giver: Any, name: Any, currency: str, amount: int) -> None:
        cause = self.causes[name]
        self._require(giver != cause.keeper, "donation.to_oneself")
        self._require(cause.verified, "donation.not_verified")
        self._require(currency == cause.currency, "donation.wrong_currency")
        self._judge(giver, cause.keeper, currency, amount)
        self._require(self.balances["wallet", giver, currency] >= amount, "wallet.insufficient")
        self._move(currency, ("wallet", giver, -amount), ("cause", name, amount))
        self.given.append((self.now, giver, currency, amount))

    def ask_of_cause(self, name: Any, bank: str, amount: int) -> None:
        self._ask(self.causes[name].keeper, name, self.causes[name].currency, bank, amount)

    def renew(self) -> None:
        """Announce what is to be announced, give what is due; the escrow of a gift is called (pledge, its number)."""
        for pledge in self.pledges.values():
            self._announce(pledge)
        for name, pledge in self.pledges.items():
            for number, renewal in enumerate(pledge.renewals, 1):
                if renewal[1] or renewal[0] > self.now:
                    continue
                try:
                    self._judge(pledge.giver, pledge.to, pledge.currency, pledge.amount)
                    self._pass_on(
                        (name, number), "donation", pledge.giver, pledge.to, pledge.currency, pledge.amount
                    )  # fmt: skip
                    renewal[1] = "given"
                except Refused:
                    renewal[1] = "missed"

    def stop(self, name: Any) -> None:
        row = self.pledges[name]
        self._require(row.active, "pledge.stopped")
        row.active = False
        for renewal in row.renewals:
            renewal[1] = renewal[1] or "stopped"

    def left_today(self, giver: Any, currency: str) -> int:
        cap: int = settings.SKILLLINK["DONATION_DAILY_CAP"][currency]
        given = sum(n for at, who, c, n in self.given if (who, c) == (giver, currency) and at > self.now - DAY)
        return max(0, cap - given)

    def _judge(self, giver: Any, keeper: Any, currency: str, amount: int) -> None:
        self._require(giver != keeper, "donation.to_oneself")
        between = ({giver, keeper} == {row.payer, row.payee} for row in self.escrows.values() if self._is_fought(row))
        self._require(not any(between), "donation.in_dispute")
        self._require(amount <= self.left_today(giver, currency), "donation.over_cap")

    def _is_fought(self, row: Escrow) -> bool:
        return row.kind == "dispute" and row.held > 0

    def _pass_on(self, name: Any, kind: str, giver: Any, to: Any, currency: str, amount: int) -> None:
        self._require(self.balances["wallet", giver, currency] >= amount, "wallet.insufficient")
        row = self.escrows[name] = Escrow(kind, giver, to, currency, 0)
        self._move(currency, ("wallet", giver, -amount), *self._earn(row, amount))
        self.given.append((self.now, giver, currency, amount))

    def _announce(self, pledge: Pledge) -> None:
        while pledge.active and pledge.next_at - NOTICE <= self.now:
            due = max(pledge.next_at, self.now + NOTICE)
            pledge.renewals.append([due, ""])
            pledge.next_at = due + WEEK
