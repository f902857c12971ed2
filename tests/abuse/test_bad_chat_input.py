"""What a client of the chat may get wrong, by mistake or not: told why, and nothing changes; who lies is closed on."""

import json
import re
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile

from chat import groups, members, messages
from chat.models import Attachment, Message, Room
from skilllink import clocks
from skilllink.realtime import tickets
from tests import cast
from tests.abuse.proof import everything, nothing_changes
from tests.abuse.world import signed_in
from tests.sockets import PATIENCE, Open, closed_with, tell
from users.models import User

LINE = "x" * 1_000_000


@pytest.fixture
def room(client_person: User, freelancer: User) -> Room:
    found = groups.create(client_person, "Glaze talk")
    members.join(found, freelancer)
    messages.post(found, client_person, "Hello", client_id="hello-0001")
    return Room.objects.get(pk=found.pk)


async def refused(socket: Any, code: str, **frame: Any) -> None:
    """An error frame that says why; the connection stays, and nothing is other than before."""
    before = await sync_to_async(everything)()
    answer = await tell(socket, **frame)
    assert (answer["type"], answer["code"]) == ("error", code)
    assert len(answer["sentence"]) > 15
    assert await sync_to_async(everything)() == before
    assert (await tell(socket, type="ping"))["type"] == "ack"


