"""The hub: one per process. One subscription per topic, each event encoded once, each socket with its own backlog."""

import asyncio
import math
import weakref
from collections import defaultdict, deque
from collections.abc import Awaitable
from typing import Any

import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError

from skilllink.realtime import sessions, topics
from skilllink.realtime.encoding import encoded
from skilllink.realtime.members import Member, Told, tell_each
from skilllink.realtime.push import HINTS, group_name
from skilllink.realtime.quiet import Quiet
from skilllink.realtime.threads import in_thread

log = structlog.get_logger(__name__)
LAYER_SECONDS = 2.0  # a layer that hangs must not hold up a listener: pulses reach it all the same
AT_ONCE = 256  # sockets that are told before the loop may do something else
TOGETHER = 32  # events of one topic that leave together
HINTS_EVERY = 1.0  # seconds between hints of a kind on one topic
WAITING = 10_000  # events that wait to be told; more stay with the channel layer until some have left


class Hub:
    """The sockets of this process by topic, and the one channel they all hear through."""

    def __init__(self) -> None:
        self.members: dict[Any, set[Member]] = defaultdict(set)  # by person
        self.listeners: dict[str, set[Member]] = {}
        self.lock = asyncio.Lock()
        self.channel = ""
        self.tasks: list[asyncio.Task[None]] = []
        self.heard: dict[str, deque[dict[str, Any]]] = {}  # topic → what is to be told there, in its order
        self.oldest: dict[str, int] = {}  # topic → the lowest version under which somebody there was let in
        self.latest: dict[str, int] = {}  # topic → the highest number up to which somebody there hears nothing
        self.waiting = 0  # how many are heard in all
        self.departures = 0  # how often somebody has left a topic
        self.hinted: dict[
            tuple[str, str], dict[str, Any] | None
        ] = {}  # topic and type → the last hint, if not told yet
        self.telling: asyncio.Task[None] | None = None
        self.quiet = Quiet()
        self.is_deaf = False  # the layer doesn't let us in; asked again with each pulse
        self.has_missed = False  # something may have been told that nobody here has heard

    async def start(self) -> None:
        async with self.lock:
            if self.tasks:
                return
            layer = get_channel_layer()
            if hasattr(layer, "bind"):
                layer.bind(asyncio.get_running_loop())
            if hasattr(layer, "hear"):
                layer.hear(self.hear, self._miss)
            await self._open()
            await self._listen_to([HINTS])
            self.quiet.begin()
            self.tasks = [asyncio.ensure_future(work()) for work in (self._listen, self._pulse, self._watch)]

    def join(self, member: Member) -> None:
        self.members[member.user.pk].add(member)

    async def leave(self, member: Member) -> None:
        mine = self.members[member.user.pk]
        mine.discard(member)
        if not mine:
            del self.members[member.user.pk]
        for topic in list(member.topics):
            await self.unsubscribe(member, topic)
        member.leave()

    def of_user(self, user_id: Any) -> list[Member]:
        return list(self.members.get(user_id, ()))

    async def subscribe(self, member: Member, topic: str, version: int = 0, since: int = 0) -> None:
        """From here on `member` hears what comes after number `since` of `topic`; the process subscribes with its first
        listener.

        While the layer is away pulses tell what is new, and the first after its return subscribes.
        """
        async with self.lock:
            first = topic not in self.listeners
            self.listeners.setdefault(topic, set()).add(member)
            member.topics[topic] = version
            self._begin(member, topic, since)
            self.oldest[topic] = min(version, self.oldest.get(topic, version))
            if first:
                await self._listen_to([group_name(topic)])

    async def confirmed(self, topic: str) -> None:
        """Wait until what is told on a topic reaches this process for sure; not while the layer is away."""
        if self.is_deaf:
            return
        layer = get_channel_layer()
        try:
            async with asyncio.timeout(LAYER_SECONDS):
                await getattr(layer, "confirmed", _at_once)(group_name(topic))
        except Exception as error:  # a layer that hangs; the pulse after its return says that something was missed
            log.warning("hub.not_confirmed", topic=topic, error=repr(error))
            self.is_deaf = True

    async def unsubscribe(self, member: Member, topic: str) -> None:
        async with self.lock:
            member.topics.pop(topic, None)
            member.since.pop(topic, None)
            self.departures += 1
            listeners = self.listeners.get(topic, set())
            listeners.discard(member)
            if not listeners and self.listeners.pop(topic, None) is not None:
                self.oldest.pop(topic, None)
                self.latest.pop(topic, None)
                try:
                    async with asyncio.timeout(LAYER_SECONDS):
                        await get_channel_layer().group_discard(group_name(topic), self.channel)
                except Exception as error:  # a layer that is down has forgotten the group anyway
                    log.warning("hub.discard_failed", topic=topic, error=repr(error))

    def _begin(self, member: Member, topic: str, since: int) -> None:
        """What is told late, as after a layer's return, may be from before somebody came: no more of it is theirs."""
        if since:
            member.since[topic] = since
            self.latest[topic] = max(since, self.latest.get(topic, 0))

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(LAYER_SECONDS):
                self.channel = await get_channel_layer().new_channel()
        except Exception as error:  # a layer that is down; pulses don't need it
            log.warning("hub.open_failed", error=repr(error))

    def _groups(self) -> list[str]:
        return [HINTS, *map(group_name, self.listeners)]

    def _miss(self) -> None:
        self.quiet.begin()
        self.has_missed = True

    async def _listen_to(self, groups: list[str]) -> None:
        try:
            async with asyncio.timeout(LAYER_SECONDS):
                for group in groups if self.channel else ():
                    await get_channel_layer().group_add(group, self.channel)
        except Exception as error:  # a layer that is down; pulses don't need it
            log.warning("hub.subscribe_failed", error=repr(error))
            self.is_deaf = True
        self.is_deaf = self.is_deaf or not self.channel

    async def _listen(self) -> None:
        while True:
            try:
                while not self.channel:
                    await asyncio.sleep(1)
                    await self._open()
                    await self._listen_to(self._groups())
                message = await get_channel_layer().receive(self.channel)
                if (full := self.hear(message)) is not None:
                    await full
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("hub.receive_failed")
                self._miss()
                await asyncio.sleep(1)

    def hear(self, message: dict[str, Any]) -> Awaitable[Any] | None:
        """Take a message of the channel layer; what comes with it in one turn of the loop is told together.

        Something to wait for when enough waits already: what else there is then stays with the layer.
        """
        if "topics" in message:
            self.quiet.end(message["topics"])
            for topic in message["topics"] if "event" in message else ():
                if topic in self.listeners:
                    self._take_hint({"topic": topic, "event": message["event"]})
        else:
            self._take(message)
        return asyncio.wait([self.telling]) if self.telling and self.waiting >= WAITING else None

    def _take(self, message: dict[str, Any]) -> None:
        waits = self.heard.setdefault(message["topic"], deque())
        if message.get("lossy") and len(waits) >= TOGETHER:
            return  # such a frame never takes the place of another
        waits.append(message)
        self.waiting += 1
        if self.telling is None:
            self.telling = asyncio.ensure_future(self._tell_all())

    def _take_hint(self, message: dict[str, Any]) -> None:
        if self._is_first(message):
            self._take(message)

    def _is_first(self, message: dict[str, Any]) -> bool:
        """Whether a hint has to be told now: one like it of the last moments means that this one is told after them."""
        kind = message["topic"], message["event"]["type"]
        if kind in self.hinted:
            self.hinted[kind] = message
            return False
        self.hinted[kind] = None
        asyncio.get_running_loop().call_later(HINTS_EVERY, self._hint_again, kind)
        return True

    def _hint_again(self, kind: tuple[str, str]) -> None:
        if (message := self.hinted.pop(kind)) is not None:
            self.quiet.end(kind[:1])  # it is told now: who was cut off since it came here has not heard it
            self._take_hint(message)

    async def _tell_all(self) -> None:
        try:
            while self.heard:
                for topic in list(self.heard):  # each in its turn: a flooded one holds up no other
                    waits = self.heard[topic]
                    some = [waits.popleft() for _ in range(min(TOGETHER, len(waits)))]
                    self.waiting -= len(some)
                    if not waits:
                        del self.heard[topic]
                    try:
                        await self._tell(topic, some)
                    except Exception:  # the next pulse tells those who wait for it
                        log.exception("hub.tell_failed", topic=topic)
                await asyncio.sleep(0)
        finally:
            self.telling = None

    async def _tell(self, topic: str, messages: list[dict[str, Any]]) -> None:
        """Tell a topic's listeners, in order; who is to hear no more is put out before what came later."""
        together: list[dict[str, Any]] = []
        for message in messages:
            event = message["event"]
            if event["type"] not in ("socket.close", "topic.revoked"):
                together.append(message)
                continue
            await self._tell_listeners(topic, together)
            together = []
            if event["type"] == "socket.close":
                self._close(topic, event)
            else:
                await self._revoke(topic, event["user"])
        await self._tell_listeners(topic, together)

    async def _tell_listeners(self, topic: str, messages: list[dict[str, Any]]) -> None:
        if not messages:
            return
        await self._judge_again(topic, max(message.get("version", 0) for message in messages))
        told, first = _told(topic, messages), min(map(_number, messages))
        is_late = first <= self.latest.get(topic, 0)
        everyone, departures = list(self.listeners.get(topic, ())), self.departures
        for start in range(0, len(everyone), AT_ONCE):
            some = everyone[start : start + AT_ONCE]
            if self.departures != departures:
                some = [member for member in some if topic in member.topics]  # still
            late = {member for member in some if first <= member.since.get(topic, 0)} if is_late else set()
            for member in late:
                member.tell(_told(topic, messages, member.since[topic]))
            tell_each([member for member in some if member not in late] if late else some, told)
            await asyncio.sleep(0)

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
        while self.oldest.get(topic, version) < version:  # again for who came meanwhile
            self.oldest[topic] = version
            older = [member for member in self.listeners.get(topic, ()) if member.topics.get(topic, version) < version]
            try:
                for member in older:
                    since = await in_thread(topics.still_since)(member.user, topic)
                    if since is None:
                        await self._put_out(member, topic)
                    elif topic in member.topics:
                        member.topics[topic] = max(version, member.topics[topic])
                        self._begin(member, topic, since)
            except BaseException:
                self.oldest[topic] = -1  # nobody is taken for judged
                raise

    async def _put_out(self, member: Member, topic: str) -> None:
        await self.unsubscribe(member, topic)
        member.frame({"type": "revoked", "topic": topic})

    async def _pulse(self) -> None:
        """Tell every socket the head number of each of its topics: a lost tail shows itself."""
        while True:
            await asyncio.sleep(settings.SKILLLINK["PULSE_EVERY"].total_seconds())
            was_deaf, self.is_deaf = self.is_deaf, False
            await self._listen_to(self._groups())  # a layer that was restarted has forgotten them
            if was_deaf and not self.is_deaf:
                self._miss()
            try:
                heads = await in_thread(topics.heads)(list(self.listeners))
            except Exception:
                log.exception("hub.pulse_failed")
                continue
            missed = {"missed": True} if self.has_missed else {}
            if self.has_missed:
                self.has_missed = False
                self.quiet.begin()  # who was cut off before this pulse learns it by coming again
            for number, member in enumerate(self._everyone(), 1):
                if not number % AT_ONCE:
                    await asyncio.sleep(0)
                member.frame({"type": "pulse", "heads": {t: heads[t] for t in member.topics if t in heads}} | missed)

    async def _watch(self) -> None:
        """Once a pulse, ask the database whether each may still be here; works without the channel layer."""
        while True:
            await asyncio.sleep(settings.SKILLLINK["PULSE_EVERY"].total_seconds())
            everyone = self._everyone()
            for start in range(0, len(everyone), AT_ONCE):
                some = everyone[start : start + AT_ONCE]
                try:
                    ended = await in_thread(sessions.ended)({member.rests_on for member in some})
                except DatabaseError as error:  # asked again with the next pulse
                    log.warning("hub.rights_unknown", error=str(error))
                    break
                for member in some:
                    if (code := ended.get(member.rests_on)) is not None:
                        member.close(code)

    def _everyone(self) -> list[Member]:
        return [member for mine in self.members.values() for member in mine]


async def _at_once(group: str) -> None:
    """For layers whose `group_add` returns when it is done."""


def _told(topic: str, messages: list[dict[str, Any]], since: int = 0) -> Told:
    """What leaves together, of numbers above `since`."""
    return Told(
        (encoded({"type": "event", "topic": topic, "event": message["event"]}), message.get("lossy", False))
        for message in messages
        if _number(message) > since
    )


def _number(message: dict[str, Any]) -> float:
    """The number of an event; one without any is no part of what somebody may have come too late for."""
    return message["event"].get("seq") or math.inf  # type: ignore[no-any-return]


_hubs: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = weakref.WeakKeyDictionary()


async def get_hub() -> Hub:
    """The hub of the running loop, started."""
    loop = asyncio.get_running_loop()
    hub = _hubs.setdefault(loop, Hub())
    await hub.start()
    return hub
