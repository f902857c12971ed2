"""A Redis that is away when people come: they are let in, and hear by pulse, then live."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings

from chat import groups, members, messages
from chat.models import Room
from skilllink.ids import uuid7
from skilllink.realtime import tickets
from skilllink.realtime.hub import get_hub
from skilllink.realtime.push import push
from skilllink.transactions import verb
from tests import cast
from tests.services.redis import Redis
from tests.sockets import PATIENCE, Open, closed_with, next_frame, tell
from users.models import User


@pytest.fixture
def layer_of_redis(redis_server: Redis, settings: Any) -> Iterator[Redis]:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "skilllink.realtime.layers.RedisLayer",
            "CONFIG": {"hosts": [{"address": redis_server.url, "socket_timeout": None}], "prefix": uuid7().hex},
        }
    }
    yield redis_server
    if not redis_server.runs:
        redis_server.start()


@pytest.fixture(autouse=True)
def short_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.SKILLLINK, "PULSE_EVERY", timedelta(seconds=0.5))


def _group() -> tuple[User, User, Room]:
    owner, freelancer = cast.make("Ines Varga", client=True), cast.make("Tomasz Okoro", freelancer=True)
    room = groups.create(owner, "Calm")
    members.join(room, freelancer)
    return owner, freelancer, room


async def test_who_comes_while_redis_is_away_hears_by_pulse_and_then_live(
    committed_db: None, layer_of_redis: Redis, open_socket: Open
) -> None:
    owner, freelancer, room = await sync_to_async(_group)()
    topic = f"room:{room.pk}"
    layer_of_redis.halt()
    socket = await open_socket(freelancer)
    assert (await tell(socket, type="subscribe", topic=topic))["type"] == "ack"
    missed = await _say(room, owner, "while Redis is away")
    while (await next_frame(socket, "pulse"))["heads"].get(topic, 0) < missed:
        pass
    answer = await tell(socket, type="subscribe", topic=topic, after=missed - 1)
    assert [event["message"]["body"] for event in answer["events"]] == ["while Redis is away"]

    layer_of_redis.start()
    await _heard_live(socket, room, owner)  # the first pulse after its return subscribes


async def test_who_listens_while_redis_restarts_hears_live_again(
    committed_db: None, layer_of_redis: Redis, open_socket: Open
) -> None:
    owner, room, socket = await _listener(open_socket)
    await _say(room, owner, "before")
    assert (await next_frame(socket, "event"))["event"]["message"]["body"] == "before"
    layer_of_redis.restart()
    await _heard_live(socket, room, owner)


async def test_after_a_restart_of_redis_the_next_pulse_says_that_hints_may_be_lost_and_no_topic_passes_for_quiet(
    committed_db: None, layer_of_redis: Redis, open_socket: Open
) -> None:
    _owner, _room, socket = await _listener(open_socket)
    began = time.monotonic()
    assert "missed" not in await next_frame(socket, "pulse")
    layer_of_redis.restart()
    away = int((time.monotonic() - began) * 1000)
    while "missed" not in await next_frame(socket, "pulse"):
        pass
    board = await tell(socket, type="subscribe", topic="gigs:board")
    assert board["quiet"] < int((time.monotonic() - began) * 1000) - away
    assert "missed" not in await next_frame(socket, "pulse")


async def test_who_is_cut_off_before_the_pulse_that_says_so_finds_no_topic_quiet_when_they_come_again(
    committed_db: None, open_socket: Open
) -> None:
    _owner, _room, socket = await _listener(open_socket)
    hub = await get_hub()
    while not hub.has_missed:  # again, should a pulse have come meanwhile
        hub._miss()
        await asyncio.sleep(0.1)
    heard = time.monotonic()
    while hub.has_missed:
        await asyncio.sleep(0.01)
    board = await tell(socket, type="subscribe", topic="gigs:board")
    assert board["quiet"] <= (time.monotonic() - heard) * 1000


async def test_who_begins_to_listen_is_let_in_once_redis_has_confirmed_it_so_nothing_falls_in_between(
    committed_db: None, layer_of_redis: Redis, open_socket: Open
) -> None:
    _owner, _room, socket = await _listener(open_socket)
    say = sync_to_async(verb(lambda: push("gigs:board", {"type": "gig.filled"})), thread_sensitive=False)
    await say()  # the connection that tells is there
    drawn = time.monotonic()
    layer_of_redis.process.send_signal(signal.SIGSTOP)
    try:
        said = asyncio.ensure_future(say())
        await socket.send_json_to({"type": "subscribe", "topic": "gigs:board", "ref": "board"})
        early = await _until(socket, lambda frame: frame["type"] == "pulse")
        assert "ack" not in [frame["type"] for frame in early]
    finally:
        layer_of_redis.process.send_signal(signal.SIGCONT)
    await said
    frames = await _until(socket, lambda frame: frame["type"] == "ack")
    age = (time.monotonic() - drawn) * 1000
    if frames[-1]["quiet"] > age and "event" not in [frame["type"] for frame in frames]:
        assert (await next_frame(socket, "gig.filled"))["topic"] == "gigs:board"


async def _until(socket: Any, is_last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """What comes, up to the first of which this is true."""
    frames = [await socket.receive_json_from(PATIENCE)]
    while not is_last(frames[-1]):
        frames.append(await socket.receive_json_from(PATIENCE))
    return frames


async def test_a_receiver_that_ended_begins_again_with_the_next_pulse(
    committed_db: None, layer_of_redis: Redis, open_socket: Open
) -> None:
    owner, room, socket = await _listener(open_socket)
    (shard,) = get_channel_layer()._get_layer()._shards
    shard._receive_task.cancel()
    await _heard_live(socket, room, owner)


async def _listener(open_socket: Open) -> tuple[User, Room, Any]:
    """Who speaks, the room, and the socket of somebody who listens there."""
    owner, freelancer, room = await sync_to_async(_group)()
    socket = await open_socket(freelancer)
    await tell(socket, type="subscribe", topic=f"room:{room.pk}")
    return owner, room, socket


async def _say(room: Room, author: User, words: str) -> int:
    post = sync_to_async(messages.post, thread_sensitive=False)
    return int((await post(room, author, words, client_id=uuid7().hex)).seq)


async def _heard_live(socket: Any, room: Room, author: User) -> None:
    """Until something that is said comes as an event; pulses come all the while."""
    frame: dict[str, Any] = {}
    async with asyncio.timeout(PATIENCE):
        while frame.get("topic") != f"room:{room.pk}":
            await _say(room, author, "after its return")
            frame = await socket.receive_json_from(PATIENCE)
    assert frame["event"]["message"]["body"] == "after its return"


async def test_a_ticket_that_nobody_can_tell_is_unused_opens_nothing_and_says_come_again(
    committed_db: None, redis_server: Redis, settings: Any, open_socket: Open
) -> None:
    settings.CACHES = {"default": {"BACKEND": "skilllink.cache.Cache", "LOCATION": redis_server.url}}
    person = await sync_to_async(cast.make)("Ines Varga", client=True)
    redis_server.halt()
    try:
        ticket = await sync_to_async(tickets.issue)(person)
        assert await closed_with(await open_socket(None, headers=[], query=f"?ticket={ticket}", hello=False)) == 4500
        await open_socket(person)
    finally:
        redis_server.start()
    await open_socket(None, headers=[], query=f"?ticket={ticket}")
