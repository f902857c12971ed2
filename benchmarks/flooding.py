"""A flood, as a process of its own: `python -m benchmarks.flooding PORT ROOM PERSON …` until it is ended.

Each person but the last says as much in the room as they may; the last one three hundred times that, and comes again
whenever they are closed.
"""

import asyncio
import sys

import django
from django.conf import settings
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from benchmarks.talk import opened, say

TIMES_THE_CAP = 300
AGAIN = 0.05  # seconds


async def flood(port: int, room: str, people: list[str]) -> None:
    """Raises RuntimeError when somebody who kept within the cap was closed."""
    *within, beyond = people
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(flood_without_end(port, room, beyond))
        for person in within:
            tasks.create_task(as_much_as_one_may(port, room, person))


async def as_much_as_one_may(port: int, room: str, person: str) -> None:
    """All frames count, the subscription among them."""
    pause = 60 / (settings.SKILLLINK["FRAMES_PER_MINUTE"] - 2)
    async with opened(port, room, person) as socket:
        reading = asyncio.create_task(read(socket))
        while not reading.done():
            await say(socket, room, "much " * 20)
            await asyncio.sleep(pause)
        raise RuntimeError(f"Who kept within the cap was closed: {reading.result()}.")


async def flood_without_end(port: int, room: str, person: str) -> None:
    pause = 60 / settings.SKILLLINK["FRAMES_PER_MINUTE"] / TIMES_THE_CAP
    while True:
        try:
            async with opened(port, room, person) as socket:
                while True:
                    await say(socket, room, "more " * 20)
                    await asyncio.sleep(pause)
        except (ConnectionClosed, InvalidStatus):
            await asyncio.sleep(AGAIN)


async def read(socket: ClientConnection) -> str:
    """Read what comes until it ends; why it did."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as end:
        return str(end)


if __name__ == "__main__":
    django.setup()
    asyncio.run(flood(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
