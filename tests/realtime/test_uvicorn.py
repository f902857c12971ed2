"""The site on Uvicorn, with its own protocol and with ours that takes prepared frames: real servers, real clients."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.services.processes import ROOT, answers, end, wait_until
from tests.services.servers import Embedded
from tests.sockets import PATIENCE

PREPARED = "skilllink.realtime.uvicorn_protocol:PreparedProtocol"
SIZES = (1, 80, 200, 5000)  # of words: frames with each kind of length, the last with two bytes for each letter below
PEOPLE = """
import json
from django.conf import settings
from django.test import Client
from chat import groups, members
from users import people

def session(user):
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"

def person(name):
    return people.register(f"{name.lower()}@skilllink.test", "a-long-enough-password", name, client=True, freelancer=True)

ines, tomasz = person("Ines"), person("Tomasz")
room = groups.create(ines, "Busy")
members.join(room, tomasz)
print(json.dumps({"ines": session(ines), "tomasz": session(tomasz), "room": str(room.pk)}))
"""


class OnUvicorn(Embedded):
    """The site's ASGI application alone, in one process on SQLite."""

    protocol = "websockets-sansio"

    def start(self) -> None:
        log = (self.folder / "server.log").open("ab")
        command = [sys.executable, "-m", "uvicorn", "skilllink.asgi:application", "--port", str(self.port)]
        command += ["--ws", self.protocol, "--ws-per-message-deflate", "false", "--lifespan", "off"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        wait_until(lambda: answers(self.port), what="Uvicorn's start")


class OnUvicornPrepared(OnUvicorn):
    protocol = PREPARED


class Talk:
    """The site with two people in a room."""

    def __init__(self, site: Embedded) -> None:
        self.site = site
        self.facts = json.loads(site.manage("shell", "-v", "0", "-c", PEOPLE).splitlines()[-1])

    @contextmanager
    def opened(self, who: str, *, small: bool = False) -> Iterator[ClientConnection]:
        """An open socket that listens to the room; with a small receive buffer if asked for."""
        raw = socket.socket()
        if small:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", self.site.port))
        options: Any = {"origin": self.site.url, "additional_headers": {"Cookie": self.facts[who]}, "compression": None}
        address = f"ws://127.0.0.1:{self.site.port}/ws/"
        with connect(address, sock=raw, max_size=None, close_timeout=0.2, **options) as one:
            asked(one, type="subscribe", topic=f"room:{self.facts['room']}")
            yield one

    def say(self, who: ClientConnection, body: str, number: int) -> int:
        frame = {"type": "message.send", "room": self.facts["room"], "client_id": f"said-{number:06}", "body": body}
        return int(asked(who, **frame)["seq"])


def asked(one: ClientConnection, **frame: Any) -> dict[str, Any]:
    one.send(json.dumps({**frame, "ref": "asked"}, ensure_ascii=False))
    while True:
        answer: dict[str, Any] = json.loads(one.recv(PATIENCE))
        if answer.get("ref") == "asked":
            return answer


def heard(one: ClientConnection, count: int) -> list[tuple[int, str]]:
    """Number and words of the next messages."""
    found: list[tuple[int, str]] = []
    while len(found) < count:
        event = json.loads(one.recv(PATIENCE)).get("event", {})
        if event.get("type") == "message.posted":
            found.append((event["seq"], event["message"]["body"]))
    return found


@pytest.fixture(scope="module", params=[OnUvicorn, OnUvicornPrepared])
def talk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    rules = {"SKILLLINK_FRAMES_PER_MINUTE": "100000", "SKILLLINK_SOCKET_STALL": "2s", "SKILLLINK_PULSE_EVERY": "15s"}
    site = request.param(tmp_path_factory.mktemp("uvicorn"), **rules)
    yield Talk(site)
    end(site.process)


def test_what_is_said_reaches_real_clients_whole_and_in_order(talk: Talk) -> None:
    with talk.opened("ines") as writer, talk.opened("tomasz") as one, talk.opened("tomasz") as two:
        bodies = [("ß" * size)[:size] for size in SIZES] * 5
        said = [(talk.say(writer, body, number), body) for number, body in enumerate(bodies)]
        assert heard(one, len(said)) == said
        assert heard(two, len(said)) == said


def test_a_reader_that_stalls_is_ended_and_delays_nobody(talk: Talk) -> None:
    words = "😀" * 8000  # 64 KB as an event
    count = 160
    with ExitStack() as opened:
        writer, watcher = (opened.enter_context(talk.opened(who)) for who in ("ines", "tomasz"))
        stalled = opened.enter_context(talk.opened("tomasz", small=True))
        for number in range(count):
            seq = talk.say(writer, words, 1000 + number)
            assert heard(watcher, 1) == [(seq, words)]
        with pytest.raises(ConnectionClosed):
            for _ in range(count):
                stalled.recv(PATIENCE)
        stalled.socket.close()
