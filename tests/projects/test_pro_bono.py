"""Pro bono: work donated to a verified cause goes through the same contract, and no money is held or moved."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from payment import audit, causes
from payment.models import Cause, Entry, Escrow, Paper, Transfer
from projects import (
    bids,
    bonuses,
    contracts,
    disputes,
    feedback,
    gig_fields,
    gigs,
    milestones,
    offers,
    pro_bono,
    schedule,
    score,
    sweeps,
    timeline,
    tips,
)  # fmt: skip
from projects.models import Contract, Gig, Milestone, Offer, Review
from projects.rules import rule
from skilllink import clocks
from skilllink.errors import Refusal
from skilllink.money import BadAmount
from tests.abuse.proof import nothing_changes
from tests.builders.pro_bono import cause_of, donated_contract, donated_gig
from tests.builders.projects_gigs import LETTER, live_bid, open_gig
from tests.cast import staff
from users.models import Notification, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def cause(outsider: User, moderator: User) -> Cause:
    """Kept by Olga, verified."""
    return cause_of(outsider, moderator)


@pytest.fixture
def contract(cause: Cause, freelancer: User) -> Contract:
    return donated_contract(cause, freelancer, "The map", "The signs")


def step(contract: Contract, position: int = 1) -> Milestone:
    return Milestone.objects.get(contract=contract, position=position)


def hand_in(contract: Contract, position: int = 1) -> Milestone:
    milestones.deliver(step(contract, position), by=contract.freelancer, note="Here it is.")
    return step(contract, position)


def no_money() -> None:
    assert (Entry.objects.count(), Escrow.objects.count(), Paper.objects.count(), Transfer.objects.count()) == (0,) * 4
    assert audit.run() == []


# --- the whole way --------------------------------------------------------------------------------


def test_donated_work_is_agreed_delivered_changed_accepted_and_reviewed_without_a_transfer(
    contract: Contract, cause: Cause, freelancer: User
) -> None:
    keeper = cause.keeper
    assert (contract.cause, contract.amount, contract.fee_bps, contract.is_pro_bono) == (cause, 0, 0, True)
    assert [(row.status, row.amount, row.escrow) for row in contract.milestones.all()] == [("funded", 0, None)] * 2
    row = hand_in(contract)
    milestones.request_changes(row, by=keeper, reason="The pond is missing.", items=["Draw the pond"])
    row = hand_in(contract)
    assert row.review_due_at is not None and schedule.plans(row, now=clocks.now())[0].kind == "milestone.release"
    milestones.release(row, by=keeper, version=row.version)
    assert step(contract).status == "released"
    milestones.release(hand_in(contract, 2), by=keeper)
    contract.refresh_from_db()
    assert (contract.status, contract.result) == ("closed", "completed")
    assert {"offer.sent_pro_bono", "milestone.accepted", "contract.closed"} <= set(told(freelancer))
    feedback.write(
        contract, by=keeper, axes={"quality": 5, "communication": 5, "deadlines": 5, "scope": 5}, text="Fine"
    )
    assert Review.objects.get(author=keeper).status == "written"
    no_money()


def test_silence_accepts_when_the_review_ends_and_nothing_else_rings(contract: Contract, cause: Cause) -> None:
    row = hand_in(contract)
    assert row.review_due_at is not None
    steps = [one for one in schedule.upcoming(contract, now=clocks.now()) if one.milestone == row]
    assert {one.act for one in steps} == {"remind", "release"}
    for days in range(1, 15):
        with clocks.at(clocks.now() + timedelta(days=days)):
            while sweeps.sweep():
                continue
    with clocks.at(row.review_due_at):
        while sweeps.sweep():
            continue
    row, other = step(contract), step(contract, 2)
    assert (row.status, row.released_by_clock, other.status) == ("released", True, "funded")
    heard = told(cause.keeper)
    assert (heard.count("milestone.accepted"), heard.count("milestone.review_reminder")) == (1, 0)
    assert "milestone.accept_reminder" in heard
    no_money()


def rings(contract: Contract, act: str) -> None:
    """The next `act` that is announced happens then, and not a second before."""
    at = next(one.at for one in schedule.upcoming(contract, now=clocks.now()) if one.act == act)
    before = schedule.upcoming(contract, now=clocks.now())
    with clocks.at(at - timedelta(seconds=1)):
        while sweeps.sweep():
            continue
        still = {one.act for one in schedule.upcoming(contract, now=clocks.now())}
        assert act in still and {one.act for one in before} >= still
    with clocks.at(at):
        while sweeps.sweep():
            continue


def told(person: User) -> list[str]:
    return list(Notification.objects.filter(recipient=person).order_by("seq").values_list("event", flat=True))


def cards(contract: Contract, viewer: User) -> str:
    """What the page says of the milestones, at this moment."""
    client = Client()
    client.force_login(viewer)
    return client.get(contract.get_absolute_url()).content.decode()


def test_what_never_arrives_is_announced_and_dropped_by_the_clock(cause: Cause, freelancer: User) -> None:
    contract = donated_contract(cause, freelancer)
    row = step(contract)
    assert row.due_at is not None
    notice, drop = schedule.upcoming(contract, now=clocks.now())
    assert (notice.act, notice.at, drop.act, drop.at) == (
        "notice", row.due_at + rule("STALE_AFTER_DUE"), "drop", notice.at + rule("STALE_NOTICE"),
    )  # fmt: skip
    for person in (cause.keeper, freelancer):
        assert "If nothing arrives, we announce it on" in cards(contract, person)
    rings(contract, "notice")
    with clocks.at(notice.at):
        for person in (cause.keeper, freelancer):
            assert told(person)[-1] == "milestone.overdue"
            assert "It is overdue. If nothing arrives, it is dropped on" in cards(contract, person)
        rings(contract, "drop")
    row, contract = step(contract), Contract.objects.get(pk=contract.pk)
    assert (row.status, row.ended_at, contract.status, contract.result) == ("cancelled", drop.at, "closed", "cancelled")
    for person in (cause.keeper, freelancer):
        assert told(person)[-2:] == ["milestone.cancelled", "contract.closed"]
        assert "was dropped" in cards(contract, person)
    no_money()


def test_a_delivery_stops_that_clock_and_changes_that_never_come_are_dropped_after_75_days(
    cause: Cause, freelancer: User
) -> None:
    contract = donated_contract(cause, freelancer)
    milestones.request_changes(hand_in(contract), by=cause.keeper, reason="The pond.", items=["Draw the pond"])
    assert [one.act for one in schedule.upcoming(contract, now=clocks.now())] == ["remind", "remind", "drop"]
    for person in (cause.keeper, freelancer):
        assert "If nobody does anything here, it is dropped on" in cards(contract, person)
    drop = schedule.upcoming(contract, now=clocks.now())[-1]
    rings(contract, "drop")
    assert step(contract).status == "cancelled" and drop.at - clocks.now() > rule("IDLE_REFUND") - timedelta(days=1)
    assert told(freelancer).count("milestone.drop_reminder") == told(cause.keeper).count("milestone.drop_reminder") > 0
    no_money()


def test_ending_the_contract_or_delivering_late_stands_the_clock_down(contract: Contract, cause: Cause) -> None:
    notice = schedule.upcoming(contract, now=clocks.now())[0]
    with clocks.at(notice.at):
        while sweeps.sweep():
            continue
        hand_in(contract)
        contracts.end(contract, by=cause.keeper, reason="The school moves.")
        assert {one.act for one in schedule.upcoming(contract, now=clocks.now())} == {"remind", "release"}
    with clocks.at(notice.at + rule("STALE_NOTICE")), nothing_changes():
        assert sweeps.sweep() == 0
    assert (step(contract).status, step(contract, 2).status) == ("submitted", "cancelled")


def test_a_further_milestone_begins_when_both_have_agreed(contract: Contract, freelancer: User, cause: Cause) -> None:
    more = milestones.propose(contract, by=freelancer, title="A poster", amount=0, days=5)
    milestones.agree(more, by=cause.keeper)
    more.refresh_from_db()
    assert (more.status, more.due_at is not None) == ("funded", True)
    text = contract.terms.order_by("-version").values_list("text", flat=True)[0]
    assert contracts.read(text)["pro_bono_for"] == cause.title
    with nothing_changes(), pytest.raises(pro_bono.WithAmount):
        milestones.propose(contract, by=freelancer, title="A poster", amount=1, days=5)
    no_money()


def test_who_ends_it_drops_what_is_not_handed_in_and_the_rest_is_reviewed(contract: Contract, cause: Cause) -> None:
    hand_in(contract)
    contracts.end(contract, by=cause.keeper, reason="The school moves.")
    assert (step(contract).status, step(contract, 2).status) == ("submitted", "cancelled")
    with nothing_changes(), pytest.raises(milestones.ContractNotActive):
        milestones.request_changes(step(contract), by=cause.keeper, reason="More.", items=["More"])
    milestones.release(step(contract), by=cause.keeper)
    contract.refresh_from_db()
    assert (contract.status, contract.result) == ("closed", "terminated")
    no_money()


def test_an_offer_without_money_is_countered_declined_and_expires(cause: Cause, freelancer: User) -> None:
    bid = live_bid(donated_gig(cause), freelancer, amount=0)
    offer = offers.make(bid, by=cause.keeper)
    assert (offer.amount, offer.fee_bps, offer.escrow, offer.to_hold) == (0, 0, None, 0)
    reply = offers.counter(offer, by=freelancer, days=9, milestones=[{"title": "All", "days": 9, "amount": 0}])
    with nothing_changes(), pytest.raises(pro_bono.WithAmount):
        offers.counter(reply, by=cause.keeper, amount=1)
    offers.decline(reply, by=cause.keeper, reason="Too soon")
    again = offers.make(bid, by=cause.keeper)
    with clocks.at(again.due_at):
        offers.expire(again)
    assert Notification.objects.filter(event="offer.expired_pro_bono").count() == 2
    assert Offer.objects.filter(escrow__isnull=False).count() == 0
    no_money()


def test_the_timeline_tells_of_it_without_a_figure(contract: Contract, cause: Cause, freelancer: User) -> None:
    hand_in(contract)
    for viewer in (cause.keeper, freelancer):
        steps = schedule.upcoming(contract, now=clocks.now())
        lines = timeline.build(contract, viewer, now=clocks.now(), steps=steps)
        text = " ".join(f"{row.sentence} {row.detail}" for row in [*lines.past, *lines.future])
        assert "accepted" in text
        assert not [word for word in ("$", "fee", "withdraw", "released") if word in text], text


def test_it_weighs_nothing_in_the_open_score(contract: Contract, cause: Cause, freelancer: User) -> None:
    before = score.of([freelancer.pk])[freelancer.pk]
    for position in (1, 2):
        milestones.release(hand_in(contract, position), by=cause.keeper)
    assert score.of([freelancer.pk])[freelancer.pk] == before


# --- refused, and nothing moved -------------------------------------------------------------------


def test_only_the_keeper_of_a_verified_cause_posts_pro_bono(
    cause: Cause, client_person: User, outsider: User, moderator: User
) -> None:
    free: dict[str, Any] = {"budget_min": None, "budget_max": None}
    with nothing_changes(), pytest.raises(pro_bono.NotKeeper) as refusal:
        open_gig(client_person, cause=cause, **free)
    assert (refusal.value.status, "keeps a cause" in str(refusal.value.sentence)) == (403, True)
    waiting = cause_of(outsider)
    with nothing_changes():
        with pytest.raises(pro_bono.NotVerified) as early:
            open_gig(outsider, cause=waiting, **free)
        with pytest.raises(Refusal) as unknown:
            open_gig(client_person, cause=waiting.slug, **free)
        with pytest.raises(gig_fields.Incomplete) as nothing:
            open_gig(client_person, cause="nothing-there", **free)
    assert (early.value.status, unknown.value.status, nothing.value.status) == (409, 422, 422)
    assert unknown.value.fields == nothing.value.fields
    causes.close(cause, by=outsider)
    with nothing_changes(), pytest.raises(pro_bono.NotVerified):
        donated_gig(cause)


@pytest.mark.parametrize("budget", [{"budget_min": 1}, {"budget_max": 100_000}, {"kind": "hourly"}])
def test_pro_bono_with_a_price_is_no_gig(cause: Cause, budget: dict[str, Any]) -> None:
    with nothing_changes(), pytest.raises(pro_bono.WithAmount) as refusal:
        donated_gig(cause, **budget)
    assert (refusal.value.status, set(refusal.value.fields)) == (422, set(budget))


def test_zero_is_a_budget_of_pro_bono_work_and_of_nothing_else(cause: Cause, outsider: User) -> None:
    gig = donated_gig(cause, budget_min=0, budget_max=0)
    assert (gig.budget_min, gig.budget_max, gig.budget_text) == (0, 0, "Pro bono")
    with nothing_changes(), pytest.raises(BadAmount):
        open_gig(outsider, budget_min=0)
    with nothing_changes(), pytest.raises(BadAmount):
        donated_gig(cause, budget_min=False)


@pytest.mark.parametrize("amount", [1, -1, True, "0", 0.0, 2**63])
def test_a_bid_on_it_has_no_amount(cause: Cause, freelancer: User, amount: Any) -> None:
    gig = donated_gig(cause)
    with nothing_changes():
        with pytest.raises(pro_bono.WithAmount):
            bids.submit(gig, freelancer, amount=amount, days=5, letter=LETTER)
        steps = [{"title": "All", "days": 5, "amount": amount}]
        with pytest.raises(pro_bono.WithAmount):
            bids.submit(gig, freelancer, amount=0, days=5, letter=LETTER, milestones=steps)
    paid = open_gig(cause.keeper)
    with nothing_changes(), pytest.raises(BadAmount):
        bids.submit(paid, freelancer, amount=0, days=5, letter=LETTER)


def test_a_posted_gig_stays_what_it_is(cause: Cause, outsider: User) -> None:
    donated, paid = donated_gig(cause), open_gig(outsider)
    with nothing_changes():
        with pytest.raises(pro_bono.Fixed):
            gigs.edit(donated, by=outsider, cause=None, budget_min=1_000, budget_max=2_000)
        with pytest.raises(pro_bono.Fixed):
            gigs.edit(paid, by=outsider, cause=cause, budget_min=None, budget_max=None)
    assert gigs.edit(donated, by=outsider, title="Map of forty-one school gardens").is_pro_bono


def test_a_draft_changes_its_mind(cause: Cause, outsider: User) -> None:
    draft = gigs.save_draft(outsider, title="Half", cause=cause)
    assert (draft.budget_min, draft.is_pro_bono) == (0, True)
    draft = gigs.save_draft(outsider, draft, cause=None)
    assert (draft.budget_min, draft.is_pro_bono) == (None, False)


def test_no_act_over_money_is_possible_and_each_says_the_way_out(
    contract: Contract, cause: Cause, freelancer: User
) -> None:
    keeper = cause.keeper
    row = hand_in(contract)
    acts: list[Any] = [
        lambda: milestones.fund(row, by=keeper),
        lambda: milestones.refund(row, by=freelancer),
        lambda: milestones.request_refund(row, by=keeper, reason="Back."),
        lambda: disputes.open(row, by=freelancer, reason="Not fair."),
        lambda: bonuses.pay(contract, by=keeper, amount=1_000),
        lambda: tips.give(row, by=keeper, amount=1_000),
    ]
    with nothing_changes():
        for act in acts:
            with pytest.raises(pro_bono.NoMoney) as refusal:
                act()
            assert (refusal.value.status, "end the contract" in str(refusal.value.sentence)) == (409, True)
        with pytest.raises(pro_bono.WithAmount):
            milestones.release(row, by=keeper, amount=1)


def test_no_constraint_lets_a_price_into_it_or_nothing_elsewhere(contract: Contract, client_person: User) -> None:
    paid = open_gig(client_person)
    for rows, wrong in (
        (Contract.objects.filter(pk=contract.pk), {"cause": None}),
        (Contract.objects.filter(pk=contract.pk), {"amount": 1}),
        (Contract.objects.filter(pk=contract.pk), {"fee_bps": 500}),
        (Offer.objects.filter(contract=contract), {"fee_bps": 500}),
        (Gig.objects.filter(pk=contract.gig_id), {"budget_max": 1}),
        (Gig.objects.filter(pk=paid.pk), {"budget_min": 0, "budget_max": 0}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)
    Milestone.objects.filter(pk=step(contract, 2).pk).update(status="agreed", funded_at=None, amount=5)
    assert [one.invariant for one in audit.run()] == ["L9"]


def test_a_cause_that_was_closed_takes_no_more_work(cause: Cause, freelancer: User) -> None:
    bid = live_bid(donated_gig(cause), freelancer, amount=0)
    causes.close(cause, by=staff("Mo Der", "Moderator"))
    with nothing_changes(), pytest.raises(pro_bono.NotVerified):
        offers.make(bid, by=cause.keeper)
