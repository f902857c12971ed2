"""Who comes later reads what is said from then on, by every door, and nothing from before."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chat import groups, members, messages, posting, reading
from chat.models import Message, Room
from skilllink.errors import Missing
from skilllink.ids import uuid7
from users.models import User


@pytest.fixture
def earlier(client_person: User, client: Client) -> Message:
    """A message with a file, said before anybody else was in the room."""
    room = groups.create(client_person, "Glaze talk")
    client.force_login(client_person)
    given = {"file": SimpleUploadedFile("notes.txt", b"kiln notes")}
    kept = client.post(f"/messages/{room.pk}/files/", given).json()
    return messages.post(room, client_person, "Before you came", client_id=uuid7().hex, attachments=[kept["id"]])


def joined(earlier: Message, user: User) -> Room:
    members.join(earlier.room_id, user)
    return Room.objects.get(pk=earlier.room_id)


def test_nothing_from_before_is_read_by_any_door(earlier: Message, freelancer: User, client: Client) -> None:
    room = joined(earlier, freelancer)
    messages.post(room, freelancer, "From now on", client_id=uuid7().hex)
    client.force_login(freelancer)
    for address in (
        "/messages/{}/",
        "/messages/{}/older/?before=99",
        "/api/v1/rooms/{}/messages/",
    ):
        page = client.get(address.format(room.pk)).content.decode()
        assert "Before you came" not in page, address
        assert "notes.txt" not in page, address
        assert "From now on" in page, address
    file = earlier.attachments.get()
    for address in (
        f"/messages/message/{earlier.pk}/",
        f"/messages/files/{file.pk}/",
        f"/report/message/{earlier.pk}/",
    ):
        assert client.get(address).status_code == 404, address


def test_what_is_done_to_an_earlier_message_is_told_without_its_words(
    earlier: Message, client_person: User, freelancer: User
) -> None:
    room = joined(earlier, freelancer)
    messages.edit(earlier, by=client_person, body="Before you came, I said")
    event = reading.after(room, freelancer, 0)["events"][-1]
    assert event["message"] == {"id": str(earlier.pk), "seq": earlier.seq}
    assert "I said" in json.dumps(reading.after(room, client_person, 0), default=str)


def test_an_earlier_message_is_neither_quoted_nor_marked(earlier: Message, freelancer: User) -> None:
    room = joined(earlier, freelancer)
    seq = room.seq
    for act in (
        lambda: messages.post(room, freelancer, "Like so", client_id=uuid7().hex, reply_to=earlier.pk),
        lambda: messages.react(earlier, by=freelancer, sign=messages.SIGNS[0]),
    ):
        with pytest.raises(Missing):
            act()
    room.refresh_from_db()
    assert room.seq == seq


def test_an_earlier_message_is_not_read_through_an_answer_to_it(
    earlier: Message, client_person: User, freelancer: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = joined(earlier, freelancer)
    told: list[str] = []
    monkeypatch.setattr(posting, "push", lambda topic, event, **_more: told.append(json.dumps(event, default=str)))
    answer = messages.post(room, client_person, "I meant this", client_id=uuid7().hex, reply_to=earlier.pk)
    addresses = (
        f"/messages/{room.pk}/",
        f"/messages/message/{answer.pk}/",
        f"/messages/{room.pk}/older/?before=99",
        f"/api/v1/rooms/{room.pk}/messages/",
        f"/api/v1/messages/{answer.pk}/",
    )
    for person, reads in ((freelancer, False), (client_person, True)):
        client.force_login(person)
        for address in addresses:
            page = client.get(address).content.decode()
            assert "I meant this" in page, address
            assert ("Before you came" in page) is reads, (address, reads)
    client.force_login(freelancer)
    assert client.get(addresses[-1]).json()["reply_to"] == {"id": str(earlier.pk)}
    assert any("I meant this" in event for event in told)
    assert "Before you came" not in "".join(told)


def test_a_page_of_the_log_has_a_largest_size_and_the_next_goes_on(client_person: User) -> None:
    room = groups.create(client_person, "Glaze talk")
    said = [messages.post(room, client_person, "&" * 8000, client_id=uuid7().hex).seq for _ in range(12)]
    heard, upto, more = [], 1, True
    while more:
        page = reading.after(room, client_person, upto)
        assert len(json.dumps(page, default=str)) < reading.PAGE_BYTES + 100_000
        heard += [event["seq"] for event in page["events"]]
        upto, more = page["upto"], page["more"]
    assert heard == said
