"""A socket that is open for longer than any group lives still hears, on our layers and on those of others."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from chat import groups, members, messages
from chat.models import Room
from skilllink.ids import uuid7
from tests import cast
from tests.services.redis import Redis
from tests.sockets import PATIENCE, Open, next_frame, tell
from users.models import User

EXPIRY = 1  # second
LAYERS = {
    "skilllink.realtime.layers.MemoryLayer": {"group_expiry": EXPIRY},
    "channels_redis.core.RedisChannelLayer": {"group_expiry": EXPIRY},
    "channels_redis.pubsub.RedisPubSubChannelLayer": {},
    "skilllink.realtime.layers.RedisLayer": {},
}


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest, redis_server: Redis, settings: Any) -> None:
    """Each layer that can be installed, with groups that live for a second where it lets them end."""
    config: dict[str, Any] = {**LAYERS[request.param]}
    if "redis" in request.param.lower():
        config |= {"hosts": [{"address": redis_server.url, "socket_timeout": None}], "prefix": uuid7().hex}
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": request.param, "CONFIG": config}}


@pytest.fixture(autouse=True)
def short_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.SKILLLINK, "PULSE_EVERY", timedelta(seconds=EXPIRY / 4))


def pair() -> tuple[User, User, Room]:
    one, other = cast.make("Ines Varga", client=True), cast.make("Tomasz Okoro", freelancer=True)
    room = groups.create(one, "Glaze talk")
    members.join(room, other)
    return one, other, room


async def test_an_old_socket_still_hears_live(committed_db: None, layer: None, open_socket: Open) -> None:
    speaker, listener, room = await sync_to_async(pair)()
    socket = await open_socket(listener)
    await tell(socket, type="subscribe", topic=f"room:{room.pk}")
    end = time.monotonic() + 3 * EXPIRY
    while time.monotonic() < end:
        await next_frame(socket, "pulse")
    post = sync_to_async(messages.post, thread_sensitive=False)
    frame: dict[str, Any] = {}
    async with asyncio.timeout(PATIENCE):
        while frame.get("topic") != f"room:{room.pk}":  # a pause between two pulses may be longer than a second
            await post(room, speaker, "Still there?", client_id=uuid7().hex)
            frame = await socket.receive_json_from(PATIENCE)
    assert frame["event"]["message"]["body"] == "Still there?"
