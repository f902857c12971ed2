"""The one socket: who may open it, what it refuses, what it delivers, when it closes."""

import json
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from skilllink.realtime import sessions, tickets, topics
from skilllink.realtime.hub import HINTS_EVERY
from skilllink.realtime.push import hint, push, push_now, revoke
from skilllink.transactions import verb
from tests import cast
from tests.sockets import PATIENCE, Open, closed_with, next_frame, tell
from users.models import User


@pytest.fixture
def people(committed_db: None) -> tuple[User, User]:
    return cast.make("Ines Varga", client=True), cast.make("Tomasz Okoro", freelancer=True)


async def error_for(communicator: Any, text: str) -> dict[str, Any]:
    await communicator.send_to(text_data=text)
    answer: dict[str, Any] = await communicator.receive_json_from(PATIENCE)
    assert answer["type"] == "error", answer
    return answer


async def test_an_anonymous_socket_is_closed_with_4401(people: Any, open_socket: Open) -> None:
    assert await closed_with(await open_socket(None, hello=False)) == 4401


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"origin", b"http://evil.example")],
        [(b"origin", b"null")],
        [(b"origin", b"http://localhost.evil.example")],
    ],
)
async def test_a_foreign_or_missing_origin_is_refused_at_the_handshake(
    people: Any, open_socket: Open, headers: Any
) -> None:
    communicator = await open_socket(people[0], headers=headers, hello=False)
    assert not communicator.accepted


@pytest.mark.parametrize(
    "text", ["[]", "5", '"hello"', "null", "{", "[" * 10_000, json.dumps({"a": json.loads("[" * 17 + "]" * 17)})]
)
async def test_what_is_no_frame_gets_an_error_and_the_socket_stays(people: Any, open_socket: Open, text: str) -> None:
    communicator = await open_socket(people[0])
    assert (await error_for(communicator, text))["code"] == "malformed"
    await communicator.send_json_to({"type": "ping", "ref": 7})
    assert await communicator.receive_json_from(PATIENCE) == {"type": "ack", "ref": 7}


@pytest.mark.parametrize(
    "kind", ["nonsense", "websocket.disconnect", "hub.event", "socket.close", "__init__", None, 5, {}]
)
async def test_an_unknown_or_reserved_type_is_refused_by_name(people: Any, open_socket: Open, kind: Any) -> None:
    communicator = await open_socket(people[0])
    assert (await error_for(communicator, json.dumps({"type": kind})))["code"] == "frame.unknown"


async def test_a_frame_of_100_kb_is_told_and_closed_with_4413(people: Any, open_socket: Open) -> None:
    communicator = await open_socket(people[0])
    assert (await error_for(communicator, json.dumps({"type": "ping", "pad": "x" * 100_000})))["code"] == "too_large"
    assert await closed_with(communicator) == 4413


async def test_a_binary_frame_is_closed_with_4415(people: Any, open_socket: Open) -> None:
    communicator = await open_socket(people[0])
    await communicator.send_to(bytes_data=b"\x00")
    assert await closed_with(communicator) == 4415


async def test_a_flood_gets_an_error_and_4429(people: Any, open_socket: Open, settings: Any) -> None:
    settings.SKILLLINK = {**settings.SKILLLINK, "FRAMES_PER_MINUTE": 3}
    communicator = await open_socket(people[0])
    for number in range(3):
        await communicator.send_json_to({"type": "ping", "ref": number})
        assert (await communicator.receive_json_from(PATIENCE))["ref"] == number
    assert (await error_for(communicator, '{"type":"ping"}'))["code"] == "too_many"
    assert await closed_with(communicator) == 4429


async def test_a_strangers_topic_and_one_that_does_not_exist_get_the_same_answer(
    people: Any, open_socket: Open
) -> None:
    communicator = await open_socket(people[0])
    answers = []
    for topic in (
        f"user:{people[1].pk}",
        "user:00000000-0000-7000-8000-000000000000",
        "nothing:1",
        "user:'\n</script>",
    ):
        answer = await error_for(communicator, json.dumps({"type": "subscribe", "topic": topic, "ref": 1}))
        answers.append(answer)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["code"] == "missing"


async def test_who_begins_to_listen_learns_for_how_long_nothing_was_told_there(people: Any, open_socket: Open) -> None:
    topics.register(topics.TopicKind("tests", lambda user, pk: True, lambda pk: 0))
    one, two = await open_socket(people[0]), await open_socket(people[1])
    before = time.monotonic()
    await tell(one, type="subscribe", topic="tests:a")
    await sync_to_async(verb(lambda: push("tests:a", {"type": "said"})), thread_sensitive=False)()
    assert (await next_frame(one, "said"))["topic"] == "tests:a"
    told, never = [(await tell(two, type="subscribe", topic=f"tests:{name}"))["quiet"] for name in "ab"]
    assert 0 <= told <= (time.monotonic() - before) * 1000
    assert told < never <= 60_000


