"""A gig by the hour: a bid is a rate and the most hours of a week, an offer holds a week, the contract goes on in weeks."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from payment import accounts
from payment.models import Entry, Transfer
from projects import (
    bid_changes,
    bid_fields,
    bids,
    contracts,
    gigs,
    hours,
    live_board,
    offer_terms,
    offers,
    schedule,
    sweeps,
)
from projects.models import Bid, Contract, Milestone, Offer
from skilllink import clocks
from skilllink.errors import Refusal
from skilllink.money import BadAmount
from tests.abuse.proof import nothing_changes
from tests.builders.payment import put_in_wallet
from tests.builders.projects_gigs import LETTER, hourly_bid, hourly_gig, live_bid, open_gig
from tests.builders.projects_hours import MONDAY, WEDNESDAY, WEEK
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_a_wednesday")]


@pytest.fixture
def bid(client_person: User, freelancer: User) -> Bid:
    return hourly_bid(hourly_gig(client_person), freelancer)


def wallet(user: User) -> int:
    return accounts.balances(user).get("USD", {}).get("wallet", 0)


def offered(bid: Bid, weeks: int = 1, **changes: Any) -> Offer:
    put_in_wallet(bid.gig.client, weeks * WEEK)
    return offers.make(bid, by=bid.gig.client, **changes)


def entries(transfer: Transfer) -> dict[Any, int]:
    return dict(Entry.objects.filter(transfer=transfer).values_list("account__escrow", "amount"))


# --- the whole way --------------------------------------------------------------------------------


def test_an_offer_holds_a_week_and_the_contract_it_becomes_goes_on_in_weeks(bid: Bid) -> None:
    offer = offered(bid, weeks=2)
    assert (offer.amount, offer.hours, offer.milestones, offer.to_hold) == (5_000, 10, [], WEEK)
    assert (offer.escrow.held, wallet(bid.gig.client)) == (WEEK, WEEK)
    contract = offers.accept(offer, by=bid.freelancer, version=offer.version)
    first, second = contract.milestones.order_by("position")
    assert (first.week, first.status, first.amount, first.rest) == (MONDAY.date(), "funded", WEEK, WEEK)
    assert (first.rate, first.minutes) == (5_000, 600)
    assert (second.week, second.status, second.rest) == (date(2026, 3, 16), "agreed", 0)
    moved = Transfer.objects.get(key=f"milestone:{first.pk}:fund")
    assert entries(moved) == {offer.escrow_id: -WEEK, first.escrow_id: WEEK}
    offer.escrow.refresh_from_db()
    assert (offer.escrow.held, wallet(bid.gig.client)) == (0, WEEK)
    with clocks.at(MONDAY + timedelta(hours=12)):
        begins = MONDAY + timedelta(hours=9)
        hours.log(first, by=bid.freelancer, begins_at=begins, ends_at=begins + timedelta(hours=3), memo="Drew a sheet.")
    with clocks.at(MONDAY + timedelta(days=7)):
        while sweeps.sweep():
            continue
    second.refresh_from_db()
    assert (second.status, second.rest, wallet(bid.gig.client)) == ("funded", WEEK, 0)


def test_the_terms_that_both_sign_name_the_rate_and_the_limit(bid: Bid) -> None:
    contract = offers.accept(offered(bid), by=bid.freelancer)
    terms = contracts.read(contract.terms.get().text)
    assert (contract.amount, terms["amount"]) == (WEEK, WEEK)
    assert terms["milestones"] == [
        {"title": "Week of 2026-03-09", "description": "", "amount": WEEK, "days": 7, "rate_an_hour": 5_000,
         "minutes_a_week": 600}
    ]  # fmt: skip


def test_the_contract_says_what_happens_to_its_first_week_if_nobody_acts(bid: Bid) -> None:
    contract = offers.accept(offered(bid), by=bid.freelancer)
    steps = [(step.act, step.at) for step in schedule.upcoming(contract, now=WEDNESDAY)]
    assert ("begin", MONDAY + timedelta(days=7)) in steps
    assert any(act == "close" and at > MONDAY + timedelta(days=7) for act, at in steps)


def test_an_offer_that_is_accepted_weeks_later_begins_on_the_monday_after(bid: Bid) -> None:
    offer = offered(bid)
    with clocks.at(WEDNESDAY + timedelta(days=6)):
        contract = offers.accept(offer, by=bid.freelancer)
    assert contract.milestones.earliest("position").week == date(2026, 3, 16)


@pytest.mark.parametrize("end", ["decline", "withdraw"])
def test_the_held_week_returns_when_an_offer_ends(bid: Bid, end: str) -> None:
    offer = offered(bid)
    assert wallet(bid.gig.client) == 0
    getattr(offers, end)(offer, by=bid.freelancer if end == "decline" else bid.gig.client)
    assert (wallet(bid.gig.client), Contract.objects.count()) == (WEEK, 0)


def test_a_counter_changes_rate_and_limit_and_accepting_it_tops_up_or_refuses(bid: Bid) -> None:
    client = bid.gig.client
    reply = offers.counter(offered(bid), by=bid.freelancer, amount=5_500, hours=12)
    assert (reply.to_hold, reply.escrow.held) == (66_000, WEEK)
    with nothing_changes(), pytest.raises(Refusal) as refusal:
        offers.accept(reply, by=client)
    assert refusal.value.status == 409
    put_in_wallet(client, 16_000)
    first = offers.accept(reply, by=client).milestones.earliest("position")
    assert (first.amount, first.rate, first.minutes, wallet(client)) == (66_000, 5_500, 720, 0)


def test_a_lower_counter_of_the_client_gives_the_difference_back(bid: Bid) -> None:
    reply = offers.counter(offered(bid), by=bid.freelancer, hours=12)
    reply = offers.counter(reply, by=bid.gig.client, hours=8)
    reply.escrow.refresh_from_db()
    assert (reply.escrow.held, wallet(bid.gig.client)) == (40_000, 10_000)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"hours": 0}, "hours"), ({"hours": 81}, "hours"), ({"hours": None}, "hours"), ({"hours": True}, "hours"),
        ({"hours": "10"}, "hours"), ({"hours": 2.5}, "hours"), ({"days": 20}, "days"),
        ({"milestones": [{"title": "All", "amount": 5_000, "days": 3}]}, "milestones"),
    ],
)  # fmt: skip
def test_a_bid_by_the_hour_is_a_rate_and_a_limit_and_nothing_else(
    client_person: User, freelancer: User, wrong: dict[str, Any], field: str
) -> None:
    gig = hourly_gig(client_person)
    with nothing_changes(), pytest.raises(bid_fields.Incomplete) as refusal:
        hourly_bid(gig, freelancer, **wrong)
    assert set(refusal.value.fields) == {field}


def test_a_bid_at_a_fixed_price_has_no_hours(client_person: User, freelancer: User) -> None:
    gig = open_gig(client_person)
    with nothing_changes(), pytest.raises(bid_fields.Incomplete) as refusal:
        live_bid(gig, freelancer, hours=10)
    assert set(refusal.value.fields) == {"hours"}


@pytest.mark.parametrize("rate", [0, -1, 10**11 + 1])
def test_a_week_that_cannot_be_held_is_refused_with_its_rate(client_person: User, freelancer: User, rate: int) -> None:
    gig = hourly_gig(client_person)
    with nothing_changes(), pytest.raises(BadAmount):
        hourly_bid(gig, freelancer, amount=rate)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"hold": "all"}, "hold"), ({"days": 5}, "days"), ({"hours": 0}, "hours"), ({"hours": 99}, "hours")],
)
def test_an_offer_by_the_hour_holds_one_week_and_has_no_days(bid: Bid, wrong: dict[str, Any], field: str) -> None:
    put_in_wallet(bid.gig.client, 10 * WEEK)
    with nothing_changes(), pytest.raises(offer_terms.BadTerms) as refusal:
        offers.make(bid, by=bid.gig.client, **wrong)
    assert field in refusal.value.fields


def test_an_offer_without_the_money_of_a_week_is_refused(bid: Bid) -> None:
    put_in_wallet(bid.gig.client, WEEK - 1)
    with nothing_changes(), pytest.raises(Refusal) as refusal:
        offers.make(bid, by=bid.gig.client)
    assert refusal.value.status == 409


def test_how_a_gig_is_paid_cannot_change_once_somebody_has_bid(bid: Bid) -> None:
    with nothing_changes(), pytest.raises(gigs.KindFixed):
        gigs.edit(bid.gig, by=bid.gig.client, kind="fixed")
    gig = hourly_gig(bid.gig.client)
    assert gigs.edit(gig, by=gig.client, kind="fixed").kind == "fixed"


# --- what is shown --------------------------------------------------------------------------------


def words(client: Client, person: User, url: str) -> str:
    client.force_login(person)
    return " ".join(strip_tags(client.get(url).content.decode()).split())


def test_a_revised_rate_and_limit_are_kept_as_versions(bid: Bid) -> None:
    bids.revise(bid, by=bid.freelancer, amount=4_800, hours=12, letter=LETTER, version=bid.version)
    changed = bid_changes.history(bid)[0].changes
    assert [(change.name, change.before, change.after) for change in changed] == [
        ("amount", "$50.00", "$48.00"), ("days", "up to 10 hours a week", "up to 12 hours a week"),
    ]  # fmt: skip


def test_a_sealed_limit_is_not_told_to_other_bidders(bid: Bid, django_user_model: Any) -> None:
    other = live_board.board_for(bid.gig, django_user_model.objects.create_user("o@example.test", "x" * 20, name="O"))
    assert other.rows == []
    own = live_board.board_for(bid.gig, bid.freelancer).mine
    assert own is not None
    assert (own.hours, own.days) == (10, None)


def test_pages_say_an_hour_and_how_many_a_week(bid: Bid, client: Client) -> None:
    page = words(client, bid.gig.client, bid.get_absolute_url())
    assert "$50.00 an hour, up to 10 hours a week" in page
    offer = offered(bid)
    page = words(client, bid.freelancer, offer.get_absolute_url())
    assert "an hour, up to 10 hours a week" in page
    assert "an hour, up to 10 hours a week" in words(client, bid.freelancer, f"{offer.get_absolute_url()}accept/")
    assert "A full week$500.00" in page
    contract = offers.accept(offer, by=bid.freelancer)
    assert "Week of 2026-03-09" in words(client, bid.freelancer, contract.get_absolute_url())
    assert "$50.00 an hour" in words(client, bid.freelancer, f"{contract.get_absolute_url()}terms/")


def test_the_forms_ask_for_a_rate_and_hours_and_the_confirm_step_says_what_is_held(
    client_person: User, freelancer: User, client: Client
) -> None:
    gig = hourly_gig(client_person)
    assert "Bid on this gig" in words(client, freelancer, gig.get_absolute_url())
    empty = client.get(f"/gigs/{gig.pk}/bids/new/").content.decode()
    assert 'name="hours"' in empty
    assert 'name="days"' not in empty
    assert "step-0-title" not in empty
    refused = client.post(f"/gigs/{gig.pk}/bids/new/", {"amount": "50", "hours": "90", "letter": LETTER})
    assert (refused.status_code, Bid.objects.count()) == (422, 0)
    assert (
        client.post(f"/gigs/{gig.pk}/bids/new/", {"amount": "50", "hours": "10", "letter": LETTER}).status_code == 303
    )
    bid = Bid.objects.get()
    assert (bid.amount, bid.hours, bid.days, bid.milestones) == (5_000, 10, 0, [])
    put_in_wallet(client_person, WEEK)
    client.force_login(client_person)
    typed = {"amount": "50.00", "hours": "10", "version": bid.version}
    confirm = client.post(f"/bids/{bid.pk}/offers/new/", typed)
    assert confirm.status_code == 200
    assert "Hold $500.00 and send" in " ".join(strip_tags(confirm.content.decode()).split())
    assert not Offer.objects.exists()
    assert client.post(f"/bids/{bid.pk}/offers/new/", typed | {"confirmed": "1"}).status_code == 303
    assert Offer.objects.get().escrow.held == WEEK


def test_the_api_goes_from_an_hourly_gig_to_its_first_week(
    client_person: User, freelancer: User, client: Client
) -> None:
    gig = hourly_gig(client_person)
    put_in_wallet(client_person, WEEK)
    sent = {"gig": str(gig.pk), "amount": 5_000, "hours": 10, "letter": LETTER}
    client.force_login(freelancer)
    assert client.post("/api/v1/bids/", sent | {"days": 5}, content_type="application/json").status_code == 422
    answer = client.post("/api/v1/bids/", sent, content_type="application/json")
    assert (answer.status_code, answer.json()["hours"], answer.json()["days"]) == (201, 10, 0)
    client.force_login(client_person)
    row = client.get(f"/api/v1/gigs/{gig.pk}/board/").json()["rows"][0]
    assert (row["amount"], row["hours"], row["days"]) == (5_000, 10, None)
    made = client.post("/api/v1/offers/", {"bid": answer.json()["id"]}, content_type="application/json")
    assert (made.status_code, made.json()["hours"], made.json()["held"]) == (201, 10, WEEK)
    client.force_login(freelancer)
    client.post(f"/api/v1/offers/{made.json()['id']}/accept/", {}, content_type="application/json")
    first = Milestone.objects.earliest("position")
    assert (first.status, first.rate, first.minutes) == ("funded", 5_000, 600)
