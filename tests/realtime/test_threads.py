"""Sockets that wait for the database hold up nothing else in the process."""

import asyncio
import threading
from collections.abc import Callable

from skilllink.ids import uuid7
from skilllink.realtime import frames
from skilllink.realtime.threads import WORKERS, in_thread, in_turn
from tests.sockets import PATIENCE


async def test_what_a_request_asks_of_the_loops_own_threads_does_not_wait_behind_sockets() -> None:
    given, began = threading.Event(), threading.Semaphore(0)

    def wait_for_a_connection() -> bool:
        began.release()
        return given.wait(PATIENCE)

    waiting = [asyncio.ensure_future(in_thread(wait_for_a_connection)()) for _worker in range(WORKERS)]
    for _worker in range(WORKERS):
        while not began.acquire(blocking=False):
            await asyncio.sleep(0.01)
    async with asyncio.timeout(PATIENCE / 2):
        await asyncio.gather(*(asyncio.to_thread(threading.get_ident) for _request in range(WORKERS)))
    given.set()
    assert all(await asyncio.gather(*waiting))


async def test_a_crowd_that_waits_for_one_room_leaves_threads_to_the_others() -> None:
    given = threading.Event()

    async def about(room: str, what: Callable[[], bool]) -> bool:
        async with in_turn(room):
            return await in_thread(what)()

    crowd = [asyncio.ensure_future(about("busy", lambda: given.wait(PATIENCE))) for _one in range(WORKERS * 3)]
    await asyncio.sleep(0)  # the crowd is first
    async with asyncio.timeout(PATIENCE / 2):
        assert await about("calm", lambda: not given.is_set())
    given.set()
    assert all(await asyncio.gather(*crowd))


def test_what_names_a_room_takes_turns_with_it_and_all_that_names_a_message_together() -> None:
    room = uuid7()
    assert frames.subject_of({"type": "message.send", "room": str(room).upper()}) == room
    about = {frames.subject_of({"type": kind, "message": str(uuid7())}) for kind in ("message.edit", "message.react")}
    assert len(about) == 1
    assert None not in about
    assert frames.subject_of({"type": "unknown"}) is None
