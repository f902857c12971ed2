"""Channel layers: one in memory that is safe to use from any thread, one over Redis pub/sub."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer


class MemoryLayer(InMemoryChannelLayer):
    """In memory, its state touched on one loop only: a send from a worker's thread wakes the server at once.

    The stock layer isn't loop-safe: such a send would wait for the loop's next timer, up to a second.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the server's loop; the hub does it when it starts."""
        self._loop = loop

    async def _on_loop(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        loop = self._loop
        if loop is None or loop.is_closed() or not loop.is_running() or loop is asyncio.get_running_loop():
            return await function(*args)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_call(function, args), loop))

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self._on_loop(super().send, channel, message)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self._on_loop(super().group_send, group, message)

    async def group_add(self, group: str, channel: str) -> None:
        await self._on_loop(super().group_add, group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await self._on_loop(super().group_discard, group, channel)


class RedisLayer(RedisPubSubChannelLayer):
    """Redis pub/sub: no capacity that drops in silence; numbers and pulses repair what a broken link loses."""


async def _call(function: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Any:
    return await function(*args)
