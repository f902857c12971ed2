"""A flooded room: everybody in it at their cap and one far beyond; another room loses nothing, nor does the flooded one."""

import asyncio
from collections import defaultdict, deque
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from chat import groups, members
from chat.models import Room
from skilllink.errors import TooMany
from skilllink.realtime import frames
from tests import cast
from tests.sockets import PATIENCE, Open, closed_with, tell
from users.models import User

CAP, PEOPLE = 8, 20
Crowd = tuple[list[User], Room, Room]


@pytest.fixture
def crowd(committed_db: None, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    """Two in a calm room, and they with twenty-one others in a busy one."""
    monkeypatch.setitem(settings.SKILLLINK, "FRAMES_PER_MINUTE", CAP)
    everyone = [cast.make(f"Person{number} Crowd") for number in range(PEOPLE + 3)]
    calm, busy = groups.create(everyone[0], "Calm"), groups.create(everyone[0], "Busy")
    members.join(calm, everyone[1])
    for person in everyone[1:]:
        members.join(busy, person)
    return everyone, calm, busy


async def say(socket: Any, room: Room, count: int, name: str) -> None:
    """Send without waiting for any answer."""
    for number in range(count):
        frame = {"type": "message.send", "room": str(room.pk), "client_id": f"{name}-{number:04}", "body": name}
        await socket.send_json_to(frame)


async def heard(socket: Any, room: Room, count: int) -> list[int]:
    """The numbers of the next messages that are told in a room."""
    numbers: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while len(numbers) < count:
            frame = await socket.receive_json_from(PATIENCE)
            if frame.get("topic") == f"room:{room.pk}" and frame["event"]["type"] == "message.posted":
                numbers.append(frame["event"]["seq"])
    return numbers


async def test_a_flood_at_and_beyond_the_cap_loses_nothing_in_another_room(crowd: Crowd, open_socket: Open) -> None:
    (speaker, listener, *people, beyond), calm, busy = crowd
    listening, talking = await open_socket(listener), await open_socket(speaker)
    first = (await tell(listening, type="subscribe", topic=f"room:{calm.pk}"))["head"]
    assert (await tell(listening, type="subscribe", topic=f"room:{busy.pk}"))["type"] == "ack"
    crowded = [await open_socket(person) for person in people]
    flooding = await open_socket(beyond)
    floods = [asyncio.ensure_future(say(one, busy, CAP, f"loud{n}")) for n, one in enumerate(crowded)]
    floods.append(asyncio.ensure_future(say(flooding, busy, CAP * 20, "beyond")))
    await say(talking, calm, CAP, "calm")
    assert await heard(listening, calm, CAP) == list(range(first + 1, first + CAP + 1))
    await asyncio.gather(*floods)
    assert await closed_with(flooding) == 4429
    said = (PEOPLE + 1) * CAP
    async with asyncio.timeout(PATIENCE):
        while await sync_to_async(busy.messages.count)() < said:
            await asyncio.sleep(0.05)
    authors = await sync_to_async(list)(busy.messages.values_list("author", flat=True))
    assert {authors.count(person.pk) for person in (*people, beyond)} == {CAP}


def test_of_many_who_once_sent_a_frame_only_those_of_the_last_minute_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = [1000.0]
    remembered: dict[Any, deque[float]] = defaultdict(deque)
    monkeypatch.setattr(frames, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    monkeypatch.setattr(frames, "_arrivals", remembered)
    monkeypatch.setattr(frames, "_forgotten_at", [0.0])
    monkeypatch.setattr(frames, "MANY", 2)
    monkeypatch.setitem(settings.SKILLLINK, "FRAMES_PER_MINUTE", 2)
    for person, at in (("quiet", 1000.0), ("also quiet", 1010.0), ("busy", 1080.0), ("busy", 1090.0)):
        moment[0] = at
        frames.count(person)
    with pytest.raises(TooMany):
        frames.count("busy")
    assert set(remembered) == {"busy"}
