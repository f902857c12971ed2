"""The protocol without a socket: the same answers, the same refusals, and nothing for those it isn't open to."""

import json
from typing import Any

import pytest
from django.test import Client

from chat import groups, members, messages
from chat.models import Message, Room
from skilllink.ids import uuid7
from tests import cast
from users.models import User

Group = tuple[User, User, Room]


@pytest.fixture
def group(database: None) -> Group:
    owner, other = cast.make("Ines Varga", client=True), cast.make("Tomasz Okoro", freelancer=True)
    room = groups.create(owner, "Glaze talk")
    members.join(room, other)
    return owner, other, room


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, *asked: tuple[str, Any]) -> Any:
    query = {"topic": [topic for topic, _after in asked], "after": [str(after) for _topic, after in asked]}
    return client.get("/api/v1/events/", query)


def put(client: Client, **frame: Any) -> Any:
    return client.post("/api/v1/frames/", json.dumps(frame), content_type="application/json")


def test_everything_after_n_comes_for_each_topic_as_the_socket_would_tell_it(group: Group) -> None:
    owner, other, room = group
    first = messages.post(room, owner, "One", client_id="http-0001").seq
    messages.post(room, owner, "Two", client_id="http-0002")
    mine, theirs = f"room:{room.pk}", f"user:{owner.pk}"
    told = ask(browser(other), (mine, first), (f"user:{other.pk}", ""), (theirs, 0)).json()["topics"]
    assert [event["message"]["body"] for event in told[mine]["events"]] == ["Two"]
    assert (told[mine]["head"], told[mine]["upto"], told[mine]["more"]) == (first + 1, first + 1, False)
    assert set(told[f"user:{other.pk}"]) == {"head"}
    assert told[theirs]["code"] == "missing"


@pytest.mark.parametrize("asked", [[("room:x", "-1")], [("room:x", "x")], [("room:x", 10**20)], [("room:x", 0)] * 51])
def test_a_question_that_is_none_is_refused(group: Group, asked: list[Any]) -> None:
    assert ask(browser(group[0]), *asked).status_code == 400
    assert browser(group[0]).get("/api/v1/events/?topic=room:x").status_code == 400


def test_a_frame_that_is_posted_does_what_it_does_on_the_socket_once(group: Group) -> None:
    _owner, other, room = group
    frame = {"type": "message.send", "room": str(room.pk), "client_id": "http-0003", "body": "Without a socket"}
    client = browser(other)
    first, again = put(client, **frame).json(), put(client, **frame).json()
    assert first == again
    assert (first["type"], first["client_id"]) == ("ack", "http-0003")
    assert Message.objects.get(pk=first["id"]).author == other


def test_frames_that_are_refused_on_the_socket_are_refused_here_and_change_nothing(group: Group) -> None:
    _owner, other, room = group
    stranger = browser(cast.make("Olga Stranger"))
    frame = {"type": "message.send", "room": str(room.pk), "client_id": "http-0004", "body": "Let me in"}
    for client, given, status, code in (
        (stranger, frame, 404, "missing"),
        (browser(other), {**frame, "author": str(uuid7())}, 400, "frame.unknown_field"),
        (browser(other), {"type": "subscribe", "topic": f"room:{room.pk}"}, 400, "frame.unknown"),
        (browser(other), {"type": "hub.event"}, 400, "frame.unknown"),
    ):
        answer = put(client, **given)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert browser(other).post("/api/v1/frames/", "[1]", content_type="application/json").status_code == 400
    assert not Message.objects.filter(room=room).exists()


def test_one_allowance_of_frames_counts_for_both_doors(group: Group, settings: Any) -> None:
    settings.SKILLLINK = {**settings.SKILLLINK, "FRAMES_PER_MINUTE": 2}
    client = browser(group[1])
    here = {"type": "room.here", "room": str(group[2].pk)}
    assert [put(client, **here).status_code for _time in range(3)] == [200, 200, 429]


def test_without_a_session_nothing_is_told_and_without_its_token_nothing_is_taken(group: Group) -> None:
    assert ask(Client(), (f"room:{group[2].pk}", 0)).status_code == 401
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(group[1])
    assert put(forged, type="room.here", room=str(group[2].pk)).status_code == 403


def test_who_may_not_be_connected_is_told_nothing_here_either(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser(group[1])
    monkeypatch.setattr("skilllink.realtime.sessions.verdict", lambda user: 4403)
    assert ask(client, (f"room:{group[2].pk}", 0)).status_code == 403
    assert put(client, type="room.here", room=str(group[2].pk)).status_code == 403
