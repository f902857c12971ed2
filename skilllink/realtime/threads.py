"""Database work of sockets: in the loop's own few threads, never in one thread per connection.

A thousand idle connections would keep a thousand threads, and stacks cost more than all else that a connection holds.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
R = TypeVar("R")


def in_thread(function: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """The function as a coroutine function; its connection goes back when it ends."""
    return functools.partial(database_sync_to_async, thread_sensitive=False)(function)
