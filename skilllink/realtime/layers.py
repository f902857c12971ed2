"""Channel layers: one in memory that is safe to use from any thread, one over Redis pub/sub.

Both have `tell`, for threads that run no event loop: a verb's hints in one go.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from channels_redis.utils import _wrap_close, decode_hosts
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Broken
from redis.retry import Retry

log = structlog.get_logger(__name__)
Hear = Callable[[dict[str, Any]], Awaitable[Any] | None]
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
    """Redis pub/sub: no capacity that drops in silence; numbers and pulses repair what a broken link loses.

    What one turn of the loop publishes leaves in one round trip, and what arrives for a group goes straight to who hears.
    """

    def hear(self, function: Hear, missed: Callable[[], None]) -> None:
        """From now on `function` gets every message of this loop's groups, their channels none.

        What it returns, if anything, is waited for before the next one. `missed` is called when the line was cut
        meanwhile: what was told then is lost.
        """
        layer = self._get_layer()
        layer.hears, layer.missed = function, missed

    async def confirmed(self, group: str) -> None:
        """Returns when Redis has confirmed that what is said to a group from now on comes to this loop."""
        await self._get_layer().confirmed(group)

    def _get_layer(self) -> "_Layer":
        loop = asyncio.get_running_loop()
        layer: _Layer | None = self._layers.get(loop)
        if layer is None:
            layer = self._layers[loop] = _Layer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        return layer

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


class _Layer(RedisPubSubLoopLayer):
    """The part of the layer that belongs to one loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shards: list[_Shard] = [_Shard(host, self) for host in decode_hosts(kwargs.get("hosts"))]
        self.hears: Hear | None = None
        self.missed: Callable[[], None] | None = None

    async def confirmed(self, group: str) -> None:
        name = self._get_group_channel_name(group)
        await self._get_shard(name).confirmed(name)

    async def group_add(self, group: str, channel: str) -> None:
        """The same, and whoever receives goes on: each pulse comes by here."""
        for shard in self._shards:
            shard.go_on()
        await super().group_add(group, channel)


class _Shard(RedisSingleShardConnection):
    """One Redis: a connection that hears, and one publisher for all who publish."""

    _receive_task: asyncio.Task[None] | None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._leaving: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self._publishing: asyncio.Task[None] | None = None
        self._confirmed: set[bytes] = set()  # what this line has been told that it hears
        self._awaited: dict[bytes, asyncio.Future[None]] = {}

    async def publish(self, channel: str, message: bytes) -> None:
        """Returns when Redis has it. Raises what went wrong."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._leaving.append((channel, message, done))
        if self._publishing is None:
            self._publishing = asyncio.ensure_future(self._publish_all())
        await done

    async def confirmed(self, channel: str) -> None:
        """Returns when Redis has confirmed the subscription that was asked for last."""
        name = channel.encode()
        if name not in self._confirmed:
            await asyncio.shield(self._awaited.setdefault(name, asyncio.get_running_loop().create_future()))

    async def unsubscribe(self, channel: str) -> None:
        self._confirmed.discard(channel.encode())
        await super().unsubscribe(channel)

    async def _publish_all(self) -> None:
        try:
            while self._leaving:
                together, self._leaving = self._leaving, []
                for (_channel, _message, done), answer in zip(together, await self._sent(together), strict=True):
                    if done.done():  # whoever published waits no longer
                        continue
                    if isinstance(answer, Exception):
                        done.set_exception(answer)
                    else:
                        done.set_result(None)
        finally:
            self._publishing = None

    async def _sent(self, together: Sequence[tuple[str, bytes, Any]]) -> Sequence[Any]:
        try:
            self._ensure_redis()
            pipeline = self._redis.pipeline(transaction=False)
            for channel, message, _done in together:
                pipeline.publish(channel, message)
            answers: Sequence[Any] = await pipeline.execute(raise_on_error=False)
        except Exception as error:
            return [error] * len(together)
        return answers

    def go_on(self) -> None:
        """Receive again, should that have ended."""
        if self._receive_task is not None and self._receive_task.done():
            self._receive_task = None
            self._ensure_receiver()

    async def _do_receiving(self) -> None:
        """Read without a time limit: the stock one gives up and begins anew ten times a second, and for each message."""
        while True:
            try:
                if not (self._pubsub and self._pubsub.subscribed):
                    await asyncio.sleep(0.1)
                    continue
                answer = await self._pubsub.parse_response(block=True)
                if answer and answer[0] == b"message":
                    if (full := self._heard(answer[1].decode(), answer[2])) is not None:
                        await full
                elif answer:
                    self._confirm(*answer[:2])
                    await self._pubsub.handle_message(answer, ignore_subscribe_messages=True)
            except Exception as error:  # a Redis that is away; the connection comes back with its subscriptions
                log.warning("layer.receive_failed", error=repr(error))
                await asyncio.sleep(1)

    def _confirm(self, kind: bytes, name: bytes) -> None:
        """A subscription that is confirmed once more is that of a new line, which the client has opened in silence."""
        if kind == b"unsubscribe":
            self._confirmed.discard(name)
        elif kind == b"subscribe":
            if name in self._confirmed:
                self._confirmed.clear()
                if self.channel_layer.missed is not None:
                    self.channel_layer.missed()
            self._confirmed.add(name)
            if (awaited := self._awaited.pop(name, None)) is not None:
                awaited.set_result(None)

    def _heard(self, name: str, data: bytes) -> Awaitable[Any] | None:
        layer = self.channel_layer
        if layer.hears is not None and name in layer.groups:
            return layer.hears(layer.channel_layer.deserialize(data))  # type: ignore[no-any-return]
        self._receive_message({"channel": name, "data": data})
        return None


async def _call(function: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Any:
    return await function(*args)
