"""Rules: money between people, held for milestones and disputes, paid, taken back and cleared."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, precondition, rule

from payment import accounts, clearing, earnings, escrow, ledger
from payment.models import Clearing, Escrow, Transfer
from skilllink import clocks
from tests.payment.model.base import Model, currencies, pairs, part, parts
from tests.payment.reference import Escrow as ReferenceEscrow
from tests.payment.reference import Refused

fees = st.sampled_from((0, 333, 500, 1000, 2000, 10_000))
milestones: Bundle[Any] = Bundle("milestones")
disputes: Bundle[Any] = Bundle("disputes")
bonuses: Bundle[Any] = Bundle("bonuses")
# of several kinds, yet one bundle: a rule that draws from several is tried while all are empty, which ends the example
places: Bundle[Any] = Bundle("places")
paid_from: Bundle[Any] = Bundle("paid_from")


class EscrowRules(Model):
    milestones, disputes, bonuses, places, paid_from = milestones, disputes, bonuses, places, paid_from

    def __init__(self) -> None:
        super().__init__()
        self.gifts: list[tuple[Transfer, tuple[int, int], str, int]] = []

    def opened(self, kind: str, pair: tuple[int, int], currency: str, bps: int) -> Any:
        payer, payee = (self.people[number] for number in pair)
        with transaction.atomic():
            row = escrow.open(kind, payer=payer, payee=payee, currency=currency, fee_bps=bps)
        self.reference.escrows[row.pk] = ReferenceEscrow(kind, *pair, currency, bps)
        return row.pk

    # --- between people ---------------------------------------------------------------------------

    @rule(pair=pairs, which=currencies, how=parts)
    def give(self, pair: tuple[int, int], which: int, how: Any) -> None:
        currency = self.currencies[which]
        amount = part(self.wallet(pair[0], currency), how)
        source, target = (accounts.wallet(self.people[number], currency) for number in pair)

        def act(key: str, amount: int) -> Transfer:
            return ledger.post.within(key, "test", [(source, -amount), (target, amount)])

        if answer := self.keyed("give", amount, act, *pair, currency):
            self.gifts.append((answer, pair, currency, amount))

    @precondition(lambda self: self.gifts)
    @rule(data=st.data())
    def reverse(self, data: Any) -> None:
        gift, pair, currency, amount = data.draw(st.sampled_from(self.gifts))
        lines = [(entry.account, -entry.amount) for entry in gift.entries.select_related("account")]
        self.serial += 1
        key = f"test:{self.serial}"
        self.step(
            "take_back",
            lambda: ledger.post.within(key, "reversal", lines, reverses=gift),
            lambda: self.reference.take_back(gift.key, *pair, currency, amount),
        )

    @rule(data=st.data(), how=parts)
    def spend(self, data: Any, how: Any) -> None:
        earned = [
            (n, c) for (kind, n, c), balance in self.reference.balances.items() if kind == "available" and balance
        ]
        self.spend_of(*data.draw(st.sampled_from(earned or [(0, self.currencies[0])])), how)

    def spend_of(self, number: int, currency: str, how: Any) -> None:
        amount = part(self.reference.balances["available", number, currency], how)

        def act(key: str, amount: int) -> Transfer:
            return earnings.spend.within(self.people[number], amount, currency, token=key)

        self.keyed("spend", amount, act, number, currency)

    # --- escrows ----------------------------------------------------------------------------------

    @rule(targets=(milestones, places, paid_from), pair=pairs, which=currencies, bps=fees, how=parts)
    def fund(self, pair: tuple[int, int], which: int, bps: int, how: Any) -> Any:
        name = self.opened("milestone", pair, self.currencies[which], bps)
        self.hold(name, how)
        return name

    @rule(name=milestones, how=parts)
    def hold(self, name: Any, how: Any) -> None:
        row = self.reference.escrows[name]
        amount = part(self.wallet(row.payer, row.currency), how)
        self.keyed("hold", amount, on(escrow.hold, name), name)

    @rule(name=places, how=parts)
    def release(self, name: Any, how: Any) -> None:
        amount = part(self.held(name), how)
        self.keyed("release", amount, on(escrow.release, name), name)

    @rule(name=places, how=parts)
    def refund(self, name: Any, how: Any) -> None:
        amount = part(self.held(name), how)
        self.keyed("refund", amount, on(escrow.refund, name), name)

    @rule(name=paid_from, how=parts)
    def refund_released(self, name: Any, how: Any) -> None:
        amount = part(self.reference.escrows[name].released, how)
        self.keyed("refund_released", amount, on(escrow.refund_released, name), name)

    @rule(targets=(bonuses, paid_from), pair=pairs, which=currencies, bps=fees, how=parts)
    def bonus(self, pair: tuple[int, int], which: int, bps: int, how: Any) -> Any:
        name = self.opened("bonus", pair, self.currencies[which], bps)
        self.bonus_again(name, how)
        return name

    @rule(name=bonuses, how=parts)
    def bonus_again(self, name: Any, how: Any) -> None:
        row = self.reference.escrows[name]
        amount = part(self.wallet(row.payer, row.currency), how)
        self.keyed("bonus", amount, on(escrow.bonus, name), name)

    @rule(data=st.data(), source=places, how=parts)
    def move(self, data: Any, source: Any, how: Any) -> None:
        """To another escrow of the same two people, as an amendment or the end of a dispute does."""
        row = self.reference.escrows[source]
        same = [
            name
            for name, other in self.reference.escrows.items()
            if name != source
            and other.kind in ("milestone", "dispute")
            and not other.of_week
            and (other.payer, other.payee, other.currency) == (row.payer, row.payee, row.currency)
        ]
        if same:
            self.across(escrow.move, source, data.draw(st.sampled_from(same)), part(row.held, how))

    def across(self, function: Any, source: Any, target: Any, amount: int) -> None:
        def act(key: str, amount: int) -> Any:
            return function(Escrow.objects.get(pk=source), Escrow.objects.get(pk=target), amount, key=key)

        self.keyed(function.__name__, amount, act, source, target)

    # --- disputes ---------------------------------------------------------------------------------

    @rule(targets=(disputes, places, paid_from), data=st.data(), source=milestones, how=parts)
    def dispute(self, data: Any, source: Any, how: Any) -> Any:
        """What is held there is frozen; when nothing is, and now and then before, what is clearing."""
        clearing = [name for name, row in self.reference.escrows.items() if self._is_clearing(row)]
        released = bool(clearing) and data.draw(st.booleans())
        source = data.draw(st.sampled_from(clearing)) if released else source
        row = self.reference.escrows[source]
        target = self.opened("dispute", (row.payer, row.payee), row.currency, row.bps)
        if row.held and not released:
            self.across(escrow.move, source, target, part(row.held, how))
        else:
            self.across(escrow.claw_back, source, target, part(row.released - row.cleared, how))
        return target

    def _is_clearing(self, row: ReferenceEscrow) -> bool:
        return row.kind == "milestone" and row.released > row.cleared

    @rule(name=disputes)
    def withdraw(self, name: Any) -> None:
        """All of it goes back to where it was frozen from, if it came from one place."""
        row = self.reference.escrows[name]
        for origin, amount in row.frozen_from:
            if amount == row.held:
                self.across(escrow.move, name, origin, amount)
                return

    @rule(data=st.data(), name=disputes, how=parts | st.just((0, 0)))
    def split(self, data: Any, name: Any, how: Any) -> None:
        rows = self.reference.escrows.items()
        frozen = [name for name, row in rows if row.kind == "dispute" and row.held and not row.of_week]
        name = self.mostly(data, frozen, [name])
        held = self.held(name)
        amount = held * how[0] // 4 + how[1] if isinstance(how, tuple) else how
        self.keyed("split", amount, on(escrow.split, name), name)

    # --- time -------------------------------------------------------------------------------------

    @precondition(lambda self: any(row.ends for row in self.reference.escrows.values()))
    @rule(data=st.data())
    def clear_one(self, data: Any) -> None:
        waiting = list(Clearing.objects.filter(cleared_at__isnull=True).order_by("due_at", "pk"))
        row = data.draw(st.sampled_from(waiting))
        early = data.draw(st.booleans())
        is_next = not any(one.escrow_id == row.escrow_id and one.due_at < row.due_at for one in waiting)

        def expect() -> None:
            if early or not is_next:
                raise Refused("escrow.not_due")
            self.reference.clear(row.escrow_id)

        def act() -> None:
            with clocks.at(row.due_at - timedelta(microseconds=1) if early else row.due_at):
                clearing.clear.within(row.pk)

        self.step("clear", act, expect)

    def clear_all(self) -> None:
        due = Clearing.objects.filter(cleared_at__isnull=True, due_at__lte=clocks.now()).order_by("due_at")
        expected = list(due.values_list("escrow", flat=True))

        def expect() -> None:
            for name in expected:
                self.reference.clear(name)

        def act() -> None:
            assert sum(iter(clearing.sweep, 0)) == len(expected)

        self.sweep_of("clear_all", act, expect)


def on(function: Callable[..., Any], name: Any) -> Callable[[str, int], Any]:
    return lambda key, amount: function(Escrow.objects.get(pk=name), amount, key=key)
