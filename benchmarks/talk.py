"""A person's socket, for benchmarks that need few of them; many are the load generator's."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection, connect


@contextlib.asynccontextmanager
async def opened(port: int, room: str, person: Any) -> AsyncIterator[ClientConnection]:
    """A socket of this person, by their id, that listens to a room."""
    ticket = await sync_to_async(_ticket)(person)
    async with connect(f"ws://127.0.0.1:{port}/ws/?ticket={ticket}", compression=None) as socket:
        await socket.send(json.dumps({"type": "subscribe", "topic": f"room:{room}", "ref": "in"}))
        while (answer := json.loads(await socket.recv())).get("ref") != "in":
            pass
        if answer["type"] != "ack":
            raise RuntimeError(f"Nobody may listen there: {answer}.")
        yield socket


def _ticket(person: Any) -> str:
    from skilllink.realtime import tickets
    from users.models import User

    return tickets.issue(User.objects.get(pk=person))


async def say(socket: ClientConnection, room: str, body: str) -> None:
    frame = {"type": "message.send", "room": room, "client_id": str(uuid4()), "body": body}
    await socket.send(json.dumps(frame))
