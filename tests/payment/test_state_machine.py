"""Random verbs against a small reference ledger: after each step the balances agree and the audit finds nothing.

`MODEL_STEPS` says how many steps a run has (20,000 for a change in the ledger; `make soak` walks a million).
"""

import os
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from payment import accounts, audit, clearing, earnings, escrow, ledger
from payment.models import Account, Clearing, Entry, Escrow, Transfer
from skilllink import clocks
from skilllink.errors import Refusal
from skilllink.money import LARGEST
from tests.builders.payment import put_in_wallet
from tests.cast import make
from tests.conftest import committed
from tests.payment.reference import Escrow as ReferenceEscrow
from tests.payment.reference import Reference, Refused

STEPS = int(os.environ.get("MODEL_STEPS", "200"))
LONG = 5000  # from here on every verb must have been done and, under other circumstances, refused
AT_ONCE = 50  # steps between one empty ledger and the next
CURRENCIES = ("USD", "EUR", "JPY", "KWD")
VERBS = {
    "give", "take_back", "spend", "hold", "release", "refund", "refund_released", "bonus", "move", "claw_back", "split",
    "clear", "again",
}  # fmt: skip
PEOPLE = ("Ana One", "Ben Two", "Cleo Three")

people = st.integers(0, len(PEOPLE) - 1)
pairs = st.tuples(people, people).filter(lambda pair: pair[0] != pair[1])
currencies = st.integers(0, 1)  # an example deals in two of the four
fees = st.sampled_from((0, 333, 500, 1000, 2000, 10_000))
# a part of what is there: quarters of it or a unit more or less; rarely any figure
quarters = st.tuples(st.integers(1, 4), st.sampled_from((0, 0, -1, 1)))
parts = st.one_of(quarters, quarters, quarters, st.integers(1, 60), st.integers(1, 10**9))


def part(of: int, how: Any) -> int:
    amount = of * how[0] // 4 + how[1] if isinstance(how, tuple) else how
    return min(max(amount, 1), LARGEST)


