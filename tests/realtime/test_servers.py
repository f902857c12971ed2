"""The site on Daphne, and on Uvicorn with its own protocol and with ours: real servers, real clients.

Frames that are prepared once go over Daphne and over our protocol.
"""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.realtime.talk import Talk
from tests.services.processes import ROOT, answers, end, wait_until
from tests.services.servers import Embedded
from tests.sockets import PATIENCE

PREPARED = "skilllink.realtime.uvicorn_protocol:PreparedProtocol"
SIZES = (1, 80, 200, 5000)  # of words: frames with each kind of length, the last with two bytes for each letter below


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


def heard(one: ClientConnection, count: int) -> list[tuple[int, str]]:
    """Number and words of the next messages."""
    found: list[tuple[int, str]] = []
    while len(found) < count:
        event = json.loads(one.recv(PATIENCE)).get("event", {})
        if event.get("type") == "message.posted":
            found.append((event["seq"], event["message"]["body"]))
    return found


@pytest.fixture(scope="module", params=[Embedded, OnUvicorn, OnUvicornPrepared])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    rules = {"SKILLLINK_FRAMES_PER_MINUTE": "100000", "SKILLLINK_SOCKET_STALL": "2s", "SKILLLINK_PULSE_EVERY": "15s"}
    site = request.param(tmp_path_factory.mktemp("server"), **rules)
    yield Talk(site, "room")
    end(site.process)


@pytest.fixture
def talk(running: Talk) -> Iterator[Talk]:
    """The site; its sockets are closed when the test ends."""
    with running.opened:
        yield running


def test_what_is_said_reaches_real_clients_whole_and_in_order(talk: Talk) -> None:
    room = f"room:{talk.facts['room']}"
    writer, one, two = talk.socket("ines", room), talk.socket("tomasz", room), talk.socket("tomasz", room)
    bodies = [("ß" * size)[:size] for size in SIZES] * 5
    said = [(talk.say(writer, "room", body, f"said-{number:06}"), body) for number, body in enumerate(bodies)]
    assert heard(one, len(said)) == said
    assert heard(two, len(said)) == said


def test_a_reader_that_stalls_is_ended_and_delays_nobody(talk: Talk) -> None:
    words = "😀" * 8000  # 64 KB as an event
    count = 160
    room = f"room:{talk.facts['room']}"
    writer, watcher = talk.socket("ines", room), talk.socket("tomasz", room)
    stalled = talk.socket("tomasz", room, room_to_receive=4096)
    for number in range(count):
        seq = talk.say(writer, "room", words, f"long-{number:06}")
        assert heard(watcher, 1) == [(seq, words)]
    with pytest.raises(ConnectionClosed):
        for _ in range(count):
            stalled.recv(PATIENCE)
    stalled.socket.close()
