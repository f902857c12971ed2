"""What a message links to on this site stands under it as a card, for whoever may open it; for the others it is a link."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat import groups, members, messages, pane, reading
from chat.cards import MOST
from chat.models import Message, Room
from projects.models import Contract
from skilllink.ids import uuid7
from tests.builders.projects_contracts import signed_contract
from tests.builders.projects_gigs import live_bid, open_gig, person
from users import blocks
from users.models import User


@pytest.fixture
def contract(client_person: User, freelancer: User) -> Contract:
    return signed_contract(client_person, freelancer)


@pytest.fixture
def group(client_person: User, freelancer: User, outsider: User) -> Room:
    room = groups.create(client_person, "Glaze talk")
    for one in (freelancer, outsider):
        members.join(room, one)
    return Room.objects.get(pk=room.pk)


def say(room: Room, author: User, body: str) -> Message:
    return messages.post(room, author, body, client_id=uuid7().hex)


def cards_for(reader: User, message: Message) -> Any:
    """By the API, once it is certain that history and what a live event is drawn from show the same."""
    browser = Client()
    browser.force_login(reader)
    cards = browser.get(f"/api/v1/messages/{message.pk}/").json()["cards"]
    live = browser.get(f"/messages/message/{message.pk}/").content.decode()
    history = browser.get(f"/messages/{message.room_id}/").content.decode()
    assert live.count('class="msg card') == len(cards)
    for card in cards:
        assert f'href="{card["url"]}"' in live
        assert card["title"] in live
    assert live.strip().partition('class="msg card')[2][:400] in history
    return cards


def test_a_gig_a_contract_and_a_milestone_are_cards_with_what_one_may_know(
    group: Room, contract: Contract, client_person: User
) -> None:
    step = contract.milestones.order_by("position")[0]
    places = [contract.gig, contract, step]
    message = say(group, client_person, " and ".join(settings.SITE_URL + place.get_absolute_url() for place in places))
    found = cards_for(client_person, message)
    assert [(card["kind"], card["id"]) for card in found] == [
        ("gig", str(contract.gig.pk)),
        ("contract", str(contract.pk)),
        ("milestone", str(step.pk)),
    ]
    assert found[0]["facts"] == ["Filled", contract.gig.budget_text]
    assert found[1]["facts"] == ["Active", "Ines Varga · Tomasz Okoro"]
    assert found[2]["facts"] == ["Held", "$1,200.00"]


def test_what_a_reader_may_not_open_stays_a_plain_link(
    group: Room, contract: Contract, client_person: User, outsider: User
) -> None:
    step = contract.milestones.order_by("position")[0]
    invited = open_gig(client_person, visibility="invited", title="A secret kiln for the museum")
    for place in (contract, step, invited):
        address = settings.SITE_URL + place.get_absolute_url()
        message = say(group, client_person, address)
        assert len(cards_for(client_person, message)) == 1
        assert cards_for(outsider, message) == []
        log = reading.after(group, outsider, message.seq - 1)
        assert "cards" not in log["events"][0]["message"]
        assert address in log["events"][0]["message"]["html"]


def test_a_card_of_a_sealed_gig_says_nothing_of_its_bids(group: Room, client_person: User, outsider: User) -> None:
    gig = open_gig(client_person)
    plain = cards_for(outsider, say(group, client_person, settings.SITE_URL + gig.get_absolute_url()))
    live_bid(gig, person("bidder"), amount=333_300)
    assert cards_for(outsider, say(group, client_person, settings.SITE_URL + gig.get_absolute_url())) == plain


@pytest.mark.parametrize(
    "form", ["{site}{path}", "<{site}{path}>", "[here]({path})", "**{site}{path}**", "> {site}{path}", "- {site}{path}"]
)
def test_however_a_link_is_written_it_is_one_card(group: Room, client_person: User, form: str) -> None:
    gig = open_gig(client_person)
    body = form.format(site=settings.SITE_URL, path=gig.get_absolute_url())
    assert len(cards_for(client_person, say(group, client_person, f"{body}\n\n{body}"))) == 1


@pytest.mark.parametrize(
    "form",
    [
        "`{site}{path}`",
        "{path}",
        "https://elsewhere.example{path}",
        "[x](//elsewhere.example{path})",
        "{site}.elsewhere.example{path}",
        "{site}{path}edit/x/",
        "{site}/gigs/00000000-0000-7000-8000-000000000000/",
        "https://[{path}",
    ],
)
def test_what_only_looks_like_a_link_to_this_site_is_none(group: Room, client_person: User, form: str) -> None:
    body = form.format(site=settings.SITE_URL, path=open_gig(client_person).get_absolute_url())
    assert cards_for(client_person, say(group, client_person, body)) == []


def test_a_message_has_few_cards_and_a_page_asks_once_per_kind(group: Room, client_person: User) -> None:
    gigs = [open_gig(client_person, title=f"Wayfinding for garden {n}") for n in range(MOST + 1)]
    addresses = " ".join(settings.SITE_URL + gig.get_absolute_url() for gig in gigs)
    message = say(group, client_person, addresses)
    assert len(cards_for(client_person, message)) == MOST
    with CaptureQueriesContext(connection) as one:
        pane.pane_context(group, client_person)
    for _more in range(3):
        say(group, client_person, addresses)
    with CaptureQueriesContext(connection) as many:
        pane.pane_context(group, client_person)
    assert len(many) == len(one)


def test_the_words_of_somebody_blocked_bring_no_card_before_they_are_opened(
    group: Room, client_person: User, outsider: User
) -> None:
    message = say(group, client_person, settings.SITE_URL + open_gig(client_person).get_absolute_url())
    blocks.block(outsider, client_person)
    browser = Client()
    browser.force_login(outsider)
    assert "msg card" not in browser.get(f"/messages/message/{message.pk}/").content.decode()


def test_a_deleted_or_changed_message_loses_its_card(group: Room, client_person: User) -> None:
    gig = open_gig(client_person)
    message = say(group, client_person, settings.SITE_URL + gig.get_absolute_url())
    messages.edit(message, by=client_person, body="never mind")
    assert cards_for(client_person, message) == []
    messages.delete(message, by=client_person)
    assert cards_for(client_person, message) == []
