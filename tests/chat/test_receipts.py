"""How far one has read: shown among those who show it, on a topic that nobody else may hear."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from chat import groups, members, messages, posting, receipts
from chat.models import Membership, Room
from skilllink.ids import uuid7
from tests import cast
from tests.abuse.proof import nothing_changes
from tests.sockets import PATIENCE, Open, next_frame, tell
from users import read_marks
from users.models import User


@pytest.fixture
def group(client_person: User, freelancer: User, outsider: User) -> Room:
    """Ines Varga owns it, Tomasz Okoro and Olga Stranger are in it; one message, which only its author has read."""
    room = groups.create(client_person, "Glaze talk")
    for person in (freelancer, outsider):
        members.join(room, person)
    messages.post(room, client_person, "Read me", client_id=uuid7().hex)
    return Room.objects.get(pk=room.pk)


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(User.objects.get(pk=user.pk))
    return browser


def seen_by(reader: User, room: Room) -> Any:
    return browser_of(reader).get(f"/api/v1/rooms/{room.pk}/reads/").json()["reads"]


def page_says(reader: User, room: Room) -> int:
    page = browser_of(reader).get(f"/messages/{room.pk}/").content.decode()
    return int(page.split('data-read="')[1].split('"')[0])


def test_all_see_how_far_the_others_have_read_and_the_page_names_where_all_have(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    receipts.mark_read(group, freelancer, group.seq)
    marks = seen_by(client_person, group)
    assert marks[str(freelancer.pk)] == group.seq
    assert set(marks) == {str(freelancer.pk), str(outsider.pk)}
    assert page_says(client_person, group) < group.seq
    receipts.mark_read(group, outsider, group.seq)
    assert page_says(client_person, group) == group.seq


def test_who_hides_theirs_is_seen_by_nobody_and_sees_nobody(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    read_marks.show(freelancer, False)
    for person in (freelancer, outsider):
        receipts.mark_read(group, person, group.seq)
    assert set(seen_by(client_person, group)) == {str(outsider.pk)}
    assert page_says(client_person, group) == group.seq
    assert seen_by(freelancer, group) == {}
    assert page_says(freelancer, group) == 0
    assert "data-shows-reading" not in browser_of(freelancer).get(f"/messages/{group.pk}/").content.decode()
    assert Membership.objects.get(room=group, user=freelancer).read_seq == group.seq  # what is unread for them goes on
    read_marks.show(freelancer, True)
    assert set(seen_by(freelancer, group)) == {str(client_person.pk), str(outsider.pk)}


def test_who_answers_has_read_and_their_other_pages_are_told_so_once(
    group: Room, client_person: User, freelancer: User, outsider: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[set[str]] = []
    monkeypatch.setattr(posting, "hint", lambda topics, _event: told.append(set(topics)))
    for author in (client_person, freelancer, freelancer):
        message = messages.post(group, author, "Which kiln?", client_id=uuid7().hex)
    assert seen_by(outsider, group)[str(freelancer.pk)] == message.seq
    owner, answering, other = (f"user:{person.pk}" for person in (client_person, freelancer, outsider))
    assert told[1:] == [{owner, answering, other}, {owner, other}]


def test_a_stranger_asks_for_marks_of_a_room_that_is_not_there(group: Room) -> None:
    stranger = cast.make("Nadia Brandt")
    with nothing_changes():
        assert browser_of(stranger).get(f"/api/v1/rooms/{group.pk}/reads/").status_code == 404


Live = tuple[User, User, Room]


@pytest.fixture
def live(committed_db: None) -> Live:
    owner, other = cast.make("Ines Varga"), cast.make("Tomasz Okoro")
    room = groups.create(owner, "Glaze talk")
    members.join(room, other)
    messages.post(room, owner, "Read me", client_id=uuid7().hex)
    return owner, other, Room.objects.get(pk=room.pk)


def outside(function: Any) -> Any:
    return sync_to_async(function, thread_sensitive=False)


async def listening(open_socket: Open, user: User, room: Room) -> tuple[Any, Any]:
    socket = await open_socket(user)
    await tell(socket, type="subscribe", topic=f"room:{room.pk}")
    return socket, await tell(socket, type="subscribe", topic=f"reads:{room.pk}")


async def topics_heard(socket: Any) -> set[str]:
    """Of the events that came until the answer to a ping."""
    await socket.send_json_to({"type": "ping", "ref": "heard"})
    topics: set[str] = set()
    while (frame := await socket.receive_json_from(PATIENCE)).get("ref") != "heard":
        topics.add(frame.get("topic", ""))
    return topics


async def test_choosing_otherwise_reaches_open_pages_and_closes_the_marks_for_who_hides(
    live: Live, open_socket: Open
) -> None:
    owner, other, room = live
    watcher, answer = await listening(open_socket, owner, room)
    assert answer["reads"][str(other.pk)] < room.seq
    hider, _answer = await listening(open_socket, other, room)
    await outside(read_marks.show)(other, False)
    assert (await next_frame(hider, "revoked"))["topic"] == f"reads:{room.pk}"
    assert (await next_frame(watcher, "room.read"))["event"]["upto"] is None
    refused = await tell(hider, type="subscribe", topic=f"reads:{room.pk}")
    assert (refused["type"], refused["code"]) == ("error", "missing")
    assert (await tell(hider, type="room.read", room=str(room.pk), upto=room.seq))["upto"] == room.seq
    said = await outside(messages.post)(room, other, "I did", client_id=uuid7().hex)
    await outside(receipts.mark_read)(room, owner, said.seq)
    assert (await next_frame(watcher, "room.read"))["event"]["user"] == str(owner.pk)  # and not the other's before it
    assert f"reads:{room.pk}" not in await topics_heard(hider)
    await outside(read_marks.show)(other, True)
    assert (await next_frame(watcher, "room.read"))["event"]["upto"] == said.seq


async def test_who_was_put_out_hears_no_marks_either(live: Live, open_socket: Open) -> None:
    owner, other, room = live
    banned, _answer = await listening(open_socket, other, room)
    await outside(members.ban)(room, other, by=owner)
    topics = {(await next_frame(banned, "revoked"))["topic"] for _time in range(2)}
    assert topics == {f"room:{room.pk}", f"reads:{room.pk}"}
    refused = await tell(banned, type="subscribe", topic=f"reads:{room.pk}")
    assert refused["code"] == "missing"
