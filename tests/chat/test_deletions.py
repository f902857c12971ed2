"""A room's owner and moderators delete what others say there; the tombstone says who did, and the words are nowhere."""

import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from chat import frames, groups, members, messages, openings, pins, reading, roles, search
from chat.formats import serialize
from chat.models import Message, Room
from skilllink.errors import Missing
from skilllink.ids import uuid7
from tests import cast
from tests.abuse.proof import nothing_changes
from tests.sockets import Open, next_frame, tell
from users.models import Notification, User

WORDS = "buy cheap kilns"


@pytest.fixture
def group(client_person: User, freelancer: User, outsider: User) -> Room:
    """Ines Varga owns it, Tomasz Okoro moderates it, Olga Stranger is a member."""
    room = groups.create(client_person, "Glaze talk")
    for person in (freelancer, outsider):
        members.join(room, person)
    roles.appoint(room, freelancer, "moderator", by=client_person)
    return Room.objects.get(pk=room.pk)


def say(room: Room, author: User, body: str = WORDS, **more: Any) -> Message:
    return messages.post(room, author, body, client_id=uuid7().hex, **more)


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def test_a_moderators_deletion_says_by_whom_and_takes_the_words_out_of_every_answer(
    group: Room, freelancer: User, outsider: User, client_person: User
) -> None:
    message = say(group, outsider)
    messages.edit(message, by=outsider, body=f"{WORDS} now")
    answer = say(group, client_person, "No", reply_to=message.pk)
    messages.react(message, by=client_person, sign="👀")
    pins.pin(message, by=client_person)
    messages.delete(message, by=freelancer)
    for reader in (client_person, freelancer, outsider):
        browser = browser_of(reader)
        there = browser.get(f"/api/v1/messages/{message.pk}/").json()
        assert (there["deleted"], there["body"], there["reactions"], there["pinned"]) == (True, "", {}, False)
        assert there["deleted_by"] == {"id": str(freelancer.pk), "name": "Tomasz Okoro"}
        page = browser.get(f"/messages/{group.pk}/").content.decode()
        assert "Tomasz Okoro deleted this message from Olga Stranger." in page
        log = browser.get(f"/api/v1/rooms/{group.pk}/messages/").content.decode()
        assert WORDS not in page + log
        assert not search.find(reader, text="cheap").exists()
    assert serialize(reading.shown().get(pk=answer.pk), since=0)["reply_to"] is None
    assert Notification.objects.get(recipient=outsider, event="message.removed").actor == freelancer


def test_one_who_deletes_their_own_message_is_named_and_nobody_is_told(group: Room, outsider: User) -> None:
    message = say(group, outsider)
    messages.delete(message, by=outsider)
    shown = serialize(reading.shown().get(pk=message.pk), since=0)
    assert shown["deleted_by"]["id"] == str(outsider.pk)
    assert not Notification.objects.filter(event="message.removed").exists()


def test_who_left_is_below_the_moderators(group: Room, freelancer: User, outsider: User) -> None:
    message = say(group, outsider)
    members.leave(group, outsider)
    assert messages.delete(message, by=freelancer).deleted_by == freelancer


def test_what_one_may_not_delete_stays_as_it_was(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    other = cast.make("Mina Osei")
    members.join(group, other)
    roles.appoint(group, other, "moderator", by=client_person)
    owners, moderators, said = (say(group, who) for who in (client_person, freelancer, outsider))
    for message, by in [(owners, freelancer), (moderators, other), (owners, outsider), (moderators, outsider)]:
        with nothing_changes(), pytest.raises(messages.NotDeletable):
            messages.delete(message, by=by)
    stranger = cast.make("Nadia Brandt")
    with nothing_changes(), pytest.raises(Missing):
        messages.delete(said, by=stranger)
    assert messages.delete(moderators, by=client_person).deleted_at
    with nothing_changes(), pytest.raises(messages.Gone):
        messages.delete(moderators, by=client_person)


def test_where_it_is_evidence_nobody_deletes_the_others_words(client_person: User, freelancer: User) -> None:
    room = openings.direct(client_person, freelancer)
    message = say(room, freelancer)
    with nothing_changes(), pytest.raises(messages.NotDeletable):
        messages.delete(message, by=client_person)


def test_the_page_offers_it_to_those_alone_who_may(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    message = say(group, outsider)
    at = f"/messages/message/{message.pk}/"
    later = cast.make("Mina Osei")
    members.join(group, later)
    moderators = say(group, freelancer)
    for who, of, offered in [(client_person, message, 1), (outsider, message, 1), (outsider, moderators, 0)]:
        page = browser_of(who).get(f"/messages/message/{of.pk}/acts/").content.decode()
        assert page.count(f"/messages/message/{of.pk}/delete/") == offered
    with nothing_changes():
        assert browser_of(later).post(f"{at}delete/").status_code == 404
    assert browser_of(freelancer).post(f"{at}delete/").status_code == 303
    assert Message.objects.get(pk=message.pk).deleted_by == freelancer


async def test_the_live_event_names_who_deleted_and_carries_no_words(committed_db: None, open_socket: Open) -> None:
    owner, other = await sync_to_async(lambda: (cast.make("Ines Varga"), cast.make("Tomasz Okoro")))()
    room = await sync_to_async(groups.create)(owner, "Glaze talk")
    await sync_to_async(members.join)(room, other)
    message = await sync_to_async(say)(room, other)
    socket = await open_socket(other)
    await tell(socket, type="subscribe", topic=f"room:{room.pk}")
    await sync_to_async(frames.delete, thread_sensitive=False)(
        owner, {"type": "message.delete", "message": str(message.pk)}
    )
    event = (await next_frame(socket, "message.deleted"))["event"]
    assert event["message"]["deleted_by"] == {"id": str(owner.pk), "name": "Ines Varga"}
    assert WORDS not in json.dumps(event)
