"""What a client has to choose with: bids side by side, those off the list, and what each version changed."""

import re

import pytest
from django.test import Client

from projects import bid_changes, bids
from projects.models import Bid, Gig
from tests.builders.projects_gigs import LETTER, live_bid, open_gig, person
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines() -> User:
    return person("ines")


@pytest.fixture
def gig(ines: User) -> Gig:
    return open_gig(ines, questions=["Which sign first?"])


@pytest.fixture
def browser(client: Client, ines: User) -> Client:
    client.force_login(ines)
    return client


def seven(gig: Gig) -> list[Bid]:
    names = ["anna", "bert", "cleo", "dora", "emil", "finn", "gro"]
    return [
        live_bid(gig, person(name), amount=300_000 + 1000 * n, answers=["The fern house."])
        for n, name in enumerate(names)
    ]


def columns(page: str) -> list[str]:
    head = page[page.index("<thead>") : page.index("</thead>")]
    return re.findall(r"(Anna|Bert|Cleo|Dora|Emil|Finn|Gro) Test", head)


def test_a_client_picks_up_to_five_bids_to_compare(browser: Client, gig: Gig) -> None:
    made = seven(gig)
    page = browser.get(f"/gigs/{gig.pk}/compare/", {"bid": [str(made[1].pk), str(made[5].pk)]}).content.decode()
    assert sorted(set(columns(page))) == ["Bert", "Finn"]
    assert page.count('name="bid"') == 7
    assert len(re.findall(r'name="bid" value="[^"]+" checked', page)) == 2
    many = browser.get(f"/gigs/{gig.pk}/compare/", {"bid": [str(bid.pk) for bid in made]}).content.decode()
    assert len(set(columns(many))) == 5
    assert "At most 5 fit side by side" in many


def test_lines_that_say_the_same_of_all_are_folded_into_one_cell(browser: Client, gig: Gig) -> None:
    made = seven(gig)[:3]
    page = browser.get(f"/gigs/{gig.pk}/compare/", {"bid": [str(bid.pk) for bid in made]}).content.decode()
    rows = dict(re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', page, re.DOTALL))
    assert rows["Time"].count("<td") == rows["Which sign first?"].count("<td") == 1
    assert 'colspan="3"' in rows["Time"]
    assert rows["Amount"].count("<td") == 3


def test_the_bids_off_the_list_are_listed_for_the_client_and_come_back(browser: Client, gig: Gig, ines: User) -> None:
    kept, put_away, declined, withdrawn = seven(gig)[:4]
    bids.archive(put_away, by=ines)
    bids.decline(declined, by=ines, reason="Someone nearer was found.")
    bids.withdraw(withdrawn, by=withdrawn.freelancer)
    board = browser.get(f"/gigs/{gig.pk}/?tab=bids").content.decode()
    assert f'href="/gigs/{gig.pk}/away/"' in board
    page = browser.get(f"/gigs/{gig.pk}/away/").content.decode()
    assert "Someone nearer was found." in page
    for bid, there in ((kept, False), (put_away, True), (declined, True), (withdrawn, True)):
        assert (bid.freelancer.name in page) is there
    assert page.count("Back on the list") == 1
    browser.post(f"/bids/{put_away.pk}/archive/", {"on": "0"})
    assert put_away.freelancer.name not in browser.get(f"/gigs/{gig.pk}/away/").content.decode()


def test_the_list_of_bids_off_the_list_is_the_clients_alone(gig: Gig, client: Client) -> None:
    bid = seven(gig)[0]
    client.force_login(bid.freelancer)
    assert client.get(f"/gigs/{gig.pk}/away/").status_code == 403
    assert f"/gigs/{gig.pk}/away/" not in client.get(f"/gigs/{gig.pk}/?tab=bids").content.decode()


def test_both_read_what_a_version_changed(browser: Client, gig: Gig) -> None:
    bid = live_bid(gig, person("anna"), amount=300_000, answers=["The fern house."])
    words = LETTER.replace("three signs", "<b>four</b> signs")
    bids.revise(bid, by=bid.freelancer, amount=280_000, days=25, letter=words, answers=["The fern house."])
    page = browser.get(f"/bids/{bid.pk}/").content.decode()
    assert "<del>three</del><ins>&lt;b&gt;four&lt;/b&gt;</ins>" in page
    assert "<del>$3,000.00</del><ins>$2,800.00</ins>" in page
    browser.force_login(bid.freelancer)
    assert "<del>three</del>" in browser.get(f"/bids/{bid.pk}/").content.decode()


def test_a_version_is_compared_word_by_word_and_nothing_is_lost() -> None:
    before, after = "one two three\nfour", "one 2 three\nfour five"
    pieces = bid_changes.compare(before, after)
    assert "".join(text for kind, text in pieces if kind != "new") == before
    assert "".join(text for kind, text in pieces if kind != "gone") == after
    assert ("gone", "two") in pieces
    assert bid_changes.compare(before, before) == [("same", before)]


def test_a_shortlist_is_not_even_hinted_at_to_its_author(gig: Gig, ines: User, monkeypatch: pytest.MonkeyPatch) -> None:
    bid = live_bid(gig, person("anna"), answers=["The fern house."])
    told: list[str] = []
    monkeypatch.setattr(bids, "push", lambda topic, event, **_numbers: told.append(topic))
    bids.shortlist(bid, by=ines)
    bids.archive(bid, by=ines)
    assert told == [f"user:{ines.pk}"] * 2
    assert Bid.objects.get(pk=bid.pk).version == bid.version
    bids.mark_viewed(bid, by=ines)
    assert f"user:{bid.freelancer_id}" in told[2:]
