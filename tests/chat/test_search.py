"""Messages are found by words, sender, files and days; only what one may read, whatever is typed, and as it stands now."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat import groups, members, message_index, messages, openings, search, uploads
from chat.models import Message, Room
from skilllink import clocks
from skilllink.ids import uuid7
from tests.abuse.proof import nothing_changes
from tests.builders.projects_contracts import signed_contract
from users.models import User


@pytest.fixture
def group(client_person: User, freelancer: User) -> Room:
    """Ines Varga owns it, Tomasz Okoro is in it."""
    room = groups.create(client_person, "Glaze talk")
    members.join(room, freelancer)
    return Room.objects.get(pk=room.pk)


def say(room: Room, author: User, body: str, **more: Any) -> Message:
    return messages.post(room, author, body, client_id=uuid7().hex, **more)


def found(user: User, text: str = "", **more: Any) -> list[str]:
    return [message.body for message in search.find(user, text=text, **more)]


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.mark.parametrize("text", ["glaze", "GLAZ", "ash glaze", "glaze ash", "café", "CAFE", "глаз", "釉薬"])
def test_words_are_found_by_their_beginnings_whatever_case_and_accent(
    group: Room, client_person: User, freelancer: User, text: str
) -> None:
    say(group, client_person, "Ash glaze, said in the café. Глазурь; 釉薬")
    say(group, client_person, "Nothing of it")
    assert len(found(freelancer, text)) == 1


@pytest.mark.parametrize(
    "text",
    ["'", '"', "a\" OR 1=1 --", "*", "(", "NEAR(a b)", "first:ash", "-ash", "a & | ! <-> b", ":*", "%", "\\", "ash\u202e",
     "x" * 5000, " ".join("abcdefghij" * 30), "\ud800".encode("utf-8", "replace").decode(), "id", "rowid:1"],
)  # fmt: skip
def test_no_search_breaks_by_what_is_typed(group: Room, client_person: User, text: str) -> None:
    say(group, client_person, "Ash glaze")
    with nothing_changes():
        found(client_person, text)
        assert browser_of(client_person).get("/messages/search/", {"q": text}).status_code in (200, 422)
        assert browser_of(client_person).get("/api/v1/messages/", {"q": text}).status_code == 200


def test_a_search_of_signs_alone_finds_nothing(group: Room, client_person: User) -> None:
    say(group, client_person, "Ash glaze")
    assert found(client_person, "***") == found(client_person) == found(client_person, "  ") == []


def test_nobody_finds_what_they_may_not_read(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    say(group, client_person, "Ash glaze one")
    members.join(group, outsider)
    say(group, client_person, "Ash glaze two")
    assert found(outsider, "ash") == ["Ash glaze two"]
    members.ban(group, freelancer, by=client_person)
    assert found(freelancer, "ash") == []
    assert browser_of(freelancer).get(f"/api/v1/messages/?q=ash&room={group.pk}").status_code == 404


def test_what_was_changed_or_deleted_is_found_as_it_stands(group: Room, client_person: User) -> None:
    message = say(group, client_person, "Ash glaze")
    messages.edit(message, by=client_person, body="Salt glaze")
    assert (found(client_person, "ash"), found(client_person, "salt")) == ([], ["Salt glaze"])
    messages.delete(message, by=client_person)
    assert found(client_person, "salt") == []
    say(group, client_person, "Salt again")
    say(groups.create(client_person, "Kilns"), client_person, "Salt elsewhere")
    groups.delete(group, by=client_person, title="Glaze talk")
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM chat_message_words")
        assert cursor.fetchone() == (1,)
    assert found(client_person, "salt") == ["Salt elsewhere"]


def test_sender_files_days_and_room_narrow_it_down(group: Room, client_person: User, freelancer: User) -> None:
    other = openings.direct(client_person, freelancer)
    start = clocks.now()
    for number, (room, author) in enumerate([(group, client_person), (group, freelancer), (other, freelancer)]):
        with clocks.at(start + timedelta(days=number)):
            say(room, author, f"Glaze {number}")
    file = uploads.keep(group, freelancer, SimpleUploadedFile("kiln-plan.txt", b"plan"))
    say(group, freelancer, "", attachments=[file.pk])
    assert found(client_person, "glaze", room=group) == ["Glaze 1", "Glaze 0"]
    assert found(client_person, "glaze", sender=freelancer.pk) == ["Glaze 2", "Glaze 1"]
    assert found(client_person, name="ines") == ["Glaze 0"]
    assert found(client_person, files=True) == found(client_person, "kiln") == [""]
    assert found(client_person, "glaze", since=start + timedelta(days=1)) == ["Glaze 2", "Glaze 1"]
    assert found(client_person, "glaze", until=start + timedelta(days=1)) == ["Glaze 0"]


def test_what_is_hidden_before_hire_is_not_found_by_it_and_afterwards_is(client_person: User, freelancer: User) -> None:
    room = openings.direct(client_person, freelancer)
    say(room, freelancer, "Write to tomasz@okoro.example about the kiln")
    assert found(client_person, "okoro") == []
    assert len(found(client_person, "kiln")) == 1
    signed_contract(client_person, freelancer)
    assert len(found(client_person, "okoro")) == 1


def test_a_search_in_one_room_asks_the_database_once(group: Room, client_person: User) -> None:
    for number in range(30):
        say(group, client_person, f"Ash glaze {number}")
    with CaptureQueriesContext(connection) as seen:
        rows = search.find(client_person, text="glaze", room=group).values_list("body", flat=True)[:20]
        assert len(rows) == 20
    assert len(seen) == 1


def test_an_index_that_is_new_has_all_there_was(group: Room, client_person: User) -> None:
    say(group, client_person, "Ash glaze")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE chat_message_words")
    message_index.INDEX.install()
    message_index.INDEX.install()
    assert found(client_person, "ash") == ["Ash glaze"]


def test_pages_and_api_find_the_same_and_lead_there(group: Room, client_person: User, freelancer: User) -> None:
    said = [say(group, client_person, f"Ash glaze <b>{number:02}</b>") for number in range(30)]
    browser = browser_of(freelancer)
    page = browser.get(f"/messages/search/?q=ash&room={group.pk}").content.decode()
    assert f"{group.get_absolute_url()}?at={said[29].seq}#m-{said[29].pk}" in page
    found = re.findall("Ash glaze &lt;b&gt;([0-9]{2})", page)
    assert found[0] == "29" and found[-1] == "05" and "Earlier ones" in page
    earlier = browser.get(f"/messages/search/?q=ash&before={said[5].pk}").content.decode()
    assert "Ash glaze &lt;b&gt;04" in earlier and "Earlier ones" not in earlier
    answer = browser.get(f"/api/v1/messages/?q=ash&room={group.pk}&limit=10").json()
    assert [row["id"] for row in answer["results"]] == [str(message.pk) for message in reversed(said[20:])]
    assert answer["next"]
    assert browser.get("/api/v1/messages/").json()["results"] == []
    assert browser.get("/api/v1/messages/?since=yesterday").json()["fields"].keys() == {"since"}
    assert browser.get(f"/messages/search/?q=ash&room={uuid7()}").status_code == 422


@pytest.mark.parametrize("text", ["r", "r0", "R0 glaze"])
def test_a_rooms_own_word_is_found_by_nobody(group: Room, client_person: User, text: str) -> None:
    say(group, client_person, "Ash glaze")
    assert found(client_person, text) == found(client_person, text, room=group) == []
    word = message_index.word_of(group.pk)
    assert found(client_person, word) == found(client_person, word, room=group) == []


def test_the_page_asks_the_database_as_often_however_many_rooms_and_messages(
    group: Room, client_person: User, freelancer: User, outsider: User
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert browser.get("/messages/search/?q=glaze").status_code == 200
        return len(seen)

    browser = browser_of(client_person)
    say(openings.direct(client_person, freelancer), freelancer, "Glaze")
    asked()  # what a process asks once
    before = asked()
    for number in range(5):
        room = groups.create(client_person, f"Room {number}")
        say(room, client_person, "Glaze again")
    say(openings.direct(client_person, outsider), outsider, "Glaze")
    assert asked() == before


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_are_days(group: Room, client_person: User, zone: str, day: str) -> None:
    client_person.timezone = zone
    client_person.save(update_fields=["timezone"])
    say(group, client_person, "Ash glaze")
    for name in ("since", "until"):
        answer = browser_of(client_person).get(f"/messages/search/?{name}={day}")
        assert answer.status_code in (200, 422)
