"""Rooms through their pages and the API: the same verbs, the same refusals, and forms that keep what was typed."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from chat import groups, members, rooms
from chat.models import Membership, Room
from projects import questions
from skilllink.errors import Missing
from skilllink.ids import uuid7
from tests.abuse.proof import nothing_changes
from tests.builders.projects_gigs import open_gig
from users.models import User

KEY = "lapis and ochre"


@pytest.fixture(autouse=True)
def _no_tries_yet() -> None:
    cache.clear()


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def asked(browser: Client, method: str, address: str, body: Any = None) -> Any:
    answer = getattr(browser, method)(f"/api/v1/rooms/{address}", body, content_type="application/json")
    return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def group(client_person: User, freelancer: User) -> Room:
    room = groups.create(client_person, "Glaze talk")
    members.join(room, freelancer)
    return room


def test_a_room_is_opened_found_and_joined_on_pages(client_person: User, outsider: User) -> None:
    given = {"title": '"Raku" & <salt>', "entry": "open", "capacity": "12"}
    made = browser_of(client_person).post("/messages/new/", given)
    room = Room.objects.get()
    assert (made.status_code, made["Location"]) == (303, room.get_absolute_url())
    found = browser_of(outsider).get("/messages/groups/?q=raku").content.decode()
    assert "&quot;Raku&quot; &amp; &lt;salt&gt;" in found
    assert "1 person, room for 12" in found
    joined = browser_of(outsider).post(f"/messages/{room.pk}/join/")
    assert (joined.status_code, joined["Location"]) == (303, room.get_absolute_url())


def test_a_refused_form_keeps_what_was_typed_and_says_it_beside_its_field(client_person: User) -> None:
    given = {"title": "Gl\u202eaze", "entry": "key", "key": "short", "capacity": "12"}
    with nothing_changes():
        answer = browser_of(client_person).post("/messages/new/", given)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "without control characters or invisible ones" in page
    assert 'value="short"' in page and 'value="12"' in page


@pytest.mark.parametrize("link", ["https://skilllink.test/messages/join/?room={}", "{}", " /messages/{}/ "])
def test_a_link_and_its_key_open_a_private_room(client_person: User, outsider: User, link: str) -> None:
    room = groups.create(client_person, "Closed", public=False, key=KEY)
    answer = browser_of(outsider).post("/messages/join/", {"room": link.format(room.pk), "key": KEY})
    assert (answer.status_code, answer["Location"]) == (303, room.get_absolute_url())


def test_a_wrong_key_is_said_on_the_form_and_the_sixth_is_429(client_person: User, outsider: User) -> None:
    room, browser = groups.create(client_person, "Closed", public=False, key=KEY), browser_of(outsider)
    told = []
    with nothing_changes():
        for link in (room.pk, uuid7(), "no link at all", room.pk, uuid7(), room.pk):
            answer = browser.post("/messages/join/", {"room": str(link), "key": "a guess"})
            told.append(answer.status_code)
            assert "Closed" not in answer.content.decode()
    assert told == [404] * 5 + [429]
    assert answer["Retry-After"] == "900"
    assert "Wait 15 minutes" in answer.content.decode()


def test_the_details_show_each_person_what_they_may_do(group: Room, client_person: User, freelancer: User) -> None:
    address = f"/messages/{group.pk}/details/"
    owners, members = (browser_of(who).get(address).content.decode() for who in (client_person, freelancer))
    about = f"/messages/{group.pk}/people/{freelancer.pk}/"
    for words in (about, "Delete the room", "Change the room"):
        assert words in owners and words not in members, words
    assert "Leave the room" in members and "Leave the room" in owners
    assert "Your note" in members


def test_a_note_is_on_no_page_of_anybody_else(group: Room, client_person: User, freelancer: User) -> None:
    browser_of(freelancer).post(f"/messages/{group.pk}/note/", {"note": "Owes me a sample"})
    for address in (f"/messages/{group.pk}/details/", f"/api/v1/rooms/{group.pk}/note/"):
        assert "Owes me a sample" in browser_of(freelancer).get(address).content.decode()
        assert "Owes me a sample" not in browser_of(client_person).get(address).content.decode()


def test_owner_and_moderators_act_on_pages(group: Room, client_person: User, freelancer: User, outsider: User) -> None:
    browser, about = browser_of(client_person), f"/messages/{group.pk}/people/{freelancer.pk}/"
    assert browser.post(f"{about}role/", {"role": "moderator"}).status_code == 303
    assert rooms.member(group, freelancer).role == "moderator"
    with nothing_changes():
        wrong = browser.post(f"{about}silence/", {"until": "2020-01-01T10:00"})
    assert (wrong.status_code, "between now and a year from now" in wrong.content.decode()) == (422, True)
    invited = browser.post(f"/messages/{group.pk}/invitations/", {"person": outsider.profile.slug})
    assert invited.status_code == 303
    assert "Olga Stranger" in browser.get(f"/messages/{group.pk}/details/").content.decode()
    assert "Glaze talk" in browser_of(outsider).get("/messages/groups/").content.decode()
    assert browser.post(f"{about}ban/").status_code == 303
    assert browser_of(freelancer).get(group.get_absolute_url()).status_code == 404
    assert browser.post(f"{about}unban/").status_code == 303
    assert browser_of(freelancer).post(f"/messages/{group.pk}/join/").status_code == 303


def test_deleting_asks_for_the_name_and_says_what_goes(group: Room, client_person: User) -> None:
    browser, address = browser_of(client_person), f"/messages/{group.pk}/delete/"
    assert "for all 2 people in it" in browser.get(address).content.decode()
    with nothing_changes():
        assert browser.post(address, {"title": "Glaze tal"}).status_code == 422
    assert browser.post(address, {"title": "Glaze talk"}).status_code == 303
    assert not Room.objects.exists()


def test_a_muted_room_is_not_counted_in_the_header(group: Room, client_person: User, freelancer: User) -> None:
    from chat import messages

    messages.post(group, client_person, "Hello", client_id=uuid7().hex)
    browser = browser_of(freelancer)
    assert "1" in browser.get("/messages/unread/").content.decode()
    browser.post(f"/messages/{group.pk}/mute/", {"on": "1"})
    assert browser.get("/messages/unread/").content.decode().strip() == ""


def test_the_api_has_every_verb_of_a_room(
    client_person: User, freelancer: User, outsider: User, moderator: User
) -> None:
    ines, tomasz, olga = browser_of(client_person), browser_of(freelancer), browser_of(outsider)
    status, room = asked(ines, "post", "", {"title": "Glaze talk", "capacity": 5})
    assert (status, room["role"], room["public"], room["capacity"]) == (201, "owner", True, 5)
    at = f"{room['id']}/"
    person = f"{at}members/{freelancer.pk}/"
    _, listed = asked(tomasz, "get", "open/?q=glaze")
    assert [(row["id"], row["people"]) for row in listed["results"]] == [(room["id"], 1)]
    assert asked(tomasz, "post", f"{at}join/", {})[0] == 200
    assert asked(ines, "post", f"{person}role/", {"role": "moderator"})[1]["role"] == "moderator"
    assert asked(tomasz, "post", f"{at}invitations/", {"person": outsider.profile.slug})[0] == 201
    assert [row["title"] for row in olga.get("/api/v1/room-invitations/").json()] == ["Glaze talk"]
    assert asked(olga, "post", f"{at}decline/", {})[0] == 204
    assert asked(tomasz, "post", f"{at}invitations/", {"person": outsider.profile.slug})[0] == 201
    assert asked(ines, "delete", f"{at}invitations/{outsider.pk}/")[0] == 204
    silent = asked(ines, "post", f"{person}silence/", {"until": None})
    assert silent == (200, {"user": {"id": str(freelancer.pk), "name": "Tomasz Okoro"}, "role": "moderator", "silenced_until": None})  # fmt: skip
    assert asked(tomasz, "post", f"{at}mute/", {"on": True})[1] == {"muted": True}
    assert asked(tomasz, "get", at)[1]["muted"] is True
    assert asked(tomasz, "put", f"{at}note/", {"note": "Mine"})[1] == {"note": "Mine"}
    changed = asked(ines, "patch", at, {"title": "Glazes", "public": False, "key": KEY})[1]
    assert (changed["title"], changed["public"], changed["capacity"]) == ("Glazes", False, 5)
    assert asked(ines, "post", f"{person}ban/", {})[0] == 204
    assert asked(tomasz, "get", at)[0] == 404
    assert asked(ines, "post", f"{person}unban/", {})[0] == 204
    assert asked(tomasz, "post", f"{at}join/", {"key": KEY})[0] == 200
    assert asked(ines, "post", f"{person}owner/", {})[1]["role"] == "owner"
    assert [row["role"] for row in asked(ines, "get", f"{at}members/")[1]] == ["moderator", "owner"]
    with nothing_changes():
        assert asked(ines, "delete", at, {"title": "Glazes"})[1]["code"] == "room.not_owner"
        assert asked(tomasz, "delete", at, {"title": "Glaze"})[1]["code"] == "room.title_differs"
    assert asked(tomasz, "delete", at, {"title": "Glazes"}) == (204, None)


def test_questions_about_a_gig_are_read_from_the_first_by_all_who_ask(
    client_person: User, freelancer: User, outsider: User
) -> None:
    from chat import messages

    gig = open_gig(client_person)
    opened = browser_of(freelancer).post(f"/gigs/{gig.pk}/questions/")
    room = Room.objects.get(kind="gig")
    assert (opened.status_code, opened["Location"]) == (303, room.get_absolute_url())
    messages.post(room, freelancer, "Is there a plan?", client_id=uuid7().hex)
    later = browser_of(outsider).post(f"/api/v1/gigs/{gig.pk}/questions/", {}, content_type="application/json")
    assert later.json() == {"room": str(room.pk)}
    assert "Is there a plan?" in browser_of(outsider).get(room.get_absolute_url()).content.decode()
    assert rooms.member(room, client_person).role == "owner"
    with nothing_changes(), pytest.raises(members.OwnerStays):
        members.leave(room, client_person)
    members.ban(room, outsider, by=client_person)
    with nothing_changes(), pytest.raises(members.BannedHere):
        questions.open_room(gig, by=outsider)


def test_nobody_asks_about_a_gig_that_they_do_not_see(client_person: User, outsider: User) -> None:
    gig = open_gig(client_person, visibility="invited")
    with nothing_changes():
        with pytest.raises(Missing):
            questions.open_room(gig, by=outsider)
        assert browser_of(outsider).post(f"/gigs/{gig.pk}/questions/").status_code == 404
    assert not Membership.objects.exists()


@pytest.mark.parametrize("number", [0, 3, 49, 50, 70])
def test_a_room_says_how_much_is_unread_however_much_it_is(
    group: Room, client_person: User, freelancer: User, number: int
) -> None:
    from chat import messages, pane

    for turn in range(number):
        messages.post(group, client_person, f"Number {turn}", client_id=uuid7().hex)
    assert pane.pane_context(group, freelancer)["unread"] == number
    assert pane.pane_context(group, client_person)["unread"] == 0


def test_a_message_makes_its_readers_fetch_their_rooms_and_their_count_and_nothing_else(
    group: Room, freelancer: User
) -> None:
    page = browser_of(freelancer).get("/messages/").content.decode()
    regions = re.findall(rf'data-live="user:{freelancer.pk}"(?: data-live-types="([^"]*)")? hx-get="([^"?]*)', page)
    concerned = [address for types, address in regions if "messages.unread".startswith(tuple(types.split()) or ("",))]
    assert sorted(concerned) == ["/messages/", "/messages/unread/"]
    assert len(regions) > len(concerned)
