"""The open score: the published formula, always the sum of what it shows; and how soon a client answers."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from chat import messages
from projects import bids, contracts, credibility, milestones, ranking, score
from projects.models import Contract
from skilllink import clocks
from tests.builders.projects_contracts import signed_contract
from tests.builders.projects_gigs import live_bid, open_gig, person
from users.models import User

pytestmark = pytest.mark.django_db


def ended(client: User, freelancer: User, amount: int, *, days_ago: int = 0, result: str = "completed") -> Contract:
    """A contract of one milestone that ended so long ago."""
    with clocks.at(clocks.now() - timedelta(days=days_ago)):
        contract = signed_contract(client, freelancer, amounts=(amount,))
        step = contract.milestones.get()
        if result == "terminated":
            contracts.end(contract, by=client, reason="It went nowhere.")
        if result == "completed":
            milestones.release(step, by=client)
        else:
            milestones.refund(step, by=freelancer)
    contract.refresh_from_db()
    assert contract.result == result
    return contract


def of(user: Any) -> score.Score:
    return score.of([user.pk])[user.pk]


@pytest.mark.parametrize(
    ("paid", "currency", "size"),
    [(0, "USD", 1), (10_000, "USD", 1), (10_001, "USD", 2), (200_000, "USD", 3), (200_001, "USD", 4), (1_000_001, "USD", 5),
     (15_000, "JPY", 1), (15_001, "JPY", 2), (30_000, "KWD", 1), (30_001, "KWD", 2)],
)  # fmt: skip
def test_a_contracts_size_is_one_of_five(paid: int, currency: str, size: int) -> None:
    assert score.band(paid, currency) == size


def test_the_score_is_the_published_formula() -> None:
    ines, otto, tomasz = person("ines"), person("otto"), person("tomasz")
    ended(ines, tomasz, 300_000)
    ended(otto, tomasz, 40_000, days_ago=365)
    ended(ines, tomasz, 150_000, result="cancelled")
    ended(otto, tomasz, 150_000, days_ago=100, result="terminated")
    weights = [4, 2 * 0.5, 1, 1 * 0.5 ** (100 / 365)]
    worth = [4, 1, 0.5, 0]
    expected = 100 * (sum(worth) + 4) / (sum(weights) + 5)
    assert of(tomasz).points == pytest.approx(expected, abs=0.051)
    assert of(tomasz).points_after_next == pytest.approx(100 * (sum(worth) + 3 + 4) / (sum(weights) + 3 + 5), abs=0.051)


@pytest.mark.parametrize("count", range(6))
def test_what_is_shown_always_sums_to_the_score(count: int) -> None:
    ines, tomasz = person("ines"), person("tomasz")
    for n in range(count):
        ended(ines, tomasz, 7_000 * 4**n, days_ago=37 * n)
    found = of(tomasz)
    assert found.start + sum(found.parts) == found.tenths
    assert found.tenths == pytest.approx(found.share * 1000, abs=0.51)


def test_a_newcomer_begins_at_eighty_and_what_is_older_than_two_years_is_forgotten() -> None:
    ines, tomasz = person("ines"), person("tomasz")
    assert of(tomasz).points == 80
    ended(ines, tomasz, 300_000, days_ago=731, result="terminated")
    assert (of(tomasz).points, of(tomasz).outcomes) == (80, ())


def test_it_shows_from_three_outcomes_by_two_clients_and_names_no_sum(client: Client) -> None:
    ines, otto, tomasz = person("ines"), person("otto"), person("tomasz")
    address = f"/people/{tomasz.profile.slug}/"
    for amount in (123_400, 40_000, 30_000):
        ended(ines, tomasz, amount)
        assert "so far" in client.get(address).content.decode()
    ended(otto, tomasz, 20_000)
    page = client.get(address).content.decode()
    assert f"<strong>{of(tomasz).points}</strong>" in page
    assert "1,234" not in page
    assert "next good contract" not in page
    client.force_login(tomasz)
    assert f"would make it {of(tomasz).points_after_next}" in client.get(address).content.decode()


def test_the_price_of_a_bid_has_no_part_in_its_place() -> None:
    ines = person("ines")
    gig = open_gig(ines)
    cheap, dear = (live_bid(gig, person(name), amount=amount) for name, amount in (("anna", 1_000), ("bert", 900_000)))
    ranks = ranking.rank(gig, [cheap, dear])
    assert ranks[cheap.pk] == ranks[dear.pk]


def test_the_first_reply_is_the_first_word_of_the_client_whichever_way() -> None:
    ines = person("ines")
    gig = open_gig(ines)
    sent = clocks.now()
    with clocks.at(sent):
        written, declined, silent = (live_bid(gig, person(name)) for name in ("anna", "bert", "cleo"))
    with clocks.at(sent + timedelta(hours=2)):
        room = bids.open_room(written, by=ines)
        messages.post(room, written.freelancer, "Hello?", client_id="a" * 10)
    with clocks.at(sent + timedelta(hours=4)):
        messages.post(room, ines, "Hello.", client_id="b" * 10)
    with clocks.at(sent + timedelta(hours=8)):
        bids.decline(declined, by=ines, reason="We found someone nearer.")
    fact = next(fact for fact in credibility.card(ines) if fact.label == "First reply in")
    assert (fact.value, fact.n) == ("6 h", "of 2")
    assert silent.status == "submitted"
