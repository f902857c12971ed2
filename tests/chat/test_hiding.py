"""Contact data before hire: the other side reads it on no way, its author on the pages; after hire everybody does."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chat import groups, members, messages, openings, posting, search, unread, uploads
from chat.contact_data import MASK
from chat.formats import serialize
from chat.models import Message, Room
from skilllink import clocks
from skilllink.ids import uuid7
from skilllink.transactions import verb
from tests import cast
from tests.sockets import Open, tell
from users.models import Sanction, User
from users.notifications.relay import relay

SECRET = "ines@varga.example"


@pytest.fixture
def room(client_person: User, freelancer: User) -> Room:
    cache.clear()
    return verb(openings.for_bid)(uuid7(), client_person, freelancer, "Wayfinding")


def say(room: Room, author: User, body: str = f"Write to {SECRET}, please", **more: Any) -> Message:
    return messages.post(room, author, body, client_id=uuid7().hex, **more)


def seen_by(person: User, message: Message) -> str:
    """All that a person can read of a message, by page, API and report."""
    browser = Client()
    browser.force_login(person)
    room = message.room_id
    addresses = (
        f"/messages/{room}/",
        f"/messages/message/{message.pk}/",
        f"/messages/{room}/older/?before=999",
        f"/api/v1/rooms/{room}/messages/",
        f"/api/v1/messages/{message.pk}/",
        f"/report/message/{message.pk}/",
    )
    return "\n".join(browser.get(address).content.decode() for address in addresses)


def test_the_other_side_reads_it_by_no_door_and_its_author_on_the_page(
    room: Room, client_person: User, freelancer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(posting, "push", lambda topic, event, **_more: told.append(json.dumps(event, default=str)))
    message = say(room, client_person)
    theirs = seen_by(freelancer, message)
    assert SECRET not in theirs
    assert theirs.count(f"Write to {MASK}, please") >= 6
    assert "contact data is hidden until you have a contract" in theirs
    assert SECRET not in "".join(told)
    own = seen_by(client_person, message)
    assert SECRET in own
    assert "partly hidden from the others until you have a contract" in own
    message.refresh_from_db()
    assert SECRET in message.body  # kept as it was written


def test_neither_a_quote_nor_an_edit_nor_a_file_name_lets_it_through(
    room: Room, client_person: User, freelancer: User
) -> None:
    browser = Client()
    browser.force_login(client_person)
    named = {"file": SimpleUploadedFile(f"{SECRET}.txt", b"notes")}
    kept = browser.post(f"/messages/{room.pk}/files/", named).json()
    first = say(room, client_person, attachments=[kept["id"]])
    say(room, freelancer, "Which one?", reply_to=first.pk)
    messages.edit(first, by=client_person, body=f"Or {SECRET}")
    assert SECRET not in seen_by(freelancer, first)


def test_a_file_is_downloaded_under_the_name_that_its_reader_sees(
    room: Room, client_person: User, freelancer: User
) -> None:
    file = uploads.keep(room, client_person, SimpleUploadedFile(f"{SECRET}.txt", b"notes"))
    message = say(room, client_person, "The notes", attachments=[file.pk])
    assert serialize(message, since=0)["masked"]
    for person, shows in ((client_person, True), (freelancer, False)):
        browser = Client()
        browser.force_login(person)
        for address in (f"/messages/files/{file.pk}/", f"/api/v1/room-files/{file.pk}/"):
            answer = browser.get(address)
            assert answer.status_code == 200
            assert (SECRET.split("@")[1] in answer["Content-Disposition"]) is shows


def test_a_number_in_a_file_name_is_not_found_by_what_the_message_calls_it(
    room: Room, client_person: User, freelancer: User
) -> None:
    file = uploads.keep(room, client_person, SimpleUploadedFile("+491701234567.txt", b"notes"))
    message = say(room, client_person, "Invoice number", attachments=[file.pk])
    assert serialize(message, since=0)["attachments"][0]["name"] == f"{MASK}.txt"
    assert list(search.find(freelancer, text="invoice")) == [message]
    assert not search.find(freelancer, text="4917")


def test_the_mail_of_what_is_unread_masks_it_too(room: Room, client_person: User) -> None:
    say(room, client_person)
    with clocks.at(clocks.now() + settings.SKILLLINK["CHAT_MAIL_DELAY"] + timedelta(seconds=1)):
        unread.sweep()
        relay()
    (letter,) = mail.outbox
    assert f"Write to {MASK}, please" in letter.body
    assert SECRET not in letter.body + str(letter.alternatives)


def test_nobody_is_punished_by_a_machine(room: Room, client_person: User) -> None:
    for _ in range(20):
        say(room, client_person)
    assert not Sanction.objects.exists()
    assert not client_person.notifications.exists()


def test_from_the_hire_on_everything_is_read_as_it_was_written_also_in_their_direct_room(
    room: Room, client_person: User, freelancer: User
) -> None:
    direct = openings.direct(freelancer, client_person)
    said = [say(room, client_person), say(direct, client_person)]
    assert not any(SECRET in seen_by(freelancer, message) for message in said)
    verb(openings.promote)(room, uuid7(), "Wayfinding")
    for message in said:
        theirs = seen_by(freelancer, message)
        assert SECRET in theirs
        assert MASK not in theirs


def test_a_direct_room_opened_after_the_hire_hides_nothing(
    room: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    verb(openings.promote)(room, uuid7(), "Wayfinding")
    assert not openings.direct(freelancer, client_person).hides_contact
    assert openings.direct(client_person, outsider).hides_contact


def test_a_direct_room_that_was_made_while_its_people_were_hired_hides_nothing_once_it_is_opened_again(
    room: Room, client_person: User, freelancer: User
) -> None:
    direct = openings.direct(freelancer, client_person)
    said = say(direct, client_person)
    verb(openings.promote)(room, uuid7(), "Wayfinding")
    Room.objects.filter(pk=direct.pk).update(hired=False)  # as one that promote couldn't see yet
    assert SECRET not in seen_by(freelancer, said)
    openings.direct(freelancer, client_person)
    assert SECRET in seen_by(freelancer, said)
    assert list(search.find(freelancer, text="varga", room=direct)) == [said]


def test_a_group_is_no_place_of_hiring_and_hides_nothing(client_person: User, freelancer: User) -> None:
    group = groups.create(client_person, "Glaze talk")
    members.join(group, freelancer)
    assert SECRET in seen_by(freelancer, say(group, client_person))


@pytest.fixture
def trio(committed_db: None) -> tuple[User, User, Room]:
    """One of the two in a direct room, somebody who isn't, and the room."""
    ines = cast.make("Ines Varga")
    return ines, cast.make("Olga Stranger"), openings.direct(ines, cast.make("Tomasz Okoro"))


async def test_while_it_is_typed_the_server_says_what_would_be_hidden_and_why(
    trio: tuple[User, User, Room], open_socket: Open
) -> None:
    ines, olga, opened = trio
    socket = await open_socket(ines)
    body = f"Write to {SECRET} or call +49 170 1234567"
    answer = await tell(socket, type="message.check", room=str(opened.pk), body=body)
    assert [(part["text"], part["kind"]) for part in answer["found"]] == [
        (SECRET, "email"),
        ("+49 170 1234567", "phone"),
    ]
    assert "until you have a contract here" in answer["why"]
    clean = await tell(socket, type="message.check", room=str(opened.pk), body="please install it")
    assert (clean["found"], clean["why"]) == ([], "")
    stranger = await open_socket(olga)
    refused = await tell(stranger, type="message.check", room=str(opened.pk), body=body)
    assert refused["code"] == "missing"
    for wrong in ({"body": 5}, {"body": "x", "author": "me"}, {}):
        bad = await tell(socket, type="message.check", room=str(opened.pk), **wrong)
        assert bad["type"] == "error", wrong
    assert not await Message.objects.aexists()
