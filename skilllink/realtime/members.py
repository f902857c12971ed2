"""One socket as the hub sees it: what is told leaves at once, and waits in a bounded backlog where the reader is slow."""

import asyncio
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from functools import cached_property
from typing import Any

import structlog
from django.conf import settings

from skilllink.realtime.encoding import encoded, framed

log = structlog.get_logger(__name__)
Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]
BACKLOG = 256
BACKLOG_BYTES = 512 * 1024
TOO_SLOW, FAILED = 4408, 4500
CLOSE_SECONDS = 5.0  # for a reader that didn't read before either


class Told:
    """Encoded frames on their way to many sockets, in their order, each with whether it may be lost."""

    def __init__(self, texts: Iterable[tuple[str, bool]]) -> None:
        self.messages = [({"type": "websocket.send", "text": text}, lossy) for text, lossy in texts]

    @cached_property
    def frames(self) -> bytes:
        """All of them as they go over the wire."""
        return b"".join(framed(message["text"]) for message, _lossy in self.messages)


class Member:
    """One socket. A send is begun where it is asked for; only one that the server makes wait gets a task of its own.

    So a slow reader delays nobody else, and all others cost no task. `write`, where the server offers it, takes frames
    that are ready for the wire and says whether it did.
    """

    __slots__ = (
        "abort", "answered", "backlog", "closed", "send", "session_key", "since", "topics", "user",
        "waiting", "write", "writer",
    )  # fmt: skip

    def __init__(self, user: Any, session_key: str, send: Send, scope: dict[str, Any] | None = None) -> None:
        self.user, self.session_key, self.send = user, session_key, send
        offered = (scope or {}).get("extensions") or {}
        self.write: Callable[[bytes], bool] | None = offered.get("skilllink.prepared", {}).get("write")
        self.abort: Callable[[], None] | None = offered.get("skilllink.abort", {}).get("abort")
        self.topics: dict[str, int] = {}  # topic → the membership version under which they were let in
        self.since: dict[str, int] = {}  # topic → the number up to which it isn't theirs to hear, if any
        self.backlog: deque[tuple[dict[str, Any], int]] = deque()
        self.waiting = 0  # characters of events in the backlog
        self.answered: asyncio.Event | None = None  # set while an answer waits to leave
        self.closed = False
        self.writer: asyncio.Task[None] | None = None

    @property
    def rests_on(self) -> tuple[Any, str, str]:
        """What gives it its right to be here, as `sessions.ended` takes it."""
        return self.user.pk, self.session_key, self.user.password

    async def answer(self, frame: dict[str, Any]) -> None:
        """Tell the answer to what the socket asked once the one before has left: who doesn't read gets no more."""
        while self.answered is not None:
            await self.answered.wait()
        if not self.closed:
            self._put({"type": "websocket.send", "text": encoded(frame)}, 0)
            if self.writer is not None and not self.closed:
                self.answered = asyncio.Event()
                self.backlog.append(ANSWERED)

    def frame(self, frame: dict[str, Any]) -> None:
        self.text(encoded(frame))

    def text(self, text: str, *, lossy: bool = False) -> None:
        """Tell an encoded frame; a reader with a full backlog is cut off and resumes by number.

        A lossy one only uses the first half of the backlog, so that it can't be what fills it.
        """
        self.tell(Told([(text, lossy)]))

    def tell(self, told: Told) -> None:
        """The same for several, in their order."""
        if self.closed:
            return
        if self.writer is None and self.write is not None and self.write(told.frames):
            return
        for message, lossy in told.messages:
            if self.writer is None:
                self._begin(message)
            else:
                self._put_event(message, lossy=lossy)

    def _put_event(self, message: dict[str, Any], *, lossy: bool) -> None:
        if not (lossy and len(self.backlog) >= BACKLOG // 2):
            self._put(message, len(message["text"]))

    def _put(self, message: dict[str, Any], size: int) -> None:
        if self.closed:
            return
        if self.writer is None:
            self._begin(message)
        elif len(self.backlog) >= BACKLOG or (self.waiting and self.waiting + size > BACKLOG_BYTES):
            self.close(TOO_SLOW)
        else:
            self.waiting += size
            self.backlog.append((message, size))

    def _begin(self, message: dict[str, Any]) -> None:
        """Take the first step of a send, which for a reader that keeps up is all of it."""
        sending = self.send(message)
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except Exception as error:  # the server's own: it won't take this
            self._failed(message, error)
        else:
            self._wait(sending, waits_for, message)

    def _wait(self, sending: Any, waits_for: Any, message: dict[str, Any]) -> None:
        self.writer = asyncio.ensure_future(self._write(_going_on(sending, waits_for), message))

    async def _write(self, sending: Awaitable[None], message: dict[str, Any]) -> None:
        """Finish a send that waits, then whatever was put behind it."""
        stall = settings.SKILLLINK["SOCKET_STALL"].total_seconds()
        try:
            while True:
                async with asyncio.timeout(stall):
                    await sending
                while self.backlog and self.backlog[0] is ANSWERED:
                    self.backlog.popleft()
                    self._let_answer()
                if not self.backlog:
                    break
                message, size = self.backlog.popleft()
                self.waiting -= size
                sending = self.send(message)
        except TimeoutError:
            self.writer, self.closed = None, True
            self._cut_off(TOO_SLOW)
        except Exception as error:
            self.writer = None
            self._failed(message, error)
        else:
            self.writer = None

    def close(self, code: int) -> None:
        """Tell nothing more, then close: after what waits, or instead of it when the reader is too slow for it."""
        if self.closed:
            return
        self.closed = True
        message = {"type": "websocket.close", "code": code}
        if code == TOO_SLOW:
            self._cut_off(code)
        elif self.writer is None:
            self._begin(message)
        else:
            self.backlog.append((message, 0))

    def _cut_off(self, code: int) -> None:
        """Close without what waits: keeping it would only cost."""
        if self.writer is not None:
            self.writer.cancel()
        self._drop()
        self.writer = asyncio.ensure_future(self._close({"type": "websocket.close", "code": code}))

    async def _close(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.send(message)
        except Exception as error:  # it reads nothing, or is gone
            log.info("socket.close_failed", error=repr(error))
            if self.abort is not None:
                self.abort()

    def _failed(self, message: dict[str, Any], error: Exception) -> None:
        log.warning("socket.send_failed", type=message["type"], error=str(error) or type(error).__name__)
        if message["type"] == "websocket.close":
            self._drop()
        else:
            self.closed = True
            self._cut_off(FAILED)

    def _drop(self) -> None:
        self.backlog.clear()
        self.waiting = 0
        self._let_answer()

    def _let_answer(self) -> None:
        if self.answered is not None:
            self.answered.set()
            self.answered = None

    async def finished(self) -> None:
        """Wait until what was told has left, or until it is clear that it won't."""
        while self.writer is not None and not self.writer.done():
            await asyncio.wait([self.writer])

    def leave(self) -> None:
        """The connection has ended."""
        self.closed = True
        if self.writer is not None:
            self.writer.cancel()
        self._drop()


ANSWERED: tuple[dict[str, Any], int] = ({}, 0)  # behind an answer in the backlog: the next one may come


def tell_each(members: Iterable[Member], told: Told) -> None:
    """`Member.tell` for many, at the price of nothing but their sends: most need not wait, and are made in one go."""
    rest, round_ = iter(members), _Round()
    while round_.begin(rest, told):
        round_ = _Round()


class _Round:
    """Sends to one after the other, until one of them has to wait."""

    __slots__ = ("member", "message", "waits")

    def begin(self, members: Iterator[Member], told: Told) -> bool:
        """Whether it ended early: what waits goes on by itself, and what else its reader is told stands behind it."""
        self.waits = False
        sends: Any = self._sends(members, told)
        try:
            waits_for = sends.send(None)
        except StopIteration:
            return False
        self.waits = True
        self.member._wait(sends, waits_for, self.message)
        behind = next(place for place, (one, _lossy) in enumerate(told.messages, 1) if one is self.message)
        for message, lossy in told.messages[behind:]:
            self.member._put_event(message, lossy=lossy)
        return True

    @types.coroutine
    def _sends(self, members: Iterator[Member], told: Told) -> Generator[Any, Any, None]:
        for member in members:
            if member.closed or member.writer is not None or member.write is not None:
                member.tell(told)
                continue
            self.member, send = member, member.send  # a plain name: a slot that is called costs a search each time
            for message, _lossy in told.messages:
                self.message = message
                try:
                    yield from send(message)
                except Exception as error:  # the server's own: it won't take this
                    if self.waits:
                        raise
                    member._failed(message, error)
                    break
                if self.waits:
                    return


@types.coroutine
def _going_on(sending: Any, waits_for: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine whose first step was taken outside of a task."""
    while True:
        try:
            value = yield waits_for
        except BaseException as error:
            step = sending.throw, error
        else:
            step = sending.send, value
        try:
            waits_for = step[0](step[1])
        except StopIteration:
            return
