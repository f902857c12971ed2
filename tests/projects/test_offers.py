from datetime import timedelta

import pytest
from django.test import Client

from payment import accounts
from projects import gig_sweeps, offers
from projects.models import Contract, Offer
from skilllink.clocks import now
from tests.builders.projects_gigs import fund, live_bid, open_gig, person, sent_offer

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


def wallet(user):
    return accounts.balances(user).get("USD", {}).get("wallet", 0)


def held(offer):
    offer.escrow.refresh_from_db()
    return offer.escrow.held


STEPS = [{"title": "Signs", "amount": 100_000, "days": 5}, {"title": "Map", "amount": 195_000, "days": 9}]


def test_an_offer_without_the_money_is_refused_with_the_sum_and_where_to_pay(ines, tomasz):
    bid = live_bid(open_gig(ines), tomasz)
    fund(ines, 100_000)
    browser = Client()
    browser.force_login(ines)
    typed = {"amount": "2950", "days": "20", "hold": "all", "version": bid.version, "confirmed": "1"}
    answer = browser.post(f"/bids/{bid.pk}/offers/new/", typed)
    assert answer.status_code == 409
    assert "/wallet/deposit/?amount=1950.00&amp;currency=USD&amp;next=" in answer.content.decode()
    assert not Offer.objects.exists()
    assert wallet(ines) == 100_000


def test_an_offer_holds_the_first_milestone_or_all(ines, tomasz, olga):
    gig = open_gig(ines, positions=2)
    assert held(sent_offer(live_bid(gig, tomasz, milestones=STEPS))) == 100_000
    assert held(sent_offer(live_bid(gig, olga, milestones=STEPS, amount=295_000), hold="all")) == 295_000


@pytest.mark.parametrize("end", ["decline", "withdraw", "expire"])
def test_money_returns_when_an_offer_ends(ines, tomasz, end):
    bid = live_bid(open_gig(ines), tomasz)
    offer = sent_offer(bid)
    if end == "expire":
        assert gig_sweeps.expire_offers() == 0
        Offer.objects.update(due_at=now() - timedelta(seconds=1))
        assert gig_sweeps.expire_offers() == 1
    else:
        getattr(offers, end)(offer, by=tomasz if end == "decline" else ines)
    bid.refresh_from_db()
    assert (held(offer), wallet(ines), bid.status) == (0, 295_000, "submitted")


def test_accepting_makes_one_contract_and_ends_the_others(ines, tomasz, olga):
    gig = open_gig(ines)
    other = live_bid(gig, olga)
    offer = sent_offer(live_bid(gig, tomasz, milestones=STEPS))
    contract = offers.accept(offer, by=tomasz, version=offer.version)
    gig.refresh_from_db()
    other.refresh_from_db()
    assert (gig.status, gig.hires, other.status) == ("filled", 1, "not_selected")
    assert list(contract.milestones.values_list("status", flat=True)) == ["funded", "agreed"]
    with pytest.raises(offers.Answered):
        offers.accept(offer, by=tomasz)
    assert Contract.objects.count() == 1


@pytest.mark.parametrize("who", ["ines", "olga"])
def test_only_the_receiver_accepts(ines, tomasz, olga, who):
    offer = sent_offer(live_bid(open_gig(ines), tomasz))
    with pytest.raises(offers.NotYours):
        offers.accept(offer, by={"ines": ines, "olga": olga}[who])
    assert not Contract.objects.exists()


def test_a_counter_holds_nothing_and_accepting_it_tops_up_or_refuses(ines, tomasz):
    offer = sent_offer(live_bid(open_gig(ines), tomasz))
    reply = offers.counter(offer, by=tomasz, amount=300_000, milestones=[])
    assert (held(reply), wallet(ines)) == (295_000, 0)
    with pytest.raises(Exception) as refusal:
        offers.accept(reply, by=ines)
    assert refusal.value.status == 409
    assert refusal.value.facts["missing"] is not None
    assert held(reply) == 295_000
    fund(ines, 5_000)
    assert offers.accept(reply, by=ines).amount == 300_000


def test_there_are_five_rounds(ines, tomasz):
    offer = sent_offer(live_bid(open_gig(ines), tomasz))
    for by in (tomasz, ines, tomasz, ines):
        offer = offers.counter(offer, by=by)
    assert offer.round == 5
    with pytest.raises(offers.TooManyRounds):
        offers.counter(offer, by=tomasz)
    assert held(offer) == 295_000


def test_the_last_place_takes_the_other_offers_back(ines, tomasz, olga):
    gig = open_gig(ines)
    first = sent_offer(live_bid(gig, tomasz))
    fund(ines, 295_001)
    second = offers.make(live_bid(gig, olga), by=ines)
    offers.accept(first, by=tomasz)
    with pytest.raises(offers.Filled):
        offers.accept(second, by=olga)
    second.refresh_from_db()
    assert (second.status, held(second), Contract.objects.count()) == ("withdrawn", 0, 1)


def test_a_stale_page_accepts_nothing(ines, tomasz):
    from projects.board import Stale

    offer = sent_offer(live_bid(open_gig(ines), tomasz))
    with pytest.raises(Stale):
        offers.accept(offer, by=tomasz, version=99)
    assert not Contract.objects.exists()
