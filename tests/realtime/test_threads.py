"""Sockets that wait for the database hold up nothing else in the process."""

import asyncio
import threading

from skilllink.realtime.threads import WORKERS, in_thread
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
