"""Database work of sockets: in a few threads for all of them, never in one thread per connection.

A thousand idle connections would keep a thousand threads, and stacks cost more than all else that a connection holds.
They aren't the loop's own: there Django writes down each refused request while that holds its connection to the
database, and whoever waits here may be waiting for just that connection.

What is about one room waits in the database for its row, each with a thread and a connection in hand. So that a crowd in
one room leaves some to the others, it takes turns before it gets one (`in_turn`, `frames.subject_of`).
"""

import asyncio
import functools
import os
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")
WORKERS = min(32, (os.cpu_count() or 1) + 4)
AT_ONCE = 2  # of one subject: one at work, the next one already waiting for the row


class _Loop:
    """What the sockets of one event loop share."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(WORKERS, "sockets")
        # one that nobody uses is gone
        self.turns: weakref.WeakValueDictionary[Hashable, asyncio.Semaphore] = weakref.WeakValueDictionary()


_loops: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Loop]" = weakref.WeakKeyDictionary()


def _here() -> _Loop:
    loop = asyncio.get_running_loop()
    return _loops.get(loop) or _loops.setdefault(loop, _Loop())


def in_thread(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """The function as a coroutine function; its connection goes back when it ends."""

    @functools.wraps(function)
    def call(*given: P.args, **more: P.kwargs) -> Awaitable[R]:
        threads = _here().threads
        asked: Awaitable[R] = database_sync_to_async(function, thread_sensitive=False, executor=threads)(*given, **more)
        return asked

    return call


@asynccontextmanager
async def in_turn(subject: Hashable | None) -> AsyncIterator[None]:
    """At most two at once of what is about the same subject, first come first served; None is about nothing shared."""
    if subject is None:
        yield
        return
    turns = _here().turns
    turn = turns.get(subject) or turns.setdefault(subject, asyncio.Semaphore(AT_ONCE))
    async with turn:
        yield
