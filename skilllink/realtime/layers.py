"""Channel layers: one in memory that is safe to use from any thread, one over Redis pub/sub.

Both have `tell`, for threads that run no event loop: a verb's hints in one go.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Broken
from redis.retry import Retry

LONGEST_TELL = 2.0  # seconds; a layer that hangs must not hold up the person whose verb has committed
LONGEST_EACH = 0.01  # seconds more for each hint of the transaction: a sweep has a thousand


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

    def tell(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> Sequence[Exception]:
        """Send (group, message) each; returns what went wrong with single ones, raises what stopped all."""
        return async_to_sync(self._tell)(messages)

    async def _tell(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> Sequence[Exception]:
        lost: list[Exception] = []
        async with asyncio.timeout(LONGEST_TELL + LONGEST_EACH * len(messages)):
            for group, message in messages:
                try:
                    await self.group_send(group, message)
                except Exception as error:  # the others may get through
                    lost.append(error)
        return lost

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

    async def group_add(self, group: str, channel: str) -> None:
        """The same, and whoever receives goes on."""
        layer = self._get_layer()
        # the stock layer begins a receiver once, and a TimeoutError ends it for good; each pulse comes by here
        for shard in layer._shards:
            if shard._receive_task is not None and shard._receive_task.done():
                shard._receive_task = None
                shard._ensure_receiver()
        await layer.group_add(group, channel)

    def tell(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> Sequence[Exception]:
        """The same in one round trip."""
        together = self._publisher.pipeline(transaction=False)
        for group, message in messages:
            together.publish(f"{self._kwargs['prefix']}__group__{group}", self.serialize(message))
        answers = together.execute(raise_on_error=False)
        return [answer for answer in answers if isinstance(answer, Exception)]

    @cached_property
    def _publisher(self) -> Redis:
        """Connections that this process keeps: a loop and a connection for each verb would cost more than the verb."""
        # a kept connection that Redis has closed is opened again once
        again = Retry(NoBackoff(), 1, supported_errors=(Broken,))
        return Redis.from_url(
            self._kwargs["hosts"][0]["address"],
            socket_timeout=LONGEST_TELL,
            socket_connect_timeout=LONGEST_TELL,
            retry=again,
        )


async def _call(function: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Any:
    return await function(*args)