class Books(RuleBasedStateMachine):
    """Each example has a database of its own, in which transactions commit."""

    template = ""
    walked = 0
    outcomes: Counter[tuple[str, str]] = Counter()
    milestones: Bundle[Any] = Bundle("milestones")
    disputes: Bundle[Any] = Bundle("disputes")
    bonuses: Bundle[Any] = Bundle("bonuses")
    places = st.one_of(milestones, disputes)
    paid_from = st.one_of(milestones, disputes, bonuses)

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.open.enter_context(committed(self.template))
        self.people = [make(name, client=True, freelancer=True) for name in PEOPLE]
        self.names = {person.pk: number for number, person in enumerate(self.people)}
        self.reference = Reference()
        self.done: list[tuple[str, int, Callable[[str, int], Any], Any]] = []
        self.gifts: list[tuple[Transfer, tuple[int, int], str, int]] = []
        self.serial = 0

    def teardown(self) -> None:
        try:
            assert audit.run() == []
        finally:
            self.open.close()

    # --- how a step is taken ----------------------------------------------------------------------

    def step(self, name: str, act: Callable[[], Any], expect: Callable[[], Any]) -> Any:
        """Do what the product does and what the reference does: both, or both refuse for the same reason."""
        Books.walked += 1
        try:
            expect()
            due = "done"
        except Refused as refused:
            due = str(refused)
        answer = None
        try:
            with transaction.atomic():
                answer = act()
            came = "done"
        except Refusal as refusal:
            came = refusal.code
        assert came == due
        Books.outcomes[name, came] += 1
        return answer

    def keyed(self, name: str, amount: int, act: Callable[[str, int], Any], *about: Any) -> Any:
        """A step under a new key, which `again` may repeat; `name` and `about` are the reference's."""
        self.serial += 1
        key = f"test:{self.serial}"
        answer = self.step(name, lambda: act(key, amount), lambda: getattr(self.reference, name)(*about, amount))
        if answer is not None:
            self.done.append((key, amount, act, transfer_of(answer).pk))
        return answer

    def held(self, name: Any) -> int:
        return self.reference.escrows[name].held

    def wallet(self, number: int, currency: str) -> int:
        return self.reference.balances["wallet", number, currency]

    def opened(self, kind: str, pair: tuple[int, int], currency: str, bps: int) -> Any:
        payer, payee = (self.people[number] for number in pair)
        with transaction.atomic():
            row = escrow.open(kind, payer=payer, payee=payee, currency=currency, fee_bps=bps)
        self.reference.escrows[row.pk] = ReferenceEscrow(kind, *pair, currency, bps)
        return row.pk

    # --- money in, between people -----------------------------------------------------------------

    @initialize(two=st.permutations(CURRENCIES), amounts=st.lists(st.integers(1, 10**6), min_size=6, max_size=6))
    def begin(self, two: list[str], amounts: list[int]) -> None:
        self.currencies = two[:2]
        for currency in self.currencies:
            self.add_capital(currency)
        for number, amount in enumerate(amounts):
            self.deposit(number % 3, number % 2, amount)

    def add_capital(self, currency: str) -> None:
        """What the gateway will keep for itself, so that what is held outside covers what is owed."""
        with transaction.atomic():
            capital = Account.objects.create(kind="capital", currency=currency)
            ledger.post(f"test:{currency}", "capital", [(accounts.gateway(currency), -LARGEST), (capital, LARGEST)])
        self.reference.add_capital(currency, LARGEST)

    @rule(number=people, which=currencies, amount=st.integers(1, 10**6) | st.integers(1, LARGEST // 100))
    def deposit(self, number: int, which: int, amount: int) -> None:
        kept, currency = 0, self.currencies[which]

        def act() -> None:
            nonlocal kept
            kept = put_in_wallet(self.people[number], amount, currency).gateway_fee

        Books.walked += 1
        act()
        assert 0 <= kept < max(amount, 2)
        self.reference.deposit(number, currency, amount, kept)

    @rule(pair=pairs, which=currencies, how=parts)
    def give(self, pair: tuple[int, int], which: int, how: Any) -> None:
        currency = self.currencies[which]
        amount = part(self.wallet(pair[0], currency), how)
        source, target = (accounts.wallet(self.people[number], currency) for number in pair)

        def act(key: str, amount: int) -> Transfer:
            return ledger.post(key, "test", [(source, -amount), (target, amount)])

        if answer := self.keyed("give", amount, act, *pair, currency):
            self.gifts.append((answer, pair, currency, amount))

    @rule(data=st.data())
    def reverse(self, data: Any) -> None:
        if not self.gifts:
            return
        gift, pair, currency, amount = data.draw(st.sampled_from(self.gifts))
        lines = [(entry.account, -entry.amount) for entry in gift.entries.select_related("account")]
        self.serial += 1
        key = f"test:{self.serial}"
        self.step(
            "take_back",
            lambda: ledger.post(key, "reversal", lines, reverses=gift),
            lambda: self.reference.take_back(gift.key, *pair, currency, amount),
        )

    @rule(data=st.data(), how=parts)
    def spend(self, data: Any, how: Any) -> None:
        earned = [
            (n, c) for (kind, n, c), balance in self.reference.balances.items() if kind == "available" and balance
        ]
        number, currency = data.draw(st.sampled_from(earned or [(0, self.currencies[0])]))
        amount = part(self.reference.balances["available", number, currency], how)

        def act(key: str, amount: int) -> Transfer:
            return earnings.spend.within(self.people[number], amount, currency, token=key)

        self.keyed("spend", amount, act, number, currency)

    # --- escrows ----------------------------------------------------------------------------------

    @rule(target=milestones, pair=pairs, which=currencies, bps=fees, how=parts)
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

    @rule(target=bonuses, pair=pairs, which=currencies, bps=fees, how=parts)
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
            and other.kind != "bonus"
            and (other.payer, other.payee, other.currency) == (row.payer, row.payee, row.currency)
        ]
        if same:
            self.across(escrow.move, source, data.draw(st.sampled_from(same)), part(row.held, how))

    def across(self, function: Any, source: Any, target: Any, amount: int) -> None:
        def act(key: str, amount: int) -> Any:
            return function(Escrow.objects.get(pk=source), Escrow.objects.get(pk=target), amount, key=key)

        self.keyed(function.__name__, amount, act, source, target)

    # --- disputes ---------------------------------------------------------------------------------

    @rule(target=disputes, source=milestones, how=parts)
    def dispute(self, source: Any, how: Any) -> Any:
        """What is held there is frozen; when nothing is, what is clearing."""
        row = self.reference.escrows[source]
        target = self.opened("dispute", (row.payer, row.payee), row.currency, row.bps)
        if row.held:
            self.across(escrow.move, source, target, part(row.held, how))
        else:
            self.across(escrow.claw_back, source, target, part(row.released - row.cleared, how))
        return target

    @rule(name=disputes)
    def withdraw(self, name: Any) -> None:
        """All of it goes back to where it was frozen from, if it came from one place."""
        row = self.reference.escrows[name]
        for origin, amount in row.frozen_from:
            if amount == row.held:
                self.across(escrow.move, name, origin, amount)
                return

    @rule(name=disputes, how=parts | st.just((0, 0)))
    def split(self, name: Any, how: Any) -> None:
        held = self.held(name)
        amount = held * how[0] // 4 + how[1] if isinstance(how, tuple) else how
        self.keyed("split", amount, on(escrow.split, name), name)

    # --- time -------------------------------------------------------------------------------------

    @rule(data=st.data())
    def clear_one(self, data: Any) -> None:
        waiting = list(Clearing.objects.filter(cleared_at__isnull=True).order_by("due_at", "pk"))
        if not waiting:
            return
        row = data.draw(st.sampled_from(waiting))
        early = data.draw(st.booleans())
        is_next = not any(one.escrow_id == row.escrow_id and one.due_at < row.due_at for one in waiting)

        def expect() -> None:
            if early or not is_next:
                raise Refused("escrow.not_due")
            self.reference.clear(row.escrow_id)

        with clocks.at(row.due_at - timedelta(microseconds=1) if early else row.due_at):
            self.step("clear", lambda: clearing.clear.within(row.pk), expect)

    @rule(days=st.integers(1, 9))
    def sweep(self, days: int) -> None:
        moment = clocks.now() + timedelta(days=days)
        due = Clearing.objects.filter(cleared_at__isnull=True, due_at__lte=moment).order_by("due_at")
        expected = list(due.values_list("escrow", flat=True))
        with clocks.at(moment):
            assert clearing.sweep() == len(expected)
        for name in expected:
            self.reference.clear(name)
        Books.walked += 1

    # --- the same again ---------------------------------------------------------------------------

    @rule(data=st.data(), more=st.sampled_from((0, 1)))
    def again(self, data: Any, more: int) -> None:
        """The same key moves nothing: the same figure is answered as before, another one is refused."""
        if not self.done:
            return
        key, amount, act, first = data.draw(st.sampled_from(self.done))

        def expect() -> None:
            if more:
                raise Refused("ledger.key_reused")

        answer = self.step("again", lambda: act(key, amount + more), expect)
        assert answer is None or transfer_of(answer).pk == first

    # --- what must be true after each step --------------------------------------------------------

    @invariant()
    def balances_agree(self) -> None:
        cached = Account.objects.filter(balance__isnull=False)
        found = {
            (kind, place if user is None else self.names[user], currency): balance
            for kind, user, place, currency, balance in cached.values_list(
                "kind", "user", "escrow", "currency", "balance"
            )
        }
        bare = Entry.objects.filter(account__balance__isnull=True).values_list("account__kind", "account__currency")
        for kind, currency, total in bare.annotate(total=Sum("amount")):
            found[kind, None, currency] = total
        expected = {account: balance for account, balance in self.reference.balances.items() if balance}
        assert {account: balance for account, balance in found.items() if balance} == expected

    @invariant()
    def escrows_agree(self) -> None:
        rows = Escrow.objects.values_list("pk", "held", "released", "fee_taken")
        expected = {
            name: (row.held, row.released, row.fee(0, row.released)) for name, row in self.reference.escrows.items()
        }
        assert {pk: figures for pk, *figures in map(tuple, rows)} == {k: list(v) for k, v in expected.items()}

    @invariant()
    def the_audit_of_what_is_new_finds_nothing(self) -> None:
        assert audit.examine().violations == []


def transfer_of(answer: Any) -> Transfer:
    found: Transfer = getattr(answer, "transfer", answer)
    return found


def on(function: Callable[..., Any], name: Any) -> Callable[[str, int], Any]:
    return lambda key, amount: function(Escrow.objects.get(pk=name), amount, key=key)


def test_random_verbs_agree_with_a_small_reference_ledger(
    template_database: str, django_db_blocker: Any, record_property: Any
) -> None:
    Books.template, Books.walked, Books.outcomes = template_database, 0, Counter()
    rounds = settings(
        max_examples=max(1, min(STEPS // AT_ONCE, 400)),
        stateful_step_count=AT_ONCE,
        derandomize=STEPS < LONG,  # the short walk is always the same, a long one goes where none has been
        database=None,
        print_blob=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    with django_db_blocker.unblock():
        while Books.walked < STEPS:
            run_state_machine_as_test(Books, settings=rounds)
    record_property("outcomes", {f"{act} {end}": count for (act, end), count in sorted(Books.outcomes.items())})
    if STEPS >= LONG:
        assert {act for act, end in Books.outcomes if end == "done"} >= VERBS
        assert VERBS - {"again"} <= {act for act, end in Books.outcomes if end != "done"}
