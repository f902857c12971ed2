import json
import re

import pytest
from django.test import Client

from projects import bid_fields, bids, gigs
from projects.models import Bid, Gig
from skilllink.clocks import now
from skilllink.errors import Missing
from tests.builders.projects_gigs import LETTER, live_bid, open_gig, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines():
    return person("ines")


@pytest.fixture
def tomasz():
    return person("tomasz")


@pytest.fixture
def olga():
    return person("olga")


def signed_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


def test_milestones_that_differ_are_told_to_the_cent_and_nothing_is_lost(ines, tomasz):
    gig = open_gig(ines)
    typed = {"amount": "2950", "days": "20", "letter": LETTER, "step-0-title": "All", "step-0-amount": "2900"}
    answer = signed_in(tomasz).post(f"/gigs/{gig.pk}/bids/new/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert (
        "Milestones add up to $2,900.00; your bid is $2,950.00. Add $50.00 or change the bid. Nothing was lost." in page
    )
    assert LETTER in page
    assert not Bid.objects.exists()


@pytest.mark.parametrize("days", ["9" * 5000, "٣", "-1", "two"])
def test_days_that_are_no_number_are_named_and_nothing_is_lost(ines, tomasz, days):
    gig = open_gig(ines)
    steps = {"step-0-title": "All", "step-0-amount": "2900", "step-0-days": days}
    typed = {"amount": "2900", "days": "20", "letter": LETTER, **steps}
    answer = signed_in(tomasz).post(f"/gigs/{gig.pk}/bids/new/", typed)
    assert answer.status_code in (400, 422)
    assert LETTER in answer.content.decode()
    assert not Bid.objects.exists()


def test_an_own_gig_a_second_bid_and_a_late_bid_are_refused(ines, tomasz, olga):
    gig = open_gig(ines)
    with pytest.raises(bids.OwnGig):
        live_bid(gig, ines)
    live_bid(gig, tomasz)
    with pytest.raises(bids.AlreadyBid):
        live_bid(gig, tomasz)
    Gig.objects.update(bids_close_at=now())
    with pytest.raises(bids.BidsClosed):
        live_bid(gig, olga)
    assert Bid.objects.count() == 1


def test_a_gig_one_cannot_see_cannot_be_bid_on(ines, tomasz):
    gig = open_gig(ines, visibility="invited")
    with pytest.raises(Missing):
        live_bid(gig, tomasz)
    assert signed_in(tomasz).get(f"/gigs/{gig.pk}/bids/new/").status_code == 404


@pytest.mark.parametrize("amount", [0, -1, 1.5, "100", True, None, 10**30])
def test_an_amount_that_is_none_changes_nothing(ines, tomasz, amount):
    gig = open_gig(ines)
    with pytest.raises(Exception) as refusal:
        live_bid(gig, tomasz, amount=amount)
    assert refusal.value.status == 400
    assert not Bid.objects.exists()


def test_answers_are_due_for_every_question(ines, tomasz):
    gig = open_gig(ines, questions=["How would you test it?"])
    with pytest.raises(bid_fields.Incomplete) as refusal:
        live_bid(gig, tomasz)
    assert "answers" in refusal.value.fields
    live_bid(gig, tomasz, answers=["On a Sunday."])


def test_the_fifty_first_waits_and_moves_up_by_itself(ines, tomasz, olga, settings):
    settings.SKILLLINK = settings.SKILLLINK | {"LIVE_BIDS_PER_GIG": 1}
    gig = open_gig(ines)
    first, second = live_bid(gig, tomasz), live_bid(gig, olga)
    assert (first.status, second.status) == ("submitted", "waitlisted")
    bids.withdraw(first, by=tomasz)
    second.refresh_from_db()
    assert second.status == "submitted"


def test_a_freelancer_has_so_many_slots_and_a_withdrawn_bid_gives_one_back(ines, tomasz, settings):
    settings.SKILLLINK = settings.SKILLLINK | {"LIVE_BIDS_PER_FREELANCER": 1}
    first, second = open_gig(ines), open_gig(ines)
    bid = live_bid(first, tomasz)
    with pytest.raises(bids.TooManyLive):
        live_bid(second, tomasz)
    bids.withdraw(bid, by=tomasz)
    live_bid(second, tomasz)