async def test_a_topic_is_not_quiet_before_a_hint_that_waits_for_the_end_of_its_second_is_told(
    people: Any, open_socket: Open
) -> None:
    topics.register(topics.TopicKind("tests", lambda user, pk: True, lambda pk: 0))
    one, two = await open_socket(people[0]), await open_socket(people[1])
    await tell(one, type="subscribe", topic="tests:a")
    hinted = sync_to_async(verb(lambda: hint(["tests:a"], {"type": "said"})), thread_sensitive=False)
    before = time.monotonic()
    for _time in range(2):
        await hinted()
    for _time in range(2):
        await next_frame(one, "said")
    answer = await tell(two, type="subscribe", topic="tests:a")
    assert answer["quiet"] <= (time.monotonic() - before - HINTS_EVERY) * 1000


async def test_what_is_pushed_reaches_the_listener_and_a_revoked_one_hears_nothing_later(
    people: Any, open_socket: Open
) -> None:
    topics.register(topics.TopicKind("tests", lambda user, pk: True, lambda pk: 3))
    one, two = await open_socket(people[0]), await open_socket(people[1])
    for communicator in (one, two):
        await communicator.send_json_to({"type": "subscribe", "topic": "tests:a", "ref": 1})
        assert (await communicator.receive_json_from(PATIENCE))["head"] == 3
    await sync_to_async(push_now, thread_sensitive=False)("tests:a", {"type": "said", "seq": 4})
    for communicator in (one, two):
        assert await communicator.receive_json_from(PATIENCE) == {
            "type": "event",
            "topic": "tests:a",
            "event": {"type": "said", "seq": 4},
        }
    await sync_to_async(verb(lambda: revoke("tests:a", people[1].pk)), thread_sensitive=False)()
    assert (await two.receive_json_from(PATIENCE))["type"] == "revoked"
    await sync_to_async(push_now, thread_sensitive=False)("tests:a", {"type": "said", "seq": 5})
    assert (await one.receive_json_from(PATIENCE))["event"]["seq"] == 5
    assert await two.receive_nothing(0.3)


async def test_the_sockets_of_a_person_are_closed_by_a_verb(people: Any, open_socket: Open) -> None:
    communicator = await open_socket(people[0])
    await sync_to_async(verb(lambda: sessions.close_sockets(people[0].pk, code=4403)), thread_sensitive=False)()
    assert await closed_with(communicator) == 4403


async def test_without_a_push_the_pulse_finds_that_the_right_has_ended(
    people: Any, open_socket: Open, settings: Any
) -> None:
    from datetime import timedelta

    settings.SKILLLINK = {**settings.SKILLLINK, "PULSE_EVERY": timedelta(seconds=0.2)}
    communicator = await open_socket(people[0])
    await User.objects.filter(pk=people[0].pk).aupdate(is_active=False)
    assert await closed_with(communicator) == 4401


async def test_the_pulse_tells_the_head_of_each_topic(people: Any, open_socket: Open, settings: Any) -> None:
    from datetime import timedelta

    settings.SKILLLINK = {**settings.SKILLLINK, "PULSE_EVERY": timedelta(seconds=0.2)}
    topics.register(topics.TopicKind("tests", lambda user, pk: True, lambda pk: 41))
    communicator = await open_socket(people[0])
    await communicator.send_json_to({"type": "subscribe", "topic": "tests:a"})
    while (frame := await communicator.receive_json_from(PATIENCE))["type"] != "pulse" or "tests:a" not in frame[
        "heads"
    ]:
        pass
    assert frame["heads"]["tests:a"] == 41


async def test_a_ticket_opens_one_socket_without_origin_and_no_second(people: Any, open_socket: Open) -> None:
    ticket = await sync_to_async(tickets.issue)(people[0])
    await open_socket(None, headers=[], query=f"?ticket={ticket}")
    assert await closed_with(await open_socket(None, headers=[], query=f"?ticket={ticket}", hello=False)) == 4401
    assert await closed_with(await open_socket(None, headers=[], query="?ticket=forged", hello=False)) == 4401


async def test_one_socket_too_many_is_told_and_closed(people: Any, open_socket: Open, settings: Any) -> None:
    settings.SKILLLINK = {**settings.SKILLLINK, "SOCKETS_PER_USER": 1}
    await open_socket(people[0])
    assert await closed_with(await open_socket(people[0], hello=False)) == 4429
