"""Many accept at once; one contract comes of it. On PostgreSQL."""

from projects import offers
from projects.models import Contract, Gig
from tests.builders.projects_gigs import fund, live_bid, open_gig, person
from tests.races.together import race

TRIES = 6


def test_one_offer_accepted_many_times_at_once_is_one_contract(committed_db):
    ines, tomasz = person("ines"), person("tomasz")
    fund(ines, 295_000)
    offer = offers.make(live_bid(open_gig(ines), tomasz), by=ines)
    results = race([lambda: offers.accept(offer, by=tomasz)] * TRIES)
    assert sum(isinstance(result, Contract) for result in results) == 1
    assert Contract.objects.count() == 1


def test_many_offers_for_one_place_are_one_contract(committed_db):
    ines, gig = person("ines"), None
    gig = open_gig(ines)
    fund(ines, 295_000 * TRIES)
    people = [person(f"freelancer{number}") for number in range(TRIES)]
    made = [(offers.make(live_bid(gig, each), by=ines), each) for each in people]
    results = race([lambda offer=offer, each=each: offers.accept(offer, by=each) for offer, each in made])
    assert sum(isinstance(result, Contract) for result in results) == 1
    assert Gig.objects.get(pk=gig.pk).hires == Contract.objects.count() == 1
