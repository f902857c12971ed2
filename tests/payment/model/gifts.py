"""Rules: tips, support once and every week, donations to a cause."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, multiple, rule

from payment import donations, donations_recurring
from payment.models import Escrow, Pledge, Renewal
from tests.payment.model.base import Model, currencies, part, parts, people
from tests.payment.model.escrows import paid_from
from tests.payment.model.world import KEEPER

pledged: Bundle[Any] = Bundle("pledged")


class GiftRules(Model):
    pledged = pledged

    @rule(
        target=pledged, giver=people, to=people, which=currencies, weekly=st.sampled_from((True, True, False)), how=parts
    )  # fmt: skip
    def support(self, giver: int, to: int, which: int, weekly: bool, how: Any) -> Any:
        """One pledge at a time of a giver in a currency: which of two takes the last money is nobody's promise."""
        currency = self.currencies[which]
        pledges = self.reference.pledges.values()
        every = "week" if weekly else ""
        if any(row.active and (row.giver, row.currency) == (giver, currency) for row in pledges):
            every = ""

        def act(key: str, amount: int) -> Any:
            return donations.give.within(self.people[giver], self.people[to], amount, currency, every=every, token=key)

        amount = part(self._most(giver, currency), how)
        answer = self.keyed("support", amount, act, giver, to, currency, every, reused="donation.token_reused")
        if answer is None:
            return multiple()
        self._name("new", answer.escrow_id)
        if not every:
            return multiple()
        self.reference.pledges[answer.pledge_id] = self.reference.new
        return answer.pledge_id

    @rule(data=st.data(), name=paid_from, by_payer=st.sampled_from((True, True, True, False)), how=parts)
    def tip(self, data: Any, name: Any, by_payer: bool, how: Any) -> None:
        """After a payment, or now and then where none was."""
        work = ("milestone", "dispute", "bonus")  # on a tip there is none
        paid = [name for name, row in self.reference.escrows.items() if row.paid_at and row.kind in work]
        name = self.mostly(data, paid, [name])
        row = self.reference.escrows[name]
        giver = row.payer if by_payer else row.payee

        def act(key: str, amount: int) -> Any:
            return donations.tip.within(self.people[giver], Escrow.objects.get(pk=name), amount, token=key)

        amount = part(self._most(giver, row.currency), how)
        answer = self.keyed("tip", amount, act, giver, name, reused="donation.token_reused")
        if answer is not None:
            self._name("new", answer.escrow_id)

    @rule(giver=st.sampled_from((0, 0, 1, 1, KEEPER)), which=currencies, other=st.sampled_from((0, 0, 0, 1)), how=parts)
    def give_to_cause(self, giver: int, which: int, other: int, how: Any) -> None:
        """To the cause that takes this currency, or to another one."""
        currency = self.currencies[which]
        cause = self.world.causes[self.currencies[which ^ other]]

        def act(key: str, amount: int) -> Any:
            return donations.give.within(self.people[giver], cause, amount, currency, token=key)

        amount = part(self._most(giver, currency), how)
        self.keyed("give_to_cause", amount, act, giver, cause.pk, currency, reused="donation.token_reused")

    def renew(self) -> None:
        self.sweep_of("renew", donations_recurring.sweep, self.reference.renew)
        given = Renewal.objects.filter(outcome="given").values_list("pledge", "number", "donation__escrow")
        for pledge, number, escrow in given:
            if (pledge, number) in self.reference.escrows:
                self._name((pledge, number), escrow)

    @rule(name=pledged)
    def stop(self, name: Any) -> None:
        row = Pledge.objects.select_related("giver").get(pk=name)
        self.step("stop", lambda: donations_recurring.stop.within(row, by=row.giver), lambda: self.reference.stop(name))

    def _most(self, giver: int, currency: str) -> int:
        return min(self.wallet(giver, currency), self.reference.left_today(giver, currency))

    def _name(self, name: Any, escrow: Any) -> None:
        self.reference.escrows[escrow] = self.reference.escrows.pop(name)
