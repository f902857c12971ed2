"""What broke the small chat apps this grew from, by name."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chat import frames, groups, members, messages, openings, reading, titles
from chat.models import Attachment, Message, Room, RoomEvent
from skilllink.errors import Missing, Refusal
from skilllink.ids import uuid7
from users.models import User

MARKUP = "<script>alert(1)</script> **bold** [x](javascript:alert(1))"


@pytest.fixture
def room(client_person: User, freelancer: User) -> Room:
    return openings.direct(client_person, freelancer)


def say(room: Room, author: User, body: str, client_id: str | None = None) -> Message:
    return messages.post(room, author, body, client_id=client_id or uuid7().hex)


def state(room: Room) -> tuple[int, int, int]:
    room.refresh_from_db()
    return room.seq, Message.objects.count(), RoomEvent.objects.count()


def test_a_stranger_in_a_private_room_meets_the_same_404_by_every_door(
    room: Room, outsider: User, client: Client
) -> None:
    say_before = state(room)
    client.force_login(outsider)
    nowhere = "00000000-0000-7000-8000-000000000000"
    for address in ("/messages/{}/", "/api/v1/rooms/{}/messages/"):
        there, nothing = client.get(address.format(room.pk)), client.get(address.format(nowhere))
        assert (there.status_code, nothing.status_code) == (404, 404)
    assert client.post(f"/messages/{room.pk}/post/", {"body": "hello"}).status_code == 404
    with pytest.raises(Missing):
        frames.send(outsider, {"type": "message.send", "room": str(room.pk), "body": "x", "client_id": uuid7().hex})
    assert state(room) == say_before


def test_a_forged_author_is_refused(room: Room, client_person: User, freelancer: User) -> None:
    before = state(room)
    frame = {"type": "message.send", "room": str(room.pk), "body": "x", "client_id": uuid7().hex}
    with pytest.raises(Refusal):
        frames.send(freelancer, {**frame, "author": str(client_person.pk)})
    assert state(room) == before


def test_the_same_words_under_the_same_id_are_kept_once_and_other_words_refused(room: Room, freelancer: User) -> None:
    first = say(room, freelancer, "Hello", "client-id-1")
    assert say(room, freelancer, "Hello", "client-id-1") == first
    before = state(room)
    with pytest.raises(messages.Differs):
        say(room, freelancer, "Good bye", "client-id-1")
    assert state(room) == before


def test_history_survives_a_reload_and_markup_is_inert(
    room: Room, freelancer: User, client_person: User, client: Client
) -> None:
    say(room, freelancer, MARKUP)
    client.force_login(client_person)
    page = client.get(f"/messages/{room.pk}/").content.decode()
    assert "<script>alert" not in page
    assert 'javascript:alert(1)"' not in page
    assert "<strong>bold</strong>" in page


def test_a_deletion_leaves_a_tombstone_without_the_words(room: Room, freelancer: User, client_person: User) -> None:
    message = say(room, freelancer, "secret words")
    messages.edit(message, by=freelancer, body="other secret words")
    messages.delete(message, by=freelancer)
    answer = json.dumps(reading.after(room, client_person, 0), default=str)
    assert "secret" not in answer
    assert not message.versions.exists()


def test_numbers_are_gapless_whatever_happens(room: Room, freelancer: User, client_person: User) -> None:
    message = say(room, freelancer, "one")
    messages.edit(message, by=freelancer, body="two")
    messages.react(message, by=client_person, sign=messages.SIGNS[0])
    messages.delete(message, by=freelancer)
    numbers = list(RoomEvent.objects.filter(room=room).values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_one_who_was_banned_reads_and_says_nothing_more(client_person: User, freelancer: User) -> None:
    group = groups.create(client_person, 'Kiln "talk" & more')
    members.join(group, freelancer)
    members.ban(group, freelancer, by=client_person)
    before = state(group)
    for act in (lambda: say(group, freelancer, "again"), lambda: reading.after(group, freelancer, 0)):
        with pytest.raises(Missing):
            act()
    with pytest.raises(members.BannedHere):
        members.join(group, freelancer)
    assert state(group) == before


@pytest.mark.parametrize("name", ["two\nlines", "", "x" * 121, "evil\u202egpj", "nul\x00"])
def test_a_room_name_with_control_characters_is_refused(client_person: User, name: str) -> None:
    with pytest.raises(titles.BadTitle):
        groups.create(client_person, name)
    assert not Room.objects.exists()


def test_a_room_name_with_quotes_and_a_closing_script_tag_is_only_text(client_person: User, client: Client) -> None:
    group = groups.create(client_person, "\"'</script><b>x")
    client.force_login(client_person)
    assert "</script><b>x" not in client.get(f"/messages/{group.pk}/").content.decode()


@pytest.mark.parametrize(("name", "content"), [("a.png", b"<html><script>1</script>"), ("a.pdf", b"MZ not a pdf")])
def test_a_file_that_is_not_what_it_says_is_refused_and_not_kept(
    room: Room, freelancer: User, client: Client, name: str, content: bytes
) -> None:
    client.force_login(freelancer)
    answer: Any = client.post(f"/messages/{room.pk}/files/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 415
    assert not Attachment.objects.exists()


def test_a_message_with_files_that_are_none_is_not_sent(room: Room, freelancer: User) -> None:
    before, browser = state(room), Client()
    browser.force_login(freelancer)
    for pk in ("abc", "\0", str(room.pk)):
        answer = browser.post(f"/messages/{room.pk}/post/", {"body": "Look", "attachments": pk})
        assert answer.status_code == 404
    assert state(room) == before


def test_a_file_of_the_room_is_a_members_download_and_a_strangers_404(
    room: Room, freelancer: User, outsider: User, client: Client
) -> None:
    client.force_login(freelancer)
    kept = client.post(f"/messages/{room.pk}/files/", {"file": SimpleUploadedFile("notes.txt", b"kiln notes")}).json()
    messages.post(room, freelancer, "", client_id=uuid7().hex, attachments=[kept["id"]])
    address = f"/messages/files/{kept['id']}/"
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    client.force_login(outsider)
    assert client.get(address).status_code == 404
