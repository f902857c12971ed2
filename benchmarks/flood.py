"""How long what is said in a room is under way while another room is flooded, beside a calm moment of the same server.

The flood is twenty people who each say as much as they may, and one who sends without end and comes again whenever they
are closed. All caps are the product's own. The generator's own share of a core is told: near 1 it would be the limit.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from benchmarks import sites
from benchmarks.fanout import SECONDS, Measured, World, median, result
from benchmarks.report import Result
from benchmarks.sites import Site

SPEAKERS, LISTENERS, FLOODERS = 4, 25, 20
A_SECOND = 5  # messages in the calm room
SECONDS_EACH = 3 * SECONDS  # a percentile wants more than a rate does
PATIENCE = 30  # seconds until what was said counts as lost
FLOODED = 4429


def run(world: World) -> list[Result]:
    late = median(
        "p99 in one room: calm, and while another is flooded (ms)",
        {"calm": lambda: _measured(world, flooded=False), "flooded": lambda: _measured(world, flooded=True)},
        "p99_ms",
    )
    return [result("fanout.flood.p99", late["flooded"], late["calm"], 2, unit="ms", better="lower")]


def _measured(world: World, *, flooded: bool) -> Measured:
    from chat import groups, members

    people = world.people[: SPEAKERS + FLOODERS + 1]
    calm, busy = (groups.create(people[0], name, capacity=100, public=True) for name in ("Calm", "Busy"))
    for one in people[1:SPEAKERS]:
        members.join(calm, one)
    for one in people[SPEAKERS:]:
        members.join(busy, one)
    with sites.uvicorn("skilllink.asgi:application") as site:
        return asyncio.run(_Rooms(site, people, str(calm.pk), str(busy.pk)).measured(flooded=flooded))


class _Rooms:
    """The calm room, where a few speak in turn and all listen; the busy one beside it."""

    def __init__(self, site: Site, people: Sequence[Any], calm: str, busy: str) -> None:
        self.site, self.calm, self.busy = site, calm, busy
        self.speakers, self.flooders, self.beyond = people[:SPEAKERS], people[SPEAKERS:-1], people[-1]
        self.delays: list[float] = []

    async def measured(self, *, flooded: bool) -> Measured:
        """The 99th percentile of the calm room's delays, in ms. Raises RuntimeError when something said there was lost."""
        async with contextlib.AsyncExitStack() as opened, asyncio.TaskGroup() as tasks:
            listening = [
                await opened.enter_async_context(self.open(self.speakers[number % SPEAKERS], self.calm))
                for number in range(LISTENERS)
            ]
            flood = [tasks.create_task(self.flood(one)) for one in self.flooders] if flooded else []
            flood += [tasks.create_task(self.flood_without_end())] if flooded else []
            hearing = [tasks.create_task(self.hear(one)) for one in listening]
            began, cost = time.monotonic(), time.process_time()
            await self.say(listening[:SPEAKERS])
            share = (time.process_time() - cost) / (time.monotonic() - began)
            heard = await asyncio.wait_for(asyncio.gather(*hearing), PATIENCE)
            for task in flood:
                task.cancel()
        if any(one != heard[0] for one in heard):
            raise RuntimeError("Not all heard the same.")
        late = sorted(self.delays)
        return {"p99_ms": late[len(late) * 99 // 100] * 1000, "generator_cpu": share, "lost": 0}

    async def say(self, speakers: Sequence[ClientConnection]) -> None:
        """So many a second, whatever becomes of the ones before."""
        began = time.monotonic()
        for number in range(SECONDS_EACH * A_SECOND):
            await asyncio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
            await send(speakers[number % SPEAKERS], self.calm, str(time.monotonic()))

    async def hear(self, socket: ClientConnection) -> list[int]:
        """The numbers of all that was said in the calm room."""
        numbers: list[int] = []
        while len(numbers) < SECONDS_EACH * A_SECOND:
            event = json.loads(await socket.recv()).get("event", {})
            if event.get("type") == "message.posted":
                self.delays.append(time.monotonic() - float(event["message"]["body"]))
                numbers.append(event["seq"])
        return numbers

    async def flood(self, person: Any) -> None:
        """As much as one may; all frames count, the subscription among them."""
        pause = 60 / (settings.SKILLLINK["FRAMES_PER_MINUTE"] - 2)
        async with self.open(person, self.busy) as socket:
            reading = asyncio.create_task(read(socket))
            while not reading.done():
                await send(socket, self.busy, "much " * 20)
                await asyncio.sleep(pause)
            raise RuntimeError(f"Who kept within the cap was closed: {reading.result()}.")

    async def flood_without_end(self) -> None:
        """Far more than one may, again after each end."""
        while True:
            try:
                async with self.open(self.beyond, self.busy) as socket:
                    while True:
                        await send(socket, self.busy, "more " * 20)
            except (ConnectionClosed, InvalidStatus):
                await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def open(self, person: Any, room: str) -> AsyncIterator[ClientConnection]:
        """A socket of this person that listens to a room."""
        from skilllink.realtime import tickets

        ticket = await sync_to_async(tickets.issue)(person)
        async with connect(f"ws://127.0.0.1:{self.site.port}/ws/?ticket={ticket}", compression=None) as socket:
            await socket.send(json.dumps({"type": "subscribe", "topic": f"room:{room}", "ref": "in"}))
            while json.loads(await socket.recv()).get("ref") != "in":
                pass
            yield socket


async def send(socket: ClientConnection, room: str, body: str) -> None:
    frame = {"type": "message.send", "room": room, "client_id": str(uuid4()), "body": body}
    await socket.send(json.dumps(frame))


async def read(socket: ClientConnection) -> str:
    """Read what comes until it ends; why it did."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as end:
        return str(end)
