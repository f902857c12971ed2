"""Database work of sockets: in a few threads for all of them, never in one thread per connection.

A thousand idle connections would keep a thousand threads, and stacks cost more than all else that a connection holds.
They aren't the loop's own: there Django writes down each refused request while that holds its connection to the
database, and whoever waits here may be waiting for just that connection.
"""

import asyncio
import functools
import os
import weakref
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")
WORKERS = min(32, (os.cpu_count() or 1) + 4)
_threads: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, ThreadPoolExecutor]" = weakref.WeakKeyDictionary()


def in_thread(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """The function as a coroutine function; its connection goes back when it ends."""

    @functools.wraps(function)
    def call(*given: P.args, **more: P.kwargs) -> Awaitable[R]:
        loop = asyncio.get_running_loop()
        threads = _threads.get(loop) or _threads.setdefault(loop, ThreadPoolExecutor(WORKERS, "sockets"))
        asked: Awaitable[R] = database_sync_to_async(function, thread_sensitive=False, executor=threads)(*given, **more)
        return asked

    return call
