"""One simulated person: a client of docs/realtime.md, and what the person does in it."""

import asyncio
import contextlib
import json
from collections import Counter, defaultdict
from random import Random
from typing import Any
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.realtime.crowd.losses import Losses
from tests.realtime.crowd.view import Frame, View
from tests.services.pair import BEHIND_TLS

AGAIN = (429, 503)  # answers that say nothing about what was asked
NOT_NOW = ("unavailable", "too_many", "busy", "outcome_unknown")
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0  # seconds; shorter than is documented, so that more happens
BROKEN = (OSError, TimeoutError, WebSocketException, httpx.HTTPError)


class Person:
    """`views` are the rooms that this person takes themselves to be in; `acked` is what the server said it has."""

    def __init__(self, facts: dict[str, Any], ports: list[int], http: httpx.AsyncClient, chance: Random) -> None:
        self.id, self.token, self.ports, self.http, self.chance = facts["id"], facts["token"], ports, http, chance
        self.counted: Counter[str] = Counter()
        self.views: dict[str, View] = {}
        self.outbox: list[dict[str, str]] = []
        self.sent: dict[str, tuple[str, str]] = {}  # client_id → room and words of all that was ever written down
        self.acked: dict[str, int] = {}
        self.refused: dict[str, str] = {}
        self.tries: Counter[str] = Counter()
        self.reached: dict[str, set[int]] = defaultdict(set)  # topic → every number that came here, lost or not
        self.twice: list[tuple[str, int]] = []
        self.wrong: list[Any] = []  # what should never be answered
        self.losses = Losses(chance, self.counted)
        self.socket: ClientConnection | None = None
        self.sending = ""
        self.wait = FIRST_WAIT
        self.cut_at_ack = False
        self.asking: dict[str, View] = {}

    # the line

    async def run(self) -> None:
        """Stay connected, whatever happens."""
        while True:
            try:
                await self._connected()
            except BROKEN:
                self.counted["connections ended"] += 1
            self.socket = None
            self.wait = await self._pause(self.wait)

    async def _connected(self) -> None:
        port = self.chance.choice(self.ports)
        status, answer = await self._http("POST", "ws-tickets/", port=port)
        if status != 201:
            return
        address = f"ws://127.0.0.1:{port}/ws/?ticket={answer['ticket']}"
        options: dict[str, Any] = {"compression": None, "ping_interval": None, "open_timeout": 30, "close_timeout": 1}
        async with connect(address, max_size=2**20, additional_headers=BEHIND_TLS, **options) as self.socket:
            await self._serve(self.socket)

    async def _serve(self, socket: ClientConnection) -> None:
        self.sending, self.asking = "", {}
        self.losses.begin()
        live: set[tuple[str, int]] = set()
        for view in self.views.values():
            view.asked = None
        silence = 10.0
        while True:
            async with asyncio.timeout(silence):
                frame = json.loads(await socket.recv())
            self._note(frame, live)
            if self.losses.swallow(frame):
                continue
            if frame["type"] == "hello":
                silence, self.wait = max(10, 3 * frame["pulse"]), FIRST_WAIT
                for view in list(self.views.values()):
                    await view.ask()
                await self.send_next()
            elif self.cut_at_ack and frame.get("ref") == self.sending:
                self.cut_at_ack = False
                self.cut()
            else:
                await self._take(frame)

    def _note(self, frame: Frame, live: set[tuple[str, int]]) -> None:
        """What came over the wire, before anything of it is lost."""
        if frame["type"] == "event" and "seq" in frame["event"]:
            told = frame["topic"], frame["event"]["seq"]
            if told in live:
                self.twice.append(told)
            live.add(told)
            self.reached[told[0]].add(told[1])
        for event in frame.get("events", ()):
            self.reached[frame["topic"]].add(event["seq"])

    def cut(self) -> None:
        """The line breaks, without a word from either side."""
        if self.socket is not None:
            self.counted["lines cut"] += 1
            self.socket.transport.abort()

    async def _take(self, frame: Frame) -> None:
        kind, ref = frame["type"], str(frame.get("ref", ""))
        view = self.views.get(frame.get("topic", ""))
        if kind == "event" and view:
            await view.hear(frame["event"])
        elif kind == "revoked" and view:
            await view.ask()
        elif kind == "pulse":
            for one in list(self.views.values()):
                await one.pulse(frame["heads"])
            await self.send_next()
        elif kind in ("ack", "error") and ref in self.asking:
            await self.answered_log(self.asking.pop(ref), frame)
        elif kind in ("ack", "error") and ref and ref == self.sending:
            await self.answered(frame)
        elif kind == "error":
            self._judge(frame["code"])

    async def answered_log(self, view: View, answer: Frame) -> None:
        """What the server said to a question for the log."""
        if self.views.get(view.topic) is not view:
            return  # of a time in the room that has ended
        if answer.get("code") == "missing":
            del self.views[view.topic]
        elif "code" in answer:
            view.asked = None  # with the next pulse again
            self._judge(answer["code"])
        else:
            await view.page(answer)

    async def write(self, frame: Frame) -> None:
        with contextlib.suppress(ConnectionClosed):  # `_serve` sees it too, and all of this is asked and sent again
            if self.socket is not None:
                await self.socket.send(json.dumps(frame))

    async def ask(self, view: View) -> None:
        ref = f"log-{self.counted['questions']}"
        self.counted["questions"] += 1
        self.asking[ref] = view
        await self.write({"type": "subscribe", "topic": view.topic, "after": view.last, "ref": ref})

    # what is said

    async def say(self, topic: str, words: str) -> None:
        client_id = f"{self.id[-12:]}-{len(self.sent):06}"
        self.sent[client_id] = topic, words
        self.outbox.append({"client_id": client_id, "room": topic.removeprefix("room:"), "body": words})
        await self.send_next()

    async def send_next(self) -> None:
        """One after the other, so that they arrive in the order in which they were written."""
        if self.outbox and not self.sending:
            message = self.outbox[0]
            self.sending = message["client_id"]
            self.tries[self.sending] += 1
            await self.write({"type": "message.send", "ref": self.sending, **message})

    async def answered(self, frame: Frame) -> None:
        client_id, self.sending = self.sending, ""
        if frame.get("code") in NOT_NOW:
            return  # again with the next pulse
        if frame["type"] == "ack":
            self.acked[client_id] = frame["seq"]
        else:
            self.refused[client_id] = frame["code"]
            self._judge(frame["code"])
        self.outbox = [message for message in self.outbox if message["client_id"] != client_id]
        await self.send_next()

    # what is done over HTTP

    async def whole(self, pk: str) -> Frame | None:
        status, message = await self._http("GET", f"messages/{pk}/")
        return dict(message) if status == 200 else None

    async def join(self, topic: str) -> None:
        """Come in; what was shown of an earlier time in the room is gone."""
        status, _answer = await self._http("POST", f"rooms/{topic.removeprefix('room:')}/join/", {})
        self.counted["joined" if status == 200 else "kept out"] += 1
        if status == 200:
            self.follow(topic)
            await self.views[topic].ask()

    def follow(self, topic: str) -> None:
        self.views[topic] = View(topic, self.ask, self.whole)

    async def leave(self, topic: str) -> None:
        await self._http("POST", f"rooms/{topic.removeprefix('room:')}/leave/", {})
        self.counted["left"] += 1
        self.views.pop(topic, None)

    async def put_out(self, topic: str, other: str, verb: str) -> None:
        """`verb` is ban or unban."""
        room = topic.removeprefix("room:")
        status, _answer = await self._http("POST", f"rooms/{room}/members/{other}/{verb}/", {})
        self.counted[f"{verb} {status}"] += 1

    async def _http(self, method: str, path: str, body: Frame | None = None, *, port: int = 0) -> tuple[int, Any]:
        """Ask until there is a definite answer, of whichever server."""
        headers, wait = {**BEHIND_TLS, "Authorization": f"Token {self.token}"}, FIRST_WAIT
        while True:
            at = port or self.chance.choice(self.ports)
            try:
                answer = await self.http.request(
                    method, f"http://127.0.0.1:{at}/api/v1/{path}", json=body, headers=headers
                )
            except httpx.HTTPError:
                if port:
                    raise
            else:
                assert answer.status_code != 500, (path, answer.text[:200])
                if answer.status_code not in AGAIN:
                    return answer.status_code, answer.json() if answer.content else None
            wait = await self._pause(wait)

    async def _pause(self, seconds: float) -> float:
        """Wait so long, more or less; returns for how long the next time."""
        await asyncio.sleep(seconds * self.chance.uniform(0.7, 1.3))
        return min(LONGEST_WAIT, seconds * 2)

    def _judge(self, code: str) -> None:
        self.counted[f"refused: {code}"] += 1
        if code not in (*NOT_NOW, "missing", "message.deleted"):
            self.wrong.append(code)


class Poller(Person):
    """The same person behind a proxy that blocks sockets."""

    async def run(self) -> None:
        while True:
            with contextlib.suppress(*BROKEN):
                await self._turn()
            await asyncio.sleep(self.chance.uniform(0.2, 0.4))

    async def _turn(self) -> None:
        views = dict(self.views)
        query = urlencode([pair for view in views.values() for pair in (("topic", view.topic), ("after", view.last))])
        _status, answer = await self._http("GET", f"events/?{query}")
        for topic, told in answer["topics"].items():
            self._note({"type": "ack", "topic": topic, **told}, set())
            await self.answered_log(views[topic], told)
        await self.send_next()

    async def ask(self, view: View) -> None:
        view.asked = None  # the next turn asks

    async def write(self, frame: Frame) -> None:
        status, answer = await self._http("POST", "frames/", frame)
        told = {**answer, "type": "ack" if status == 200 else "error", "ref": frame.get("ref")}
        await self._take(told)

    def cut(self) -> None:
        """It has no line that could be cut."""
