"""How the machine takes a step, and what must be true after each: of it the rules of every subject are made."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies._internal.featureflags import FeatureFlags

from payment import audit
from payment.models import Account, Entry, Escrow, Transfer
from skilllink import clocks
from skilllink.errors import Refusal
from skilllink.money import LARGEST
from tests.conftest import committed
from tests.payment.reference import Refused
from tests.payment.reference_weeks import WeekReference

CURRENCIES = ("USD", "EUR", "JPY", "KWD")
BEGIN = datetime(2026, 3, 2, 9, 20, tzinfo=UTC)
FEW_RULES = 2  # of nine examples, which know only some of the rules but do these again and again
TICK = timedelta(milliseconds=1)  # an example's steps take less than a minute, unless it waits

people = st.integers(0, 2)
# no filter: one that finds nothing three times ends the whole example
pairs = st.sampled_from([(one, other) for one in range(3) for other in range(3) if one != other])
currencies = st.integers(0, 1)  # an example deals in two of the four
# a part of what is there: quarters of it or a unit more or less; rarely any figure
quarters = st.tuples(st.integers(1, 4), st.sampled_from((0, 0, -1, 1)))
parts = st.one_of(quarters, quarters, quarters, st.integers(1, 60), st.integers(1, 10**9))
# the currencies of an example, and how it walks
starts = st.tuples(st.permutations(CURRENCIES), st.integers(0, 9))


def part(of: int, how: Any) -> int:
    amount = of * how[0] // 4 + how[1] if isinstance(how, tuple) else how
    return min(max(amount, 1), LARGEST)


@dataclass(frozen=True)
class World:
    """What every example begins with: the name of its database, the people, and how the reference says that."""

    database: str
    people: list[Any]
    finance: list[Any]
    accounts: dict[tuple[int, str, str], Any]  # bank accounts by person, currency and how they end
    causes: dict[str, Any]
    banks_of_causes: dict[tuple[str, str], Any]  # by currency and how they end; of verified causes
    moderator: Any
    bids: dict[tuple[tuple[int, int], str], Any]  # on hourly gigs, by client and freelancer and currency
    begin: Callable[[WeekReference], None]


@dataclass
class Walk:
    """What the examples of a run have done together."""

    steps: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)


class Model(RuleBasedStateMachine):
    """Each example has a database of its own, in which transactions commit, and a clock that it moves itself."""

    world: World
    walk = Walk()

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.open.enter_context(committed(self.world.database))
        self.people = self.world.people
        self.names = {person.pk: number for number, person in enumerate(self.people)}
        self.reference = WeekReference(BEGIN)
        if connection.vendor == "postgresql":  # it dates a transfer itself, by a clock that no test moves
            self.reference.dated = lambda: datetime.now(UTC)
        self.world.begin(self.reference)
        self.pass_time(TICK)
        self.done: list[tuple[str, int, Callable[[str, int], Any], Any, str]] = []
        self.serial = 0

    def teardown(self) -> None:
        try:
            assert audit.run() == []
        finally:
            self.open.close()

    @initialize(start=starts)
    def begin(self, start: tuple[list[str], int]) -> None:
        self.start(start)

    def start(self, start: tuple[list[str], int]) -> None:
        currencies, walk = start
        assume(walk)  # a run's first example is the least of everything: one rule that does nothing, over and over
        if walk > FEW_RULES:
            # Hypothesis forbids an example about half of the rules: what needs four of them before it never came
            assert hasattr(self._rules_strategy, "enabled_rules_strategy")
            self._rules_strategy.enabled_rules_strategy = st.just(FeatureFlags())
        self.currencies = currencies[:2]

    # --- how a step is taken ----------------------------------------------------------------------

    def pass_time(self, time: timedelta) -> None:
        self.reference.now += time
        self.open.enter_context(clocks.at(self.reference.now))

    def step(self, name: str, act: Callable[[], Any], expect: Callable[[], Any], *, alone: bool = True) -> Any:
        """Do what the product does and what the reference does: both, or both refuse for the same reason.

        What is not `alone` has transactions of its own.
        """
        self.walk.steps += 1
        self.pass_time(TICK)
        try:
            expect()
            due = "done"
        except Refused as refused:
            due = str(refused)
        answer = None
        try:
            with transaction.atomic() if alone else nullcontext():
                answer = act()
            came = "done"
        except Refusal as refusal:
            came = refusal.code
        assert came == due, f"{name}: the product says {came}, the reference {due}"
        self.walk.outcomes[name, came] += 1
        return answer

    def keyed(
        self, name: str, amount: int, act: Callable[[str, int], Any], *about: Any, reused: str = "ledger.key_reused"
    ) -> Any:
        """A step under a new key, which `again` may repeat; `name` and `about` are the reference's."""
        self.serial += 1
        key = f"test:{self.serial}"
        answer = self.step(name, lambda: act(key, amount), lambda: getattr(self.reference, name)(*about, amount))
        if answer is not None:
            self.done.append((key, amount, act, result_of(answer).pk, reused))
        return answer

    def sweep_of(self, name: str, act: Callable[[], Any], expect: Callable[[], Any]) -> None:
        """A clock of the product: it refuses nothing."""
        self.step(name, act, expect, alone=False)

    def mostly(self, data: Any, fit: Sequence[Any], others: Sequence[Any]) -> Any:
        """One of those that fit, or now and then any."""
        strict = data.draw(st.sampled_from((True, True, True, False)))
        return data.draw(st.sampled_from(fit if fit and strict else others))

    def held(self, name: Any) -> int:
        return self.reference.escrows[name].held

    def wallet(self, number: int, currency: str) -> int:
        return self.reference.balances["wallet", number, currency]

    # --- the same again ---------------------------------------------------------------------------

    @precondition(lambda self: self.done)
    @rule(data=st.data(), more=st.sampled_from((0, 1)))
    def again(self, data: Any, more: int) -> None:
        """The same key moves nothing: the same figure is answered as before, another one is refused."""
        key, amount, act, first, reused = data.draw(st.sampled_from(self.done))

        def expect() -> None:
            if more:
                raise Refused(reused)

        answer = self.step("again", lambda: act(key, amount + more), expect)
        assert answer is None or result_of(answer).pk == first

    # --- what must be true after each step --------------------------------------------------------

    @invariant()
    def balances_agree(self) -> None:
        columns = ("kind", "user", "payout__user", "escrow", "cause", "currency", "balance")
        found: Counter[tuple[str, Any, str]] = Counter()
        for kind, user, payee, escrow, cause, currency, balance in Account.objects.filter(balance__isnull=False).values_list(
            *columns
        ):  # fmt: skip
            whose = escrow or cause or self.names[user or payee]
            found[kind, whose, currency] += balance
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


def result_of(answer: Any) -> Any:
    """The row or the transfer that a verb answered with."""
    return answer.transfer if isinstance(getattr(answer, "transfer", None), Transfer) else answer
