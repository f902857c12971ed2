"""Rules: work by the hour, from the offer that holds a week to the last clock of a dispute about one, by the verbs people use."""

from datetime import timedelta
from typing import Any
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from payment.models import Escrow
from projects import contracts, disputes, hours, milestones, offers, schedule, sweeps, weeks
from projects.models import Clock, Contract, Dispute, Milestone, Offer
from skilllink import clocks
from tests.payment.model.base import TICK, Model, part, parts, starts
from tests.payment.model.world import PAIRS
from tests.payment.reference_weeks import Week

MEMO = "Drew the second sheet."
pairs_of_bids = st.sampled_from(PAIRS)
most_hours = st.sampled_from((1, 7, 10))
ANSWERS = ("accept", "accept", "decline", "withdraw")
rarely = st.sampled_from((False, False, False, True))


class WeekRules(Model):
    def __init__(self) -> None:
        super().__init__()
        self.offered: dict[tuple[tuple[int, int], int], None] = {}  # whose bid in which currency, ever
        self.logged: dict[Any, list[tuple[Any, Any]]] = {}  # by week: begin and end of its entries

    @initialize(start=starts, pair=pairs_of_bids, hours=most_hours)
    def begin(self, start: tuple[list[str], int], pair: tuple[int, int], hours: int) -> None:
        """The way to a week that is paid is long: every example is already on it."""
        self.start(start)
        self.offer_hours(pair, 0, hours, (1, 0))
        self.answer(pair, 0, "accept")

    # --- offers -----------------------------------------------------------------------------------

    @rule(data=st.data(), hours=most_hours, how=parts, answer=st.sampled_from(("", "", *ANSWERS)))
    def offer_one(self, data: Any, hours: int, how: Any, answer: str) -> None:
        """On a bid that has no offer yet, or now and then on any; answered at once, or perhaps before it is too late."""
        every = [(pair, which) for pair in PAIRS for which in (0, 1)]
        free = [one for one in every if self.reference.offers[self.bid(*one).pk].state == "submitted"]
        one = self.mostly(data, free, every)
        self.offer_hours(*one, hours, how)
        if answer and one in self.offered:
            self.answer(*one, answer)

    def offer_hours(self, pair: tuple[int, int], which: int, hours: int, how: Any) -> None:
        bid = self.bid(pair, which)
        client, rate = self.people[pair[0]], max(1, part(self.wallet(pair[0], bid.currency), how) // hours)
        self.weekly(
            "offer",
            lambda: offers.make.within(bid, by=client, amount=rate, hours=hours),
            lambda: self.reference.offer(bid.pk, rate, hours),
        )
        row = self.reference.offers[bid.pk]
        if row.state == "offered":
            self.offered[pair, which] = None
            row.escrow = Offer.objects.filter(bid=bid).latest("round", "pk").escrow_id

    @precondition(lambda self: self.offered)
    @rule(data=st.data(), how=st.sampled_from(ANSWERS))
    def answer_one(self, data: Any, how: str) -> None:
        """Of the offers that wait for it, or now and then one that was answered."""
        self.answer(*self.mostly(data, [*filter(self._waits, self.offered)], list(self.offered)), how)

    def _waits(self, one: tuple[tuple[int, int], int]) -> bool:
        row = self.reference.offers[self.bid(*one).pk]
        return row.state == "offered" and row.until is not None and self.reference.now < row.until

    def answer(self, pair: tuple[int, int], which: int, how: str) -> None:
        bid = self.bid(pair, which)
        offer = Offer.objects.filter(bid=bid).latest("pk")
        verb: Any = getattr(offers, how)
        by = self.people[pair[0] if how == "withdraw" else pair[1]]
        judge = self.reference.accept if how == "accept" else self.reference.end_offer
        name = "accept" if how == "accept" else "end_offer"
        self.weekly(name, lambda: verb.within(offer, by=by), lambda: judge(bid.pk))

    def bid(self, pair: tuple[int, int], which: int) -> Any:
        return self.world.bids[pair, self.currencies[which]]

    # --- a week -----------------------------------------------------------------------------------

    @rule(data=st.data())
    def fund_week(self, data: Any) -> None:
        name = self.week(data, "agreed")
        row, client = self.row(name), self.client(name)
        self.weekly("fund_week", lambda: milestones.fund.within(row, by=client), lambda: self.reference.fund_week(name))

    @rule(data=st.data(), minutes=st.sampled_from((1, 50, 185, 600)), again=rarely, early=rarely)
    def log(self, data: Any, minutes: int, again: bool, early: bool) -> None:
        """After the last entry, or over it once more; when it is over, or before."""
        name = self.week(data, "funded")
        row, known = self.row(name), self.logged.get(name, [])
        begins = known[-1][not again] if known else self.reference.weeks[name].begins_at
        ends, overlaps = begins + timedelta(minutes=minutes), again and bool(known)
        if ends > self.reference.now and not early:
            self.pass_time(ends - self.reference.now)
        answer = self.weekly(
            "log",
            lambda: hours.log.within(row, by=row.contract.freelancer, begins_at=begins, ends_at=ends, memo=MEMO),
            lambda: self.reference.log(name, begins, minutes, overlaps=overlaps),
        )
        if answer is not None:
            self.logged[name] = [*known, (begins, ends)]

    @rule(data=st.data())
    def hand_in(self, data: Any) -> None:
        """An hour of work, and on to the clock that hands it in."""
        name = self.week(data, "funded")
        week = self.reference.weeks[name]
        if week.status == "funded" and not week.logged:
            row, begins = self.row(name), week.begins_at
            self.pass_time(max(timedelta(0), begins + timedelta(hours=1) - self.reference.now))
            entry = {"begins_at": begins, "ends_at": begins + timedelta(hours=1), "memo": MEMO}
            self.weekly(
                "log",
                lambda: hours.log.within(row, by=row.contract.freelancer, **entry),
                lambda: self.reference.log(name, begins, 60, overlaps=False),
            )
            self.logged[name] = [(entry["begins_at"], entry["ends_at"])]
        while self.reference.weeks[name].status == "funded":
            self.ring()

    @rule(data=st.data(), how=parts)
    def pay_week(self, data: Any, how: Any) -> None:
        if data.draw(st.booleans()) and all(week.status != "submitted" for week in self.reference.weeks.values()):
            self.hand_in(data)
        name = self.week(data, "submitted")
        row, amount = self.row(name), part(self.reference.weeks[name].rest, how)
        self.weekly(
            "pay_week",
            lambda: milestones.release.within(row, by=row.contract.client, amount=amount),
            lambda: self.reference.pay_week(name, amount),
        )

    @rule(data=st.data())
    def refund_week(self, data: Any) -> None:
        name = self.week(data, "submitted", "refund_requested")
        row = self.row(name)
        self.weekly(
            "refund_week",
            lambda: milestones.refund.within(row, by=row.contract.freelancer),
            lambda: self.reference.refund_week(name),
        )

    @rule(data=st.data())
    def ask_back(self, data: Any) -> None:
        name = self.week(data, "funded", "submitted")
        row = self.row(name)
        self.weekly(
            "ask_back",
            lambda: milestones.request_refund.within(row, by=row.contract.client, reason="Nothing came of it."),
            lambda: self.reference.ask_back(name),
        )

    @rule(data=st.data())
    def object(self, data: Any) -> None:
        if data.draw(st.booleans()) and all(w.status != "refund_requested" for w in self.reference.weeks.values()):
            self.ask_back(data)
        name = self.week(data, "refund_requested")
        row = self.row(name)
        self.weekly(
            "object",
            lambda: milestones.object_to_refund.within(row, by=row.contract.freelancer),
            lambda: self.reference.object(name),
        )

    @rule(data=st.data(), really=rarely)
    def end_contract(self, data: Any, really: bool) -> None:
        if not really:
            return
        name = data.draw(st.sampled_from(list(Contract.objects.order_by("pk").values_list("pk", flat=True))))
        row = Contract.objects.get(pk=name)
        self.weekly(
            "end_contract",
            lambda: contracts.end.within(row, by=row.client, reason="It is enough."),
            lambda: self.reference.end_contract(name),
        )

    # --- disputes ---------------------------------------------------------------------------------

    @rule(data=st.data(), opener=st.sampled_from(("client", "client", "freelancer")), how=parts)
    def dispute_week(self, data: Any, opener: str, how: Any) -> None:
        name = self.week(data, "submitted", "released")
        week = self.reference.weeks[name]
        row, amount = self.row(name), part(self.reference.disputable(week, opener), how)
        self.weekly(
            "dispute_week",
            lambda: disputes.open.within(
                row, by=getattr(row.contract, opener), amount=amount, reason="Half is missing."
            ),
            lambda: self.reference.dispute_week(name, opener, amount),
        )

    @precondition(lambda self: self.reference.quarrels)
    @rule(data=st.data(), end=st.sampled_from(("withdraw", "accept", "settle", "settle")), how=parts | st.just((0, 0)))
    def end_dispute(self, data: Any, end: str, how: Any) -> None:
        quarrels = self.reference.quarrels
        name = self.mostly(data, [name for name, one in quarrels.items() if one.live], list(quarrels))
        row, one = Dispute.objects.get(pk=name), quarrels[name]
        contract = row.milestone.contract
        to_freelancer = min(one.amount, one.amount * how[0] // 4 if isinstance(how, tuple) else how)

        def act() -> Any:
            if end == "withdraw":
                return disputes.withdraw.within(row, by=row.opened_by)
            if end == "accept":
                return disputes.accept_claim.within(row, by=contract.other(row.opened_by))
            return disputes.settle.within(
                row, by=self.world.moderator, to_freelancer=to_freelancer, reason="Both are right."
            )

        self.weekly("end_dispute", act, lambda: self.reference.end_dispute(name, end, to_freelancer))

    # --- clocks -----------------------------------------------------------------------------------

    @rule()
    def ring(self) -> None:
        """On to the next clock that isn't a reminder; what is due then rings, one by one."""
        following = Clock.objects.live().exclude(kind__endswith=".remind").order_by("due_at", "id").first()
        if following is not None and following.due_at > self.reference.now:
            self.pass_time(following.due_at - self.reference.now)
        while clock := Clock.objects.due(self.reference.now + TICK).first():
            self.ring_one(clock)

    def ring_one(self, clock: Clock) -> None:
        def expect() -> None:
            step = schedule.decide(clock, now=clocks.now())
            act = step.act if step.at <= clocks.now() else "skip"
            row = clock.milestone
            self.reference.ring(act, row and (row.contract_id, row.week), clock.dispute_id)

        def act() -> None:
            with mock.patch.object(sweeps, "LOOK", 1):
                assert sweeps.sweep() == 1

        self.weekly("ring", act, expect, alone=False)

    # --- names ------------------------------------------------------------------------------------

    def week(self, data: Any, *states: str) -> Any:
        """One in such a state, or now and then any."""
        weeks = self.reference.weeks
        fit = [name for name, week in weeks.items() if week.status in states]
        return self.mostly(data, fit, list(weeks))

    def row(self, name: Any) -> Milestone:
        contract, monday = name
        rows = Milestone.objects.filter(contract=contract, week=monday).order_by("-position")
        found = rows.select_related("contract__client", "contract__freelancer").first()
        assert found is not None
        return found

    def client(self, name: Any) -> Any:
        return self.people[self.reference.weeks[name].client]

    def weekly(self, name: str, act: Any, expect: Any, *, alone: bool = True) -> Any:
        """A step, after which what it made has its name in the reference too."""
        answer = self.step(name, act, expect, alone=alone)
        names, reference = {}, self.reference
        if "new" in reference.escrows:
            [pk] = Escrow.objects.exclude(pk__in=reference.escrows.keys() - {"new"}).values_list("pk", flat=True)
            reference.escrows[pk] = reference.escrows.pop("new")
            for kind, whose, currency in [account for account in reference.balances if account[1] == "new"]:
                reference.balances[kind, pk, currency] = reference.balances.pop((kind, whose, currency))
            names["escrow"] = pk
        if "new" in reference.active:
            names["contract"] = Contract.objects.latest("pk").pk
            reference.active = {names["contract"] if one == "new" else one for one in reference.active}
        if "new" in reference.quarrels:
            reference.quarrels[Dispute.objects.latest("pk").pk] = reference.quarrels.pop("new")
        for one in [*reference.weeks.values(), *reference.quarrels.values()]:
            one.escrow = names.get("escrow") if one.escrow == "new" else one.escrow
            if isinstance(one, Week) and one.contract == "new":
                one.contract = names["contract"]
        reference.weeks = {(week.contract, week.monday): week for week in reference.weeks.values()}
        return answer

    # --- what must be true ------------------------------------------------------------------------

    @invariant()
    def weeks_agree(self) -> None:
        rows = Milestone.objects.filter(rate__isnull=False).order_by("position")
        found = {(row.contract_id, row.week): _facts(row) for row in rows.prefetch_related("entries")}
        assert found == {
            name: (week.status, week.amount, week.rest, week.released, week.refunded, week.logged, week.escrow)
            for name, week in self.reference.weeks.items()
        }


def _facts(row: Milestone) -> tuple[Any, ...]:
    return row.status, row.amount, row.rest, row.released, row.refunded, weeks.logged(row), row.escrow_id
