"""Database work of sockets: in a few threads for all of them, never in one thread per connection.

A thousand idle connections would keep a thousand threads, and stacks cost more than all else that a connection holds.
They aren't the loop's own: there Django writes down each refused request while that holds its connection to the
database, and whoever waits here may be waiting for just that connection.
"""

import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")
WORKERS = min(32, (os.cpu_count() or 1) + 4)
_threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="sockets")


def in_thread(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """The function as a coroutine function; its connection goes back when it ends."""
    return database_sync_to_async(function, thread_sensitive=False, executor=_threads)
