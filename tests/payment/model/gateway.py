"""Rules: deposits and their returns, chargebacks and what is owed after one, payouts."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, precondition, rule

from payment import chargebacks, deposit_returns, deposits, movements, payout_holds, payouts
from payment.gateways.sandbox import bank, cards
from payment.models import Chargeback, Deposit, Payout, PayoutHold, SandboxObject
from skilllink import clocks
from skilllink.money import LARGEST
from tests.builders.gateway import dispute_of, settle_down
from tests.payment.model.base import currencies, pairs, part, parts, people, starts
from tests.payment.model.escrows import EscrowRules
from tests.payment.reference_gateway import Contest

PAYOUT_MINIMUM = settings.SKILLLINK["PAYOUT_MINIMUM"]
CARDS = {"good": cards.GOOD, "declined": cards.DECLINED, "silent": cards.SILENT}
cards_used = st.sampled_from(("good", "good", "good", "silent", "declined"))
banks_used = st.sampled_from(("good", "good", "closed", "silent", "new"))
paid_in: Bundle[Any] = Bundle("paid_in")
asked: Bundle[Any] = Bundle("asked")
stopped: Bundle[Any] = Bundle("stopped")


class GatewayRules(EscrowRules):
    paid_in, asked, stopped = paid_in, asked, stopped

    @initialize(target=paid_in, start=starts, pair=pairs, amount=st.integers(1, 10**6), far=st.integers(0, 3))
    def begin(self, start: tuple[list[str], int], pair: tuple[int, int], amount: int, far: int) -> Any:
        """The way to a debt is long, as all that was paid in must be spent: most examples are so `far` on it."""
        self.start(start)
        if not far:
            return multiple()
        name = self.pay_in(pair[0], self.currencies[0], "good", amount)
        if far > 1:
            self.give(pair, 0, (4, 0))
        if far > 2:
            self._contest(name)
            self._hear()
        return name

    # --- in and back ------------------------------------------------------------------------------

    @rule(
        target=paid_in, data=st.data(), number=people, which=currencies, card=cards_used,
        amount=st.integers(1, 10**6) | st.integers(10**6, 10**7) | st.integers(1, LARGEST // 100),
    )  # fmt: skip
    def deposit(self, data: Any, number: int, which: int, card: str, amount: int) -> Any:
        currency = self.currencies[which]
        if owing := self._owing():  # to pay back, or to owe more
            number, currency = data.draw(st.sampled_from([*owing, (number, currency)]))
        return self.pay_in(number, currency, card, amount)

    def pay_in(self, number: int, currency: str, card: str, amount: int) -> Any:
        row = deposits.request(self.people[number], amount, currency)
        self.step(
            f"pay, {card}",
            lambda: deposits.pay(row, card=CARDS[card]),
            lambda: self.reference.pay(row.pk, number, currency, card, amount),
            alone=False,
        )
        return row.pk

    @rule(name=paid_in, how=parts)
    def give_back(self, name: Any, how: Any) -> None:
        row = self.reference.deposits[name]
        amount = part(min(row.left, self.wallet(row.user, row.currency)), how)

        def act(key: str, amount: int) -> Any:
            deposit = Deposit.objects.get(pk=name)
            return deposit_returns.request.within(deposit, by=self.people[row.user], amount=amount, token=key)

        self.keyed("give_back", amount, act, name, reused="deposit.other_return")

    # --- taken back -------------------------------------------------------------------------------

    @precondition(lambda self: self._contestable())
    @rule(data=st.data(), at_once=st.booleans(), won=st.sampled_from((None, True, False)), at_last=st.booleans())
    def contest(self, data: Any, at_once: bool, won: bool | None, at_last: bool) -> None:
        """Heard of `at_once`, and maybe decided as well (and heard of `at_last`), or whenever everything is heard."""
        able = self._contestable()
        name = self.mostly(data, [*filter(self._is_spent, able)], able)
        self._contest(name)
        if at_once:
            self._hear()
            self._decide(name, won)
            if at_last:
                self._hear()

    def _contest(self, name: Any) -> None:
        deposit = Deposit.objects.get(pk=name)
        self.sweep_of("contest", lambda: dispute_of(deposit), lambda: self.reference.contest(name))

    def _contestable(self) -> list[Any]:
        """Once a deposit, and one at a time of a person: the order in which two are told is the gateway's."""
        rows = self.reference.deposits.items()
        unheard = {(row.user, row.currency) for _name, row in rows if row.contest and not row.contest.heard}
        return [
            name
            for name, row in rows
            if row.state == "settled" and row.refunded < row.amount and not row.contest
            if (row.user, row.currency) not in unheard
        ]

    @precondition(lambda self: self._undecided())
    @rule(data=st.data(), won=st.booleans(), at_once=st.booleans())
    def decide(self, data: Any, won: bool, at_once: bool) -> None:
        self._decide(data.draw(st.sampled_from(self._undecided())), won)
        if at_once:
            self._hear()

    def _undecided(self) -> list[Any]:
        rows = self.reference.deposits.items()
        return [name for name, row in rows if row.contest and row.contest.heard == row.contest.verdict == "open"]

    def _decide(self, name: Any, won: bool | None) -> None:
        contest = self.reference.deposits[name].contest
        if won is not None and contest.heard == contest.verdict == "open":
            deposit = Deposit.objects.get(pk=name)
            number = SandboxObject.objects.get(kind="dispute", owner=deposit.gateway_id).pk
            self.sweep_of("decide", lambda: bank.decide(number, won=won), lambda: self.reference.decide(name, won))

    def _hear(self) -> None:
        self.sweep_of("hear", settle_down, self.reference.hear)

    def _is_spent(self, name: Any) -> bool:
        """Whether some of it is owed when the bank takes it back."""
        row = self.reference.deposits[name]
        return self.wallet(row.user, row.currency) < row.amount - row.refunded

    def _owing(self) -> list[tuple[int, str]]:
        return [(n, c) for (kind, n, c), money in self.reference.balances.items() if kind == "receivable" and money]

    @precondition(lambda self: self._owing())
    @rule(data=st.data(), number=people, which=currencies, how=parts)
    def repay(self, data: Any, number: int, which: int, how: Any) -> None:
        # who owes nothing pays back now and then
        number, currency = self.mostly(data, self._owing(), [(number, self.currencies[which])])
        if not self.wallet(number, currency) and data.draw(st.booleans()):
            self.spend_of(number, currency, how)  # the bank took all that was there
        amount = part(min(self.reference.owed(number, currency), self.wallet(number, currency)), how)

        def act(key: str, amount: int) -> Any:
            return chargebacks.repay.within(self.people[number], amount, currency, token=key)

        self.keyed("repay", amount, act, number, currency)

    @precondition(lambda self: self._taken_back())
    @rule(data=st.data(), how=parts)
    def write_off(self, data: Any, how: Any) -> None:
        """Of what is owed for good, or now and then of what the bank hasn't decided or nobody owes."""
        taken = self._taken_back()
        open_ = [name for name in self._undecided() if taken[name].owed]
        if open_ and data.draw(st.booleans()):
            self._decide(open_[0], won=False)
            self._hear()
        owed = [name for name, contest in taken.items() if contest.heard == "lost" and contest.owed]
        name = self.mostly(data, owed, list(taken))
        row, deposit = Chargeback.objects.get(deposit=name), self.reference.deposits[name]
        amount = part(min(taken[name].owed, self.reference.owed(deposit.user, deposit.currency)), how)
        first, second = self.world.finance

        def act() -> None:
            asked = movements.propose_write_off.within(row, amount, by=first, reason="Nobody answers.")
            movements.decide.within(asked, by=second, approve=True, reason="Looked at.")

        self.step("write_off", act, lambda: self.reference.write_off(name, amount))

    def _taken_back(self) -> dict[Any, Contest]:
        rows = self.reference.deposits.items()
        return {name: row.contest for name, row in rows if row.contest and row.contest.heard}

    # --- out --------------------------------------------------------------------------------------

    @rule(target=asked, data=st.data(), number=people, which=currencies, bank=banks_used, how=parts)
    def ask(self, data: Any, number: int, which: int, bank: str, how: Any) -> Any:
        earned = [(n, c) for (kind, n, c), money in self.reference.balances.items() if kind == "available" and money]
        if earned:  # who has nothing, owes or is held back asks now and then
            held = {
                hold.user for hold in self.reference.holds.values() if not hold.lifted and hold.until > clocks.now()
            }
            barred = held | {debtor for debtor, _currency in self._owing()}
            number, currency = self.mostly(data, [one for one in earned if one[0] not in barred], earned)
        else:
            currency = self.currencies[which]
        amount = part(self.reference.balances["available", number, currency], how)
        bank = bank if (number, currency, bank) in self.world.accounts else "good"
        method = self.world.accounts[number, currency, bank]

        def act(key: str, amount: int) -> Any:
            return payouts.request.within(self.people[number], method, amount, currency, token=key)

        answer = self.keyed("ask", amount, act, number, currency, bank, reused="payout.other_wish")
        if answer is None:
            return multiple()
        self.reference.payouts[answer.pk] = self.reference.new
        return answer.pk

    @precondition(lambda self: self._given_to_causes())
    @rule(target=asked, data=st.data(), bank=st.sampled_from(("good", "good", "closed")), how=parts)
    def ask_of_cause(self, data: Any, bank: str, how: Any) -> Any:
        """Of what was given to a verified cause, by its keeper."""
        there = self._given_to_causes()
        enough = [currency for currency, money in there.items() if money >= PAYOUT_MINIMUM[currency]]
        currency = self.mostly(data, enough, list(there))
        method, cause = self.world.banks_of_causes[currency, bank], self.world.causes[currency].pk

        def act(key: str, amount: int) -> Any:
            return payouts.request.within(method.user, method, amount, currency, token=key)

        amount = part(there[currency], how)
        answer = self.keyed("ask_of_cause", amount, act, cause, bank, reused="payout.other_wish")
        if answer is None:
            return multiple()
        self.reference.payouts[answer.pk] = self.reference.new
        return answer.pk

    def _given_to_causes(self) -> dict[str, int]:
        """By currency; every verified cause has a bank account of each kind."""
        given = {
            c: self.reference.balances["cause", self.world.causes[c].pk, c] for c, _bank in self.world.banks_of_causes
        }
        return {currency: money for currency, money in given.items() if money}

    @rule(name=asked, late=st.booleans())
    def cancel(self, name: Any, late: bool) -> None:
        """Whenever it is, or when the next batch has gone."""
        if late:
            self.pass_time(timedelta(hours=2))
            self.sweep_of("send_payouts", payouts.sweep, self.reference.send_payouts)
        row = Payout.objects.get(pk=name)
        self.step("cancel", lambda: payouts.cancel.within(row, by=row.user), lambda: self.reference.cancel(name))

    @rule(data=st.data(), name=asked)
    def approve(self, data: Any, name: Any) -> None:
        rows = self.reference.payouts.items()
        waiting = [n for n, row in rows if row.needs_two and not row.approved and row.waits]
        name = self.mostly(data, waiting, [name])
        row = Payout.objects.get(pk=name)
        first, second = self.world.finance

        def act() -> None:
            asked = movements.propose_payout.within(row, by=first, reason="A large one.")
            movements.decide.within(asked, by=second, approve=True, reason="Looked at.")

        self.step("approve", act, lambda: self.reference.approve(name))

    @rule(target=stopped, name=asked, days=st.sampled_from((1, 2, 9)))
    def hold_payouts(self, name: Any, days: int) -> Any:
        """Of who asked for one."""
        number, until = self.reference.payouts[name].user, clocks.now() + timedelta(days=days)
        first, _second = self.world.finance
        hold = self.step(
            "hold_payouts",
            lambda: payout_holds.hold.within(self.people[number], by=first, reason="A second look.", until=until),
            lambda: self.reference.hold_payouts(number, until),
        )
        self.reference.holds[hold.pk] = self.reference.new
        return hold.pk

    @rule(data=st.data(), name=stopped)
    def lift(self, data: Any, name: Any) -> None:
        rows = self.reference.holds.items()
        name = self.mostly(data, [n for n, hold in rows if not hold.lifted and hold.until > clocks.now()], [name])
        hold = PayoutHold.objects.select_related("user").get(pk=name)
        first, _second = self.world.finance
        self.step(
            "lift",
            lambda: payout_holds.lift.within(hold, by=first, reason="Looked at."),
            lambda: self.reference.lift(name),
        )
