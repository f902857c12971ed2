"""Sockets for tests: connections to the real ASGI application, closed when the test ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connections
from django.test import Client

from users.models import User

ORIGIN = (b"origin", b"http://localhost")
Open = Callable[..., Any]
PATIENCE = 60  # seconds for what must come: a busy machine is slow, and a wait ends as soon as it has come


@pytest.fixture
async def open_socket() -> AsyncIterator[Open]:
    """`await open_socket(user)` connects and reads the hello; all are closed at the end."""
    from skilllink.asgi import application
    from skilllink.realtime import hub as hubs
    from skilllink.realtime.frames import _arrivals

    _arrivals.clear()
    opened: list[WebsocketCommunicator] = []

    async def connect(
        user: User | None, *, headers: list[Any] | None = None, query: str = "", hello: bool = True
    ) -> Any:
        cookies = [] if user is None else [await sync_to_async(_cookie)(user)]
        given = [ORIGIN] if headers is None else headers
        communicator = WebsocketCommunicator(application, f"/ws/{query}", headers=[*given, *cookies])
        opened.append(communicator)
        communicator.accepted, communicator.code = await communicator.connect(timeout=PATIENCE)
        if hello:
            assert (await communicator.receive_json_from(PATIENCE))["type"] == "hello"
        return communicator

    yield connect
    for communicator in opened:
        await communicator.disconnect(timeout=PATIENCE)
    hub = await hubs.get_hub()
    for task in hub.tasks:
        task.cancel()
    # the thread of sync_to_async outlives this test's database
    await sync_to_async(connections.close_all)()


def _cookie(user: User) -> tuple[bytes, bytes]:
    client = Client()
    client.force_login(user)
    return b"cookie", f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()


async def closed_with(communicator: Any) -> int:
    """Read until the server closes; return its code."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await communicator.receive_output(PATIENCE)
            if message["type"] == "websocket.close":
                return int(message["code"])


async def next_frame(communicator: Any, kind: str) -> dict[str, Any]:
    """Read until a frame of this type, an event's own type included."""
    while True:
        frame: dict[str, Any] = await communicator.receive_json_from(PATIENCE)
        if kind in (frame["type"], frame.get("event", {}).get("type")):
            return frame


async def until_quiet(communicator: Any, topic: str) -> list[dict[str, Any]]:
    """The frames of a topic, read until nothing comes any more."""
    frames: list[dict[str, Any]] = []
    while not await communicator.receive_nothing(0.3):
        frames.append(await communicator.receive_json_from(PATIENCE))
    return [frame for frame in frames if frame.get("topic") == topic]


async def tell(communicator: Any, **frame: Any) -> dict[str, Any]:
    """Send a frame and return its ack or error."""
    await communicator.send_json_to({**frame, "ref": "told"})
    while True:
        answer: dict[str, Any] = await communicator.receive_json_from(PATIENCE)
        if answer.get("ref") == "told":
            return answer
