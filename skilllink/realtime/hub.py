"""The hub: one per process. One subscription per topic, each event encoded once, each socket with its own queue."""

import asyncio
import json
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings

from skilllink.realtime import topics
from skilllink.realtime.push import group_name

log = structlog.get_logger(__name__)
Send = Callable[[dict[str, Any]], Awaitable[None]]
BACKLOG = 256
BACKLOG_BYTES = 512 * 1024
TOO_SLOW, FAILED = 4408, 4500
LAYER_SECONDS = 2.0  # a layer that hangs must not hold up a listener: pulses reach it all the same


class Member:
    """One socket: a bounded queue and a task that writes it out, so that a slow reader delays nobody else."""

    def __init__(self, user: Any, session_key: str, send: Send) -> None:
        self.user, self.session_key, self.send = user, session_key, send
        self.topics: dict[str, int] = {}  # topic → the membership version under which they were let in
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(BACKLOG)
        self.waiting = 0  # bytes of events in the queue
        self.answered = asyncio.Event()
        self.answered.set()
        self.closed = False
        self.writer = asyncio.ensure_future(self._write())

    async def answer(self, frame: dict[str, Any]) -> None:
        """Queue the answer to what the socket asked once the one before has left: who doesn't read gets no more."""
        await self.answered.wait()
        if not self.closed:
            self.answered.clear()
            self._put({"type": "websocket.send", "text": _encoded(frame), "answer": True})

    def frame(self, frame: dict[str, Any]) -> None:
        self.text(_encoded(frame))

    def text(self, text: str, *, lossy: bool = False) -> None:
        """Queue an encoded frame; a reader with a full queue is cut off and resumes by number.

        A lossy one only uses the first half of the queue, so that it can't be what fills it.
        """
        if self.closed or (lossy and self.queue.qsize() >= BACKLOG // 2):
            return None
        if self.waiting and self.waiting + len(text) > BACKLOG_BYTES:
            return self.close(TOO_SLOW)
        self.waiting += len(text)
        return self._put({"type": "websocket.send", "text": text, "size": len(text)})

    def _put(self, message: dict[str, Any]) -> None:
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            self.close(TOO_SLOW)

    def close(self, code: int) -> None:
        if self.closed:
            return
        self.closed = True
        self.answered.set()
        if code == TOO_SLOW:  # the writer may wait for the reader, and keeping what is queued would only cost
            self.writer.cancel()
            self._drop()
            self.writer = asyncio.ensure_future(self._write())
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait({"type": "websocket.close", "code": code})

    def _drop(self) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()

    async def _write(self) -> None:
        while not await self._write_one(await self.queue.get()):
            pass

    async def _write_one(self, message: dict[str, Any]) -> bool:
        """Whether that was the last: a close, or one that the reader or the server didn't take."""
        self.waiting -= message.pop("size", 0)
        is_answer = message.pop("answer", False)
        try:
            await asyncio.wait_for(self.send(message), settings.SKILLLINK["SOCKET_STALL"].total_seconds())
        except TimeoutError:
            await self._end(TOO_SLOW)
            return True
        except Exception as error:  # the server's own: it won't take this
            log.warning("socket.send_failed", type=message["type"], error=str(error))
            if message["type"] != "websocket.close":
                await self._end(FAILED)
            return True
        if is_answer:
            self.answered.set()
        return bool(message["type"] == "websocket.close")

    async def _end(self, code: int) -> None:
        self.closed = True
        self.answered.set()
        self._drop()
        await self.send({"type": "websocket.close", "code": code})


class Hub:
    """The sockets of this process by topic, and the one channel they all hear through."""

    def __init__(self) -> None:
        self.members: set[Member] = set()
        self.listeners: dict[str, set[Member]] = {}
        self.lock = asyncio.Lock()
        self.channel = ""
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        async with self.lock:
            if self.tasks:
                return
            layer = get_channel_layer()
            if hasattr(layer, "bind"):
                layer.bind(asyncio.get_running_loop())
            await self._open()
            self.tasks = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._pulse())]

    def join(self, member: Member) -> None:
        self.members.add(member)

    async def leave(self, member: Member) -> None:
        self.members.discard(member)
        for topic in list(member.topics):
            await self.unsubscribe(member, topic)
        member.closed = True
        member.writer.cancel()

    def of_user(self, user_id: Any) -> list[Member]:
        return [member for member in self.members if member.user.pk == user_id]

    async def subscribe(self, member: Member, topic: str, version: int = 0) -> None:
        """From here on `member` hears `topic`; the process subscribes with its first listener.

        While the layer is away pulses tell what is new, and the first after its return subscribes.
        """
        async with self.lock:
            first = topic not in self.listeners
            self.listeners.setdefault(topic, set()).add(member)
            member.topics[topic] = version
            if first:
                await self._listen_to([topic])

    async def unsubscribe(self, member: Member, topic: str) -> None:
        async with self.lock:
            member.topics.pop(topic, None)
            listeners = self.listeners.get(topic, set())
            listeners.discard(member)
            if not listeners and self.listeners.pop(topic, None) is not None:
                try:
                    async with asyncio.timeout(LAYER_SECONDS):
                        await get_channel_layer().group_discard(group_name(topic), self.channel)
                except Exception as error:  # a layer that is down has forgotten the group anyway
                    log.warning("hub.discard_failed", topic=topic, error=repr(error))

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(LAYER_SECONDS):
                self.channel = await get_channel_layer().new_channel()
        except Exception as error:  # a layer that is down; pulses don't need it
            log.warning("hub.open_failed", error=repr(error))

    async def _listen_to(self, names: list[str]) -> None:
        try:
            async with asyncio.timeout(LAYER_SECONDS):
                for topic in names if self.channel else ():
                    await get_channel_layer().group_add(group_name(topic), self.channel)
        except Exception as error:  # a layer that is down; pulses don't need it
            log.warning("hub.subscribe_failed", error=repr(error))

    async def _listen(self) -> None:
        while True:
            try:
                while not self.channel:
                    await asyncio.sleep(1)
                    await self._open()
                    await self._listen_to(list(self.listeners))
                message = await get_channel_layer().receive(self.channel)
                await self._deliver(message)
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("hub.receive_failed")
                await asyncio.sleep(1)

    async def _deliver(self, message: dict[str, Any]) -> None:
        topic, event = message["topic"], message["event"]
        if event["type"] == "socket.close":
            self._close(topic, event)
        elif event["type"] == "topic.revoked":
            await self._revoke(topic, event["user"])
        else:
            await self._judge_again(topic, message.get("version", 0))
            text = _encoded({"type": "event", "topic": topic, "event": event})
            for member in list(self.listeners.get(topic, ())):
                member.text(text, lossy=message.get("lossy", False))

    def _close(self, topic: str, event: dict[str, Any]) -> None:
        for member in list(self.listeners.get(topic, ())):
            if not event["session"] or event["session"] == member.session_key:
                member.close(event["code"])

    async def _revoke(self, topic: str, user_id: str) -> None:
        for member in list(self.listeners.get(topic, ())):
            if str(member.user.pk) == user_id:
                await self._put_out(member, topic)

    async def _judge_again(self, topic: str, version: int) -> None:
        """Ask the database about everyone who was let in under an older membership version than the event's."""
        for member in list(self.listeners.get(topic, ())):
            if member.topics.get(topic, version) >= version:
                continue
            if await database_sync_to_async(topics.may_still_listen)(member.user, topic):
                member.topics[topic] = version
            else:
                await self._put_out(member, topic)

    async def _put_out(self, member: Member, topic: str) -> None:
        await self.unsubscribe(member, topic)
        member.frame({"type": "revoked", "topic": topic})

    async def _pulse(self) -> None:
        """Tell every socket the head number of each of its topics: a lost tail shows itself."""
        while True:
            await asyncio.sleep(settings.SKILLLINK["PULSE_EVERY"].total_seconds())
            await self._listen_to(list(self.listeners))  # a layer that was restarted has forgotten them
            try:
                heads = await database_sync_to_async(topics.heads)(list(self.listeners))
            except Exception:
                log.exception("hub.pulse_failed")
                continue
            for member in list(self.members):
                member.frame({"type": "pulse", "heads": {t: heads[t] for t in member.topics if t in heads}})


def _encoded(frame: dict[str, Any]) -> str:
    return json.dumps(frame, separators=(",", ":"), default=str, ensure_ascii=False)


_hubs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = weakref.WeakKeyDictionary()


async def get_hub() -> Hub:
    """The hub of the running loop, started."""
    loop = asyncio.get_running_loop()
    hub = _hubs.setdefault(loop, Hub())
    await hub.start()
    return hub
