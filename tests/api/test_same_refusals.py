"""What a page refuses, the API refuses with the same code and status; and neither changes anything."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from projects import contracts, disputes, feedback, gigs, milestones, offers
from projects.models import Activity, Bid, Contract, Dispute, Gig, Invitation, Milestone, Offer, Review
from tests.api.conftest import Program
from tests.builders.projects_contracts import signed_contract
from tests.builders.projects_gigs import BRIEF, LETTER, fund, live_bid, open_gig
from tests.cast import staff
from users.models import User

World = SimpleNamespace
TYPED_GIG = {
    "title": "Wayfinding for a garden", "brief": BRIEF, "category": "design", "skills": "Wayfinding",
    "budget_min": "2500", "budget_max": "4000", "currency": "USD",
}  # fmt: skip
GIG = TYPED_GIG | {"skills": ["Wayfinding"], "budget_min": 250_000, "budget_max": 400_000}
TYPED_BID = {"amount": "2950", "days": "25", "letter": LETTER}
BID = {"amount": 295_000, "days": 25, "letter": LETTER}


@pytest.fixture
def world(client_person: User, freelancer: User, outsider: User) -> World:
    """An open gig with a bid, and a contract with one funded and one agreed milestone; nobody has spare money."""
    gig = open_gig(client_person)
    contract = signed_contract(client_person, freelancer, hold="first")
    first, second = contract.milestones.order_by("position")
    return World(
        ines=client_person, tomasz=freelancer, olga=outsider, gig=gig, bid=live_bid(gig, freelancer),
        contract=contract, first=first, second=second,
    )  # fmt: skip


def _closed(world: World) -> None:
    gigs.close(world.gig, by=world.ines)


def _hidden(world: World) -> None:
    gigs.hide(world.gig, by=staff("Mira Moder", "Moderator"), reason="It asks for work outside the site.")


def _offered(world: World) -> Offer:
    fund(world.ines, 295_000)
    world.offer = offers.make(world.bid, by=world.ines)
    return world.offer


def _answered(world: World) -> None:
    offers.decline(_offered(world), by=world.tomasz)


def _another_gig(world: World) -> None:
    world.gig = open_gig(world.ines)


def _delivered(world: World) -> None:
    milestones.deliver(world.first, by=world.tomasz, note="Done.")


def _released(world: World) -> None:
    milestones.release(world.first, by=world.ines)


def _disputed(world: World) -> None:
    world.dispute = disputes.open(world.first, by=world.ines, reason="Nothing came.")


def _dispute_over(world: World) -> None:
    _disputed(world)
    disputes.withdraw(world.dispute, by=world.ines)


def _ended(world: World) -> None:
    _released(world)
    contracts.end(world.contract, by=world.ines, reason="All done.")


def _reviewed(world: World) -> None:
    _ended(world)
    feedback.write(
        world.contract,
        by=world.ines,
        axes=dict.fromkeys(("quality", "communication", "deadlines", "scope"), 5),
        text="",
    )
    feedback.write(
        world.contract,
        by=world.tomasz,
        axes=dict.fromkeys(("payment", "clarity", "communication", "stability"), 5),
        text="",
    )
    world.review = Review.objects.get(author=world.ines)


def _replied(world: World) -> None:
    _reviewed(world)
    feedback.reply(world.review, by=world.tomasz, text="Thanks.")


def _proposed(world: World) -> None:
    world.idea = milestones.propose(world.contract, by=world.ines, title="A stamp", amount=500, days=3)


def _asked_to_drop(world: World) -> None:
    milestones.cancel(world.second, by=world.ines)


def _extended(world: World) -> None:
    _delivered(world)
    milestones.extend_review(world.first, by=world.ines)


def _revised_twice(world: World) -> None:
    for _round in range(2):
        milestones.deliver(world.first, by=world.tomasz, note="Done.")
        milestones.request_changes(world.first, by=world.ines, reason="No.", items=["All of it"])
    _delivered(world)


def _none(world: World) -> None:
    """The world as it is."""


# code: (who, what happened before, page, what is typed, address of the API, JSON); {x.pk} is filled from the world
CASES: dict[str, list[Any]] = {
    "gig.not_a_client": ["tomasz", _none, "/gigs/new/", TYPED_GIG, "gigs/", GIG],
    "gig.incomplete": ["ines", _none, "/gigs/new/", TYPED_GIG | {"title": "Short"}, "gigs/", GIG | {"title": "Short"}],
    "money.malformed": [
        "ines", _none, "/gigs/new/", TYPED_GIG | {"budget_min": "NaN"}, "gigs/", GIG | {"budget_min": "NaN"},
    ],
    "gig.not_now": ["ines", _closed, "/gigs/{gig.pk}/pause/", {}, "gigs/{gig.pk}/pause/", {}],
    "gig.not_yours": ["tomasz", _none, "/gigs/{gig.pk}/close/", {}, "gigs/{gig.pk}/close/", {}],
    "page.stale": [
        "ines", _none, "/gigs/{gig.pk}/edit/", TYPED_GIG | {"version": "77"}, "PATCH gigs/{gig.pk}/", {"version": 77},
    ],
    "gig.board_fixed": [
        "ines", _none, "/gigs/{gig.pk}/edit/", TYPED_GIG | {"board_mode": "open"},
        "PATCH gigs/{gig.pk}/", {"board_mode": "open"},
    ],
    "gig.kind_fixed": [
        "ines", _none, "/gigs/{gig.pk}/edit/", TYPED_GIG | {"kind": "hourly"}, "PATCH gigs/{gig.pk}/", {"kind": "hourly"},
    ],
    "gig.nobody_there": [
        "ines", _none, "/gigs/{gig.pk}/invite/", {"person": "nobody"}, "gigs/{gig.pk}/invite/", {"person": "nobody"},
    ],
    "gig.cannot_invite": [
        "ines", _none, "/gigs/{gig.pk}/invite/", {"person": "{ines.profile.slug}"},
        "gigs/{gig.pk}/invite/", {"person": "{ines.profile.slug}"},
    ],
    "bid.own_gig": ["ines", _none, "/gigs/{gig.pk}/bids/new/", TYPED_BID, "bids/", BID | {"gig": "{gig.pk}"}],
    "bid.second": ["tomasz", _none, "/gigs/{gig.pk}/bids/new/", TYPED_BID, "bids/", BID | {"gig": "{gig.pk}"}],
    "bid.closed": ["olga", _closed, "/gigs/{gig.pk}/bids/new/", TYPED_BID, "bids/", BID | {"gig": "{gig.pk}"}],
    "bid.sum_differs": [
        "olga", _none, "/gigs/{gig.pk}/bids/new/",
        TYPED_BID | {"step-0-title": "All", "step-0-amount": "10", "step-0-days": "3"},
        "bids/", BID | {"gig": "{gig.pk}", "milestones": [{"title": "All", "amount": 1000, "days": 3}]},
    ],
    "bid.incomplete": [
        "olga", _none, "/gigs/{gig.pk}/bids/new/", TYPED_BID | {"letter": "Hi."},
        "bids/", BID | {"gig": "{gig.pk}", "letter": "Hi."},
    ],
    "bid.not_now": ["tomasz", _closed, "/bids/{bid.pk}/withdraw/", {}, "bids/{bid.pk}/withdraw/", {}],
    "bid.not_yours": ["tomasz", _none, "/bids/{bid.pk}/shortlist/", {}, "bids/{bid.pk}/shortlist/", {}],
    "unprocessable": [
        "ines", _none, "/bids/{bid.pk}/decline/", {"reason": "No"}, "bids/{bid.pk}/decline/", {"reason": "No"},
    ],
    "wallet.insufficient": [
        "ines", _none, "/bids/{bid.pk}/offers/new/", TYPED_BID | {"confirmed": "1"}, "offers/", {"bid": "{bid.pk}"},
    ],
    "offer.already_made": [
        "ines", _offered, "/bids/{bid.pk}/offers/new/", TYPED_BID | {"confirmed": "1"}, "offers/", {"bid": "{bid.pk}"},
    ],
    "offer.gig_not_open": [
        "ines", _hidden, "/bids/{bid.pk}/offers/new/", TYPED_BID | {"confirmed": "1"}, "offers/", {"bid": "{bid.pk}"},
    ],
    "offer.not_yours": ["ines", _offered, "/offers/{offer.pk}/accept/", {}, "offers/{offer.pk}/accept/", {}],
    "offer.answered": ["tomasz", _answered, "/offers/{offer.pk}/accept/", {}, "offers/{offer.pk}/accept/", {}],
    "milestone.not_funded": [
        "tomasz", _none, "/milestones/{second.pk}/deliver/", {"note": "Done.", "version": "{second.version}"},
        "milestones/{second.pk}/deliver/", {"note": "Done."},
    ],
    "milestone.not_yours": [
        "tomasz", _none, "/milestones/{first.pk}/release/", {"version": "{first.version}"},
        "milestones/{first.pk}/release/", {},
    ],
    "milestone.stale": [
        "ines", _none, "/milestones/{first.pk}/release/", {"version": "99"},
        "milestones/{first.pk}/release/", {"version": 99},
    ],
    "milestone.ended": ["ines", _released, "/milestones/{first.pk}/release/", {}, "milestones/{first.pk}/release/", {}],
    "milestone.disputed": [
        "ines", _disputed, "/milestones/{first.pk}/release/", {}, "milestones/{first.pk}/release/", {},
    ],
    "milestone.too_much": [
        "ines", _none, "/milestones/{first.pk}/release/", {"amount": "999999", "version": "{first.version}"},
        "milestones/{first.pk}/release/", {"amount": 99_999_900},
    ],
    "milestone.not_now": [
        "tomasz", _delivered, "/milestones/{first.pk}/deliver/", {"note": "Again.", "version": "{fresh.version}"},
        "milestones/{first.pk}/deliver/", {"note": "Again."},
    ],
    "milestone.no_more_revisions": [
        "ines", _revised_twice, "/milestones/{first.pk}/changes/",
        {"reason": "No.", "items": "All", "version": "{fresh.version}"},
        "milestones/{first.pk}/changes/", {"reason": "No.", "items": ["All"]},
    ],
    "milestone.already_extended": [
        "ines", _extended, "/milestones/{first.pk}/extend/", {"version": "{fresh.version}"},
        "milestones/{first.pk}/extend/", {},
    ],
    "contract.not_active": [
        "ines", _ended, "/contracts/{contract.pk}/propose/", {"title": "More", "amount": "10", "days": "3"},
        "contracts/{contract.pk}/milestones/", {"title": "More", "amount": 1000, "days": 3},
    ],
    "contract.not_now": [
        "tomasz", _ended, "/contracts/{contract.pk}/end/", {"text": "Enough."},
        "contracts/{contract.pk}/end/", {"reason": "Enough."},
    ],
    "dispute.nothing_held": [
        "ines", _released, "/milestones/{first.pk}/dispute/", {"amount": "10", "reason": "Late."},
        "disputes/", {"milestone": "{first.pk}", "amount": 1000, "reason": "Late."},
    ],
    "dispute.already_open": [
        "ines", _disputed, "/milestones/{first.pk}/dispute/", {"amount": "10", "reason": "Late."},
        "disputes/", {"milestone": "{first.pk}", "amount": 1000, "reason": "Late."},
    ],
    "dispute.too_much": [
        "ines", _none, "/milestones/{first.pk}/dispute/", {"amount": "999999", "reason": "Late."},
        "disputes/", {"milestone": "{first.pk}", "amount": 99_999_900, "reason": "Late."},
    ],
    "dispute.not_yours": [
        "ines", _disputed, "/disputes/{dispute.pk}/answer/", {"text": "No."},
        "disputes/{dispute.pk}/answer/", {"text": "No."},
    ],
    "dispute.over": [
        "tomasz", _dispute_over, "/disputes/{dispute.pk}/answer/", {"text": "No."},
        "disputes/{dispute.pk}/answer/", {"text": "No."},
    ],
    "review.not_yet": [
        "ines", _none, "/contracts/{contract.pk}/review/", {}, "reviews/", {"contract": "{contract.pk}"},
    ],
    "review.closed": [
        "ines", _reviewed, "/contracts/{contract.pk}/review/",
        {"quality": "5", "communication": "5", "deadlines": "5", "scope": "5"},
        "reviews/", {"contract": "{contract.pk}"},
    ],
    "review.not_yours": [
        "ines", _reviewed, "/reviews/{review.pk}/reply/", {"text": "Me."}, "reviews/{review.pk}/reply/", {"text": "Me."},
    ],
    "review.already_replied": [
        "tomasz", _replied, "/reviews/{review.pk}/reply/", {"text": "More."},
        "reviews/{review.pk}/reply/", {"text": "More."},
    ],
}  # fmt: skip


@pytest.mark.parametrize("code", CASES)
def test_page_and_api_refuse_alike(code: str, world: World) -> None:
    who, before, page, typed, address, body = CASES[code]
    person = getattr(world, who)
    before(world)
    world.fresh = Milestone.objects.get(pk=world.first.pk)
    browser, program = Client(), Program(person)
    browser.force_login(person)
    there = everything()

    shown = browser.post(page.format(**vars(world)), filled(typed, world))
    method, _space, path = ("POST " + address if " " not in address else address).rpartition(" ")
    answer = program.send(method.strip(), path.format(**vars(world)), filled(body, world))

    assert (answer.json()["code"], shown.context["refusal"].code) == (code, code)
    assert (answer.status_code, shown.status_code) == (shown.status_code, shown.context["refusal"].status)
    if code != "money.malformed":  # a page is typed in decimals, the API takes minor units
        assert answer.json()["sentence"] == str(shown.context["refusal"].sentence)
    assert everything() == there


def filled(values: Any, world: World) -> Any:
    if isinstance(values, dict):
        return {name: filled(value, world) for name, value in values.items()}
    return values.format(**vars(world)) if isinstance(values, str) else values


def everything() -> list[Any]:
    """What a refusal must leave alone."""
    tables = (Gig, Bid, Offer, Invitation, Contract, Milestone, Dispute, Review, Activity)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_an_offer_out_of_time_is_answered_alike(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = _offered(world)
    monkeypatch.setattr(offers, "now", lambda: offer.due_at)
    browser = Client()
    browser.force_login(world.tomasz)
    shown = browser.post(f"/offers/{offer.pk}/accept/")
    answer = Program(world.tomasz).post(f"offers/{offer.pk}/accept/")
    assert shown.context["refusal"].code == answer.json()["code"] == "offer.answered"
    assert shown.status_code == answer.status_code == 409