async def test_a_ticket_is_no_longer_good_after_its_seconds(committed_db: None, open_socket: Open) -> None:
    ines = await sync_to_async(cast.make)("Ines Varga")
    issued = clocks.now().timestamp()
    ticket = tickets.issue(ines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.core.signing.time.time", lambda: issued + tickets.SECONDS + 2)
        late = await open_socket(None, headers=[], query=f"?ticket={ticket}", hello=False)
        assert await closed_with(late) == 4401


async def test_a_frame_of_64_kib_is_read_and_one_of_65_is_told_and_closed(
    committed_db: None, open_socket: Open, room: Room, client_person: User
) -> None:
    socket = await open_socket(client_person)
    largest = site.SKILLLINK["FRAME_BYTES"]
    frame = json.dumps({"type": "ping", "ref": "told", "pad": ""})
    await socket.send_to(text_data=frame.replace('"pad": ""', f'"pad": "{"x" * (largest - len(frame))}"'))
    assert (await socket.receive_json_from(PATIENCE))["type"] == "ack"
    before = await sync_to_async(everything)()
    frame = json.dumps(
        {"type": "message.send", "room": str(room.pk), "client_id": "large-0001", "body": "x" * 65 * 1024}
    )
    await socket.send_to(text_data=frame)
    assert (await socket.receive_json_from(PATIENCE))["code"] == "too_large"
    assert await closed_with(socket) == 4413
    assert await sync_to_async(everything)() == before


async def test_a_number_from_the_future_is_refused_by_every_frame_that_takes_one(
    committed_db: None, open_socket: Open, room: Room, freelancer: User
) -> None:
    socket = await open_socket(freelancer)
    await refused(socket, "topic.ahead", type="room.read", room=str(room.pk), upto=room.seq + 1)
    for topic in (f"room:{room.pk}", f"user:{freelancer.pk}"):
        await refused(socket, "topic.ahead", type="subscribe", topic=topic, after=10**9)
    await sync_to_async(messages.post, thread_sensitive=False)(
        room, await sync_to_async(lambda: room.memberships.get(role="owner").user)(), "More", client_id="later-0001"
    )
    answer = await tell(socket, type="ping")  # whose subscription was refused hears nothing of the room
    assert answer["type"] == "ack"
    assert (await tell(socket, type="subscribe", topic=f"room:{room.pk}", after=room.seq))["upto"] == room.seq + 1


def test_a_number_from_the_future_is_refused_over_http_too(room: Room, freelancer: User) -> None:
    browser, ahead = signed_in(freelancer), room.seq + 1
    with nothing_changes():
        for answer in (
            browser.get(f"/api/v1/rooms/{room.pk}/messages/?after={ahead}"),
            browser.post(f"/api/v1/rooms/{room.pk}/read/", {"upto": ahead}, content_type="application/json"),
            browser.post(f"/messages/{room.pk}/read/", {"upto": ahead}, headers={"accept": "application/json"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (422, "topic.ahead")
        asked = browser.get(f"/api/v1/events/?topic=room:{room.pk}&after={ahead}").json()["topics"]
        assert asked[f"room:{room.pk}"]["code"] == "topic.ahead"


async def test_a_forged_author_is_refused_and_so_is_somebody_elses_client_id(
    committed_db: None, open_socket: Open, room: Room, client_person: User, freelancer: User
) -> None:
    socket = await open_socket(freelancer)
    good = {"type": "message.send", "room": str(room.pk), "body": "Hello"}
    forged = good | {"client_id": "forged-0001", "author": str(client_person.pk)}
    await refused(socket, "frame.unknown_field", **forged)
    await refused(socket, "message.differs", **good, client_id="hello-0001")
    answer = await tell(socket, **good, client_id="hello-0002")
    assert (await Message.objects.aget(pk=answer["id"])).author_id == freelancer.pk


def test_over_http_the_author_is_who_is_signed_in_and_a_client_id_the_first_ones(room: Room, freelancer: User) -> None:
    browser, at = signed_in(freelancer), f"/api/v1/rooms/{room.pk}/messages/"
    good = {"body": "Hello", "client_id": "hello-0001"}
    with nothing_changes():
        taken = browser.post(at, good, content_type="application/json")
        forged = browser.post(at, good | {"author": "x"}, content_type="application/json")
    assert (taken.status_code, taken.json()["code"]) == (409, "message.differs")
    assert (forged.status_code, list(forged.json()["fields"])) == (400, ["author"])


async def test_a_line_of_a_million_characters_is_too_large_for_the_socket(
    committed_db: None, open_socket: Open, room: Room, freelancer: User
) -> None:
    socket = await open_socket(freelancer)
    before = await sync_to_async(everything)()
    frame = {"type": "message.send", "room": str(room.pk), "client_id": "line-0001", "body": LINE}
    await socket.send_to(text_data=json.dumps(frame))
    assert (await socket.receive_json_from(PATIENCE))["code"] == "too_large"
    assert await closed_with(socket) == 4413
    assert await sync_to_async(everything)() == before


def test_a_line_of_a_million_characters_is_refused_by_form_and_api(room: Room, freelancer: User) -> None:
    browser = signed_in(freelancer)
    given = {"body": LINE, "client_id": "line-0001"}
    long_enough = {"body": "x" * 8001, "client_id": "line-0002"}
    with nothing_changes():
        for body in (given, long_enough):
            form = browser.post(f"/messages/{room.pk}/post/", body, headers={"accept": "application/json"})
            api = browser.post(f"/api/v1/rooms/{room.pk}/messages/", body, content_type="application/json")
            for answer in (form, api):
                assert answer.status_code == 413
                assert len(answer.json()["sentence"]) > 15


NAMES = [
    "two\nlines",
    "nul\0",
    "evil\u202egpj",
    "\u200bzero\u200bwidth",
    "\u2066isolated",
    "\u200e",
    "\u3164",
    "x" * 121,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_room_is_never_called_what_hides_or_turns_something(room: Room, client_person: User, name: str) -> None:
    browser, at = signed_in(client_person), f"/api/v1/rooms/{room.pk}/"
    with nothing_changes():
        for answer in (
            browser.post("/api/v1/rooms/", {"title": name}, content_type="application/json"),
            browser.patch(at, {"title": name}, content_type="application/json"),
            browser.post("/messages/new/", {"title": name}, headers={"accept": "application/json"}),
        ):
            assert (answer.status_code, answer.json()["code"]) in ((400, "room.bad_title"), (400, "malformed"))


@pytest.mark.parametrize(
    "name", ["Ämter & Öfen", "陶芸 🏺", "«كيلن»", "<b>kiln</b>", 'O\'Neill "raku"', "👩\u200d🎨 art"]
)
def test_any_other_name_is_kept_as_it_was_typed(client_person: User, name: str) -> None:
    answer = signed_in(client_person).post("/api/v1/rooms/", {"title": name}, content_type="application/json")
    assert answer.json()["title"] == name


def test_a_path_in_a_files_name_leads_nowhere(room: Room, freelancer: User) -> None:
    for name in ("../../etc/passwd.txt", "..\\\\..\\\\boot.txt", "/etc/cron.d/x.txt", "C:\\\\x.txt"):
        head = f'--part\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        given = signed_in(freelancer).generic(
            "POST",
            f"/messages/{room.pk}/files/",
            f"{head}kiln notes\r\n--part--\r\n".encode(),
            "multipart/form-data; boundary=part",
        )
        kept = Attachment.objects.get(pk=given.json()["id"])
        assert not set(kept.name) & set("/\\:")
        assert re.fullmatch(rf"attachments/{room.pk}/[0-9a-f-]{{36}}", kept.file.name)


def test_a_file_without_an_ending_is_refused(room: Room, freelancer: User) -> None:
    with nothing_changes():
        for name in ("passwd", ".htaccess"):
            given = SimpleUploadedFile(name, b"kiln notes")
            answer = signed_in(freelancer).post(
                f"/messages/{room.pk}/files/", {"file": given}, headers={"accept": "application/json"}
            )
            assert answer.status_code == 415
