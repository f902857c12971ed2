"""How long what is said in a room is under way while another room is flooded, beside a calm moment of the same server.

All caps are the product's own. Who speaks and listens in the calm room, and the flood, are processes of their own; the
share of a core that the listening one took is told: near 1 it would be the limit.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from websockets.asyncio.client import ClientConnection

from benchmarks import sites
from benchmarks.fanout import SECONDS, Measured, World, median, result
from benchmarks.report import Result
from benchmarks.talk import opened, say
from tests.services.processes import ROOT, end, wait_until

SPEAKERS, LISTENERS, FLOODERS = 4, 25, 20
A_SECOND = 5  # messages in the calm room
SECONDS_EACH = 3 * SECONDS  # a percentile wants more than a rate does
PATIENCE = 30  # seconds until what was said counts as lost
FLOODED_AFTER = 50  # messages in the flooded room
WARM_UP = 20  # messages in the calm room that don't count


def run(world: World) -> list[Result]:
    late = median(
        "p99 in one room: calm, and while another is flooded (ms)",
        {"calm": lambda: _measured(world, flooded=False), "flooded": lambda: _measured(world, flooded=True)},
        "p99_ms",
    )
    return [result("fanout.flood.p99", late["flooded"], late["calm"], 2, unit="ms", better="lower")]


def _measured(world: World, *, flooded: bool) -> Measured:
    from chat import groups, members

    speakers, flooders = world.people[:SPEAKERS], world.people[SPEAKERS : SPEAKERS + FLOODERS + 1]
    calm = groups.create(speakers[0], "Calm", capacity=100, public=True)
    busy = groups.create(flooders[0], "Busy", capacity=100, public=True)
    for room, people in ((calm, speakers), (busy, flooders)):
        for one in people[1:]:
            members.join(room, one)
    with sites.uvicorn("skilllink.asgi:application") as site, contextlib.ExitStack() as beside:
        if flooded:
            beside.enter_context(_flood(site.port, busy, flooders))
        return asyncio.run(_Calm(site.port, str(calm.pk), [one.pk for one in speakers]).measured())


@contextlib.contextmanager
def _flood(port: int, room: Any, people: Sequence[Any]) -> Iterator[None]:
    """Running, and under way, as long as the block; raises RuntimeError when it ended by itself."""
    command = [sys.executable, "-m", "benchmarks.flooding", str(port), str(room.pk), *(str(one.pk) for one in people)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        wait_until(lambda: room.messages.count() >= FLOODED_AFTER, what="the flood")
        began, before = time.monotonic(), room.messages.count()
        yield
        a_minute = (room.messages.count() - before) / (time.monotonic() - began) * 60
        if process.poll() is not None or a_minute < FLOODERS * settings.SKILLLINK["FRAMES_PER_MINUTE"] / 2:
            raise RuntimeError(f"That was no flood: {a_minute:.0f} messages a minute.")
    finally:
        end(process)


class _Calm:
    """The room where a few speak in turn and all listen."""

    def __init__(self, port: int, room: str, speakers: Sequence[Any]) -> None:
        self.port, self.room, self.speakers = port, room, speakers
        self.delays: list[float] = []

    async def measured(self) -> Measured:
        """The 99th percentile of the delays, in ms. Raises TimeoutError when something that was said is lost."""
        async with contextlib.AsyncExitStack() as stack:
            listening = [
                await stack.enter_async_context(opened(self.port, self.room, self.speakers[number % SPEAKERS]))
                for number in range(LISTENERS)
            ]
            began, cost = time.monotonic(), time.process_time()
            hearing = [asyncio.create_task(self.hear(one)) for one in listening]
            await self.speak(listening[:SPEAKERS])
            heard = await asyncio.wait_for(asyncio.gather(*hearing), PATIENCE)
            share = (time.process_time() - cost) / (time.monotonic() - began)
        if any(one != heard[0] for one in heard):
            raise RuntimeError("Not all heard the same.")
        late = sorted(self.delays)
        return {"p99_ms": late[len(late) * 99 // 100] * 1000, "generator_cpu": share}

    async def speak(self, speakers: Sequence[ClientConnection]) -> None:
        """So many a second, whatever becomes of the ones before."""
        began = time.monotonic()
        for number in range(WARM_UP + SECONDS_EACH * A_SECOND):
            await asyncio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
            await say(speakers[number % SPEAKERS], self.room, str(time.monotonic()))

    async def hear(self, socket: ClientConnection) -> list[int]:
        """The numbers of all that was said."""
        numbers: list[int] = []
        while len(numbers) < WARM_UP + SECONDS_EACH * A_SECOND:
            event = json.loads(await socket.recv()).get("event", {})
            if event.get("type") == "message.posted":
                if len(numbers) >= WARM_UP:
                    self.delays.append(time.monotonic() - float(event["message"]["body"]))
                numbers.append(event["seq"])
        return numbers
