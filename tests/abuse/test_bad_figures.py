"""Figures that are none, acts out of turn and acts twice: a clear sentence, the right status, and nothing changes."""

from typing import Any

import pytest
from django.test import Client

from projects import milestones, offers
from projects.models import Gig, Offer
from skilllink.clocks import now
from tests.abuse.proof import nothing_changes
from tests.abuse.world import World, signed_in
from tests.builders.projects_gigs import LETTER, live_bid, open_gig, sent_offer
from users.models import User

TYPED = ["-1", "0", "NaN", "Infinity", "1e3", "1" + "0" * 30, "１００", "٣", "1,000", "0.001", "", " ", "0x10", "1_000"]
SENT = ["-1", "0", "NaN", "1" + "0" * 30, '"１００"', '"100"', "1.5", "null", "true", "[]", "{}"]


def refused(browser: Client, address: str, data: Any, *statuses: int, **options: Any) -> None:
    """A POST that gets one of these statuses and a sentence, and changes nothing."""
    with nothing_changes():
        given = browser.post(address, data, **options)
    assert given.status_code in statuses, given.content[:300]
    if address.startswith("/api/"):
        assert given.json()["code"]
        assert len(given.json()["sentence"]) > 15
    else:
        assert b"<h1" in given.content


def refused_json(browser: Client, address: str, body: str, *statuses: int) -> None:
    refused(browser, address, body, *statuses, content_type="application/json")


@pytest.mark.parametrize("figure", TYPED)
def test_a_typed_figure_that_is_none_is_no_deposit_bid_offer_or_release(world: World, figure: str) -> None:
    ines, tomasz = signed_in(world.client), signed_in(world.freelancer)
    bid = {"amount": figure, "days": "20", "letter": LETTER}
    refused(ines, "/wallet/deposit/", {"amount": figure, "currency": "USD"}, 422)
    refused(tomasz, f"/gigs/{open_gig(world.client).pk}/bids/new/", bid, 400, 422)
    offer = {"amount": figure, "days": "20", "hold": "all", "confirmed": "1"}
    refused(ines, f"/bids/{world.ids['bid']}/offers/new/", offer, 400, 422)
    if figure.strip():  # none at all releases the whole
        step = world.milestone(1)
        part = {"version": step.version, "amount": figure}
        refused(ines, f"/milestones/{step.pk}/release/", part, 400, 422)


@pytest.mark.parametrize("figure", SENT)
def test_a_sent_figure_that_is_none_is_no_deposit_bid_or_release(world: World, outsider: User, figure: str) -> None:
    ines, olga = signed_in(world.client), signed_in(outsider)
    gig = open_gig(world.client)
    refused_json(ines, "/api/v1/deposits/", f'{{"amount": {figure}, "currency": "USD"}}', 400)
    bid = f'{{"gig": "{gig.pk}", "amount": {figure}, "days": 20, "letter": "{LETTER}"}}'
    refused_json(olga, "/api/v1/bids/", bid, 400)
    if figure != "null":  # none at all releases the whole
        refused_json(ines, f"/api/v1/milestones/{world.ids['milestone']}/release/", f'{{"amount": {figure}}}', 400)


def test_milestones_whose_sum_differs_are_refused_by_page_and_api(world: World, outsider: User) -> None:
    gig, olga = open_gig(world.client), signed_in(outsider)
    page = {"amount": "2950", "days": "20", "letter": LETTER, "step-0-title": "All", "step-0-amount": "2900"}
    refused(olga, f"/gigs/{gig.pk}/bids/new/", page, 422)
    steps = '[{"title": "All", "amount": 290000, "days": 5}]'
    body = f'{{"gig": "{gig.pk}", "amount": 295000, "days": 20, "letter": "{LETTER}", "milestones": {steps}}}'
    refused_json(olga, "/api/v1/bids/", body, 422)


def test_a_bid_on_ones_own_gig_a_second_bid_and_one_after_the_close_are_refused(world: World, outsider: User) -> None:
    gig = open_gig(world.client)
    live_bid(gig, world.freelancer)
    page = {"amount": "2950", "days": "20", "letter": LETTER}
    body = f'{{"gig": "{gig.pk}", "amount": 295000, "days": 20, "letter": "{LETTER}"}}'
    for person in (world.client, world.freelancer):
        refused(signed_in(person), f"/gigs/{gig.pk}/bids/new/", page, 403, 409)
        refused_json(signed_in(person), "/api/v1/bids/", body, 403, 409)
    Gig.objects.filter(pk=gig.pk).update(bids_close_at=now())
    refused(signed_in(outsider), f"/gigs/{gig.pk}/bids/new/", page, 409)
    refused_json(signed_in(outsider), "/api/v1/bids/", body, 409)


def test_an_accept_by_the_wrong_person_and_a_second_accept_are_refused(world: World, outsider: User) -> None:
    offer = sent_offer(live_bid(open_gig(world.client), world.freelancer))
    for person, status in ((world.client, 403), (outsider, 404)):
        refused(signed_in(person), f"/offers/{offer.pk}/accept/", {"version": offer.version}, status)
        refused_json(signed_in(person), f"/api/v1/offers/{offer.pk}/accept/", "{}", status)
    offers.accept(offer, by=world.freelancer)
    tomasz = signed_in(world.freelancer)
    refused(tomasz, f"/offers/{offer.pk}/accept/", {"version": Offer.objects.get(pk=offer.pk).version}, 409)
    refused_json(tomasz, f"/api/v1/offers/{offer.pk}/accept/", "{}", 409)


@pytest.mark.parametrize("position", [2, 4], ids=["disputed", "unfunded"])
def test_a_milestone_that_is_disputed_or_unfunded_is_not_released(world: World, position: int) -> None:
    ines = signed_in(world.client)
    milestones.agree(
        milestones.propose(world.contract, by=world.freelancer, title="More", amount=5_000, days=3), by=world.client
    )
    step = world.milestone(position)
    refused(ines, f"/milestones/{step.pk}/release/", {"version": step.version}, 409)
    refused_json(ines, f"/api/v1/milestones/{step.pk}/release/", "{}", 409)
