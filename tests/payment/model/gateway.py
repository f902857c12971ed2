"""Rules: deposits and their returns, chargebacks and what is owed after one, payouts."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, rule

from payment import chargebacks, deposit_returns, deposits, movements, payout_holds, payouts
from payment.gateways.sandbox import bank, cards
from payment.models import Chargeback, Deposit, Payout, PayoutHold, SandboxObject
from skilllink import clocks
from skilllink.money import LARGEST
from tests.builders.gateway import dispute_of, settle_down
from tests.payment.model.base import Model, currencies, part, parts, people

CARDS = {"good": cards.GOOD, "declined": cards.DECLINED, "silent": cards.SILENT}
cards_used = st.sampled_from(("good", "good", "good", "silent", "declined"))
banks_used = st.sampled_from(("good", "good", "closed", "silent", "new"))
paid_in: Bundle[Any] = Bundle("paid_in")
asked: Bundle[Any] = Bundle("asked")
stopped: Bundle[Any] = Bundle("stopped")


class GatewayRules(Model):
    paid_in, asked, stopped = paid_in, asked, stopped

    # --- in and back ------------------------------------------------------------------------------

    @rule(
        target=paid_in, data=st.data(), number=people, which=currencies, card=cards_used,
        amount=st.integers(1, 10**6) | st.integers(10**6, 10**7) | st.integers(1, LARGEST // 100),
    )  # fmt: skip
    def deposit(self, data: Any, number: int, which: int, card: str, amount: int) -> Any:
        currency = self.currencies[which]
        if owing := self._owing():  # to pay back, or to owe more
            number, currency = data.draw(st.sampled_from([*owing, (number, currency)]))
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

    @rule(data=st.data(), at_once=st.booleans(), won=st.sampled_from((None, True, False)))
    def contest(self, data: Any, at_once: bool, won: bool | None) -> None:
        """Once a deposit, and one at a time of a person: the order in which two are told is the gateway's.

        Heard of `at_once`, and maybe decided as well, or whenever everything is heard.
        """
        rows = self.reference.deposits.items()
        unheard = {(row.user, row.currency) for _name, row in rows if row.contest and not row.contest.heard}
        able = [
            name
            for name, row in rows
            if row.state == "settled" and row.refunded < row.amount and not row.contest
            if (row.user, row.currency) not in unheard
        ]
        if able:
            name = data.draw(st.sampled_from([*able, *filter(self._is_spent, able)]))
            deposit = Deposit.objects.get(pk=name)
            self.sweep_of("contest", lambda: dispute_of(deposit), lambda: self.reference.contest(name))
            if at_once:
                self._hear()
                self._decide(name, won)

    @rule(data=st.data(), won=st.booleans(), at_once=st.booleans())
    def decide(self, data: Any, won: bool, at_once: bool) -> None:
        rows = self.reference.deposits.items()
        open_ = [name for name, row in rows if row.contest and row.contest.heard == row.contest.verdict == "open"]
        if open_:
            self._decide(data.draw(st.sampled_from(open_)), won)
            if at_once:
                self._hear()

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

    @rule(data=st.data(), number=people, which=currencies, how=parts)
    def repay(self, data: Any, number: int, which: int, how: Any) -> None:
        currency = self.currencies[which]
        if owing := self._owing():  # who owes nothing pays back now and then
            number, currency = data.draw(st.sampled_from([*owing, *owing, (number, currency)]))
        amount = part(min(self.reference.owed(number, currency), self.wallet(number, currency)), how)

        def act(key: str, amount: int) -> Any:
            return chargebacks.repay.within(self.people[number], amount, currency, token=key)

        self.keyed("repay", amount, act, number, currency)

    @rule(data=st.data(), name=paid_in, how=parts)
    def write_off(self, data: Any, name: Any, how: Any) -> None:
        if lost := [n for n, row in self.reference.deposits.items() if row.contest and row.contest.heard == "lost"]:
            name = data.draw(st.sampled_from([*lost, *lost, name]))
        contest = self.reference.deposits[name].contest
        row = Chargeback.objects.filter(deposit=name).first()
        if not contest or not row:
            return
        amount = part(contest.owed, how)
        first, second = self.world.finance

        def act() -> None:
            asked = movements.propose_write_off.within(row, amount, by=first, reason="Nobody answers.")
            movements.decide.within(asked, by=second, approve=True, reason="Looked at.")

        self.step("write_off", act, lambda: self.reference.write_off(name, amount))

    # --- out --------------------------------------------------------------------------------------

    @rule(target=asked, data=st.data(), number=people, which=currencies, bank=banks_used, how=parts)
    def ask(self, data: Any, number: int, which: int, bank: str, how: Any) -> Any:
        earned = [(n, c) for (kind, n, c), money in self.reference.balances.items() if kind == "available" and money]
        if earned:  # who has nothing is asked for now and then
            number, currency = data.draw(st.sampled_from(earned))
        else:
            currency = self.currencies[which]
        amount = part(self.reference.balances["available", number, currency], how)
        bank = bank if (number, currency, bank) in self.world.accounts else "good"
        method = self.world.accounts[number, currency, bank]

        def act(key: str, amount: int) -> Any:
            return payouts.request.within(self.people[number], method, amount, currency, token=key)

        answer = self.keyed("ask", amount, act, number, currency, bank, reused="payout.other_wish")
        if answer is None:
            return None
        self.reference.payouts[answer.pk] = self.reference.new
        return answer.pk

    @rule(target=asked, data=st.data(), bank=st.sampled_from(("good", "good", "closed")), how=parts)
    def ask_of_cause(self, data: Any, bank: str, how: Any) -> Any:
        """Of what was given to a verified cause, by its keeper."""
        there = {currency: self._given_to(currency) for currency, name in self.world.banks_of_causes if name == bank}
        full = [currency for currency, money in there.items() if money]
        if not full:
            return None
        currency = data.draw(st.sampled_from(full))
        method, cause = self.world.banks_of_causes[currency, bank], self.world.causes[currency].pk

        def act(key: str, amount: int) -> Any:
            return payouts.request.within(method.user, method, amount, currency, token=key)

        amount = part(there[currency], how)
        answer = self.keyed("ask_of_cause", amount, act, cause, bank, reused="payout.other_wish")
        if answer is None:
            return None
        self.reference.payouts[answer.pk] = self.reference.new
        return answer.pk

    def _given_to(self, currency: str) -> int:
        return self.reference.balances["cause", self.world.causes[currency].pk, currency]

    @rule(name=asked)
    def cancel(self, name: Any) -> None:
        if name is not None:
            row = Payout.objects.get(pk=name)
            self.step("cancel", lambda: payouts.cancel.within(row, by=row.user), lambda: self.reference.cancel(name))

    @rule(data=st.data(), name=asked)
    def approve(self, data: Any, name: Any) -> None:
        rows = self.reference.payouts.items()
        if waiting := [n for n, row in rows if row.needs_two and not row.approved and row.waits]:
            name = data.draw(st.sampled_from([*waiting, name]))
        if name is None:
            return
        row = Payout.objects.get(pk=name)
        first, second = self.world.finance

        def act() -> None:
            asked = movements.propose_payout.within(row, by=first, reason="A large one.")
            movements.decide.within(asked, by=second, approve=True, reason="Looked at.")

        self.step("approve", act, lambda: self.reference.approve(name))

    @rule(target=stopped, name=asked, days=st.integers(1, 9))
    def hold_payouts(self, name: Any, days: int) -> Any:
        """Of who asked for one."""
        if name is None:
            return None
        number, until = self.reference.payouts[name].user, clocks.now() + timedelta(days=days)
        first, _second = self.world.finance
        hold = self.step(
            "hold_payouts",
            lambda: payout_holds.hold.within(self.people[number], by=first, reason="A second look.", until=until),
            lambda: self.reference.hold_payouts(number, until),
        )
        self.reference.holds[hold.pk] = self.reference.new
        return hold.pk

    @rule(name=stopped)
    def lift(self, name: Any) -> None:
        if name is None:
            return
        hold = PayoutHold.objects.select_related("user").get(pk=name)
        first, _second = self.world.finance
        self.step(
            "lift",
            lambda: payout_holds.lift.within(hold, by=first, reason="Looked at."),
            lambda: self.reference.lift(name),
        )