def test_a_revision_keeps_the_earlier_version(ines, tomasz):
    bid = live_bid(open_gig(ines), tomasz)
    bids.revise(bid, by=tomasz, amount=280_000, days=20, letter=LETTER, version=bid.version)
    assert list(bid.versions.values_list("amount", flat=True)) == [295_000, 280_000]


def test_declining_needs_a_reason_that_its_author_reads(ines, tomasz):
    bid = live_bid(open_gig(ines), tomasz)
    with pytest.raises(Exception) as refusal:
        bids.decline(bid, by=ines, reason="")
    assert refusal.value.status == 422
    bids.decline(bid, by=ines, reason="We chose someone who lives nearer.")
    assert "We chose someone who lives nearer." in signed_in(tomasz).get(bid.get_absolute_url()).content.decode()


@pytest.mark.parametrize("verb", [bids.shortlist, bids.archive, bids.withdraw])
def test_a_third_person_does_nothing_to_a_bid(ines, tomasz, olga, verb):
    bid = live_bid(open_gig(ines), tomasz)
    with pytest.raises(bids.NotYours):
        verb(bid, by=olga)
    bid.refresh_from_db()
    assert (bid.status, bid.version) == ("submitted", 1)
    assert signed_in(olga).get(bid.get_absolute_url()).status_code == 404


def stands_alone(figure: str, text: str) -> bool:
    """Not as a part of an id or a token, where any digits may be."""
    return re.search(rf"\b{figure}\b", text) is not None


@pytest.mark.parametrize("mode", ["sealed", "no_amounts"])
def test_a_sealed_figure_never_reaches_another_bidder(ines, tomasz, olga, mode):
    gig = open_gig(ines, board_mode=mode)
    live_bid(gig, tomasz, amount=317_253, days=87)
    live_bid(gig, olga)
    for browser in (signed_in(olga), Client(), signed_in(person("nora"))):
        for path in ("", "part/board/", "part/folio/", "part/bar/"):
            page = browser.get(f"/gigs/{gig.pk}/{path}").content.decode()
            assert "3,172" not in page
            assert not stands_alone("317253", page)
            assert "87 days" not in page
            assert 'class="spread"' not in page
        rows = json.dumps(browser.get(f"/api/v1/gigs/{gig.pk}/board/").json())
        assert not stands_alone("317253", rows)
    assert "3,172" in signed_in(ines).get(f"/gigs/{gig.pk}/part/board/").content.decode()
    assert stands_alone("317253", json.dumps(signed_in(ines).get(f"/api/v1/gigs/{gig.pk}/board/").json()))


def test_the_parts_of_a_rank_sum_to_what_is_shown(ines, tomasz):
    from projects import live_board

    bid = live_bid(open_gig(ines), tomasz)
    rank = live_board.board_for(bid.gig, tomasz).mine.rank
    assert rank.points == pytest.approx(sum(points for _label, points in rank.labelled))


def test_opening_a_bid_leaves_a_receipt_once(ines, tomasz):
    bid = live_bid(open_gig(ines), tomasz)
    signed_in(ines).get(bid.get_absolute_url())
    bid.refresh_from_db()
    seen = bid.viewed_at
    assert seen is not None
    signed_in(ines).get(bid.get_absolute_url())
    bid.refresh_from_db()
    assert bid.viewed_at == seen


def test_the_api_refuses_fields_it_does_not_know(ines, tomasz):
    gig = open_gig(ines)
    sent = {"gig": str(gig.pk), "amount": 295_000, "days": 9, "letter": LETTER}
    browser = signed_in(tomasz)
    refused = browser.post("/api/v1/bids/", sent | {"status": "hired"}, content_type="application/json")
    assert refused.status_code == 400
    assert not Bid.objects.exists()
    assert browser.post("/api/v1/bids/", sent, content_type="application/json").status_code == 201
    gigs.close(gig, by=ines)
    assert browser.post("/api/v1/bids/", sent, content_type="application/json").status_code == 409
