"""A reader that stops reading, over real connections to the real server: cut off within its limit, and nobody waits."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from skilllink.realtime.members import CLOSE_SECONDS
from tests.realtime.talk import Talk, ask
from tests.services.processes import ROOT, wait_until
from tests.services.servers import Embedded
from tests.sockets import PATIENCE

STALL_SECONDS = 3
READERS, TRICKLES, MESSAGES = 5, 10, 160
DAPHNES_SWEEP = 2  # seconds between its looks at who is to be pinged
WORDS = "😀" * 8000  # each event of it is 64 KB on the wire
GROWTH = 25 * 1024**2  # bytes; the stalled readers are owed twice as much


class Watched(Talk):
    """Two rooms, and what they cost the server."""

    def __init__(self, site: Embedded) -> None:
        super().__init__(site, "busy", "calm")
        self.busy, self.calm = f"room:{self.facts['busy']}", f"room:{self.facts['calm']}"

    def connections(self) -> int:
        """How many sockets the server holds."""
        files = [os.readlink(path) for path in Path(f"/proc/{self.site.process.pid}/fd").iterdir() if path.is_symlink()]
        return sum(name.startswith("socket:") for name in files)

    def memory(self) -> int:
        """Resident bytes of the server."""
        status = Path(f"/proc/{self.site.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


class Trickle:
    """Reads one byte a second, after the handshake; small, so that what is owed waits on the server."""

    def __init__(self, talk: Watched, who: str, topic: str) -> None:
        self.raw = socket.socket()
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.raw.settimeout(PATIENCE)
        self.raw.connect(("127.0.0.1", talk.site.port))
        host = f"127.0.0.1:{talk.site.port}"
        self.raw.sendall(
            f"GET /ws/ HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {talk.facts[who]}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.raw.recv(1)
        assert b" 101 " in answer, answer
        frame = json.dumps({"type": "subscribe", "topic": topic}).encode()
        self.raw.sendall(bytes([0x81, 0x80 | len(frame), 0, 0, 0, 0]) + frame)
        talk.opened.callback(self._close)
        self.closed = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with suppress(OSError):
            while self.raw.recv(1) and not self.closed.wait(1):
                pass

    def _close(self) -> None:
        self.closed.set()
        self.raw.close()


def posted(opened: ClientConnection, count: int, *, topic: str = "") -> list[int]:
    """The numbers of the next `count` messages that are told, on one topic or all."""
    numbers: list[int] = []
    end = time.monotonic() + PATIENCE
    while len(numbers) < count:
        frame = json.loads(opened.recv(end - time.monotonic()))
        event = frame.get("event", {})
        if event.get("type") == "message.posted" and topic in ("", frame["topic"]):
            numbers.append(event["seq"])
    return numbers


def read_again(talk: Watched, numbers: list[int]) -> list[int]:
    """The busy room's log from the first of these numbers on, as who was cut off reads it."""
    again = talk.socket("tomasz")
    log: list[int] = []
    after = numbers[0] - 1
    while len(log) < len(numbers):
        page = ask(again, type="subscribe", topic=talk.busy, after=after)
        log += [event["seq"] for event in page["events"]]
        after = page["upto"]
    return log


def read_to_the_end(opened: ClientConnection) -> int:
    """Read what still comes until the connection has ended; how many bytes that was."""
    size = 0
    try:
        while True:
            size += len(opened.recv(PATIENCE).encode())
    except ConnectionClosed:
        return size


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A site with small limits, for all tests of this file."""
    rules = {
        "SKILLLINK_FRAMES_PER_MINUTE": "100000",
        "SKILLLINK_SOCKET_STALL": f"{STALL_SECONDS}s",
        "SKILLLINK_PULSE_EVERY": "15s",
    }
    site = Embedded(tmp_path_factory.mktemp("slow"), **rules)
    yield Watched(site)
    site.stop()


@pytest.fixture
def talk(running: Watched) -> Iterator[Watched]:
    """The site; its sockets are closed when the test ends."""
    with running.opened:
        yield running


def test_readers_that_stall_or_read_a_byte_a_second_are_cut_off_cost_1_mib_each_and_resume_and_delay_nobody(
    talk: Watched,
) -> None:
    writer, watcher = talk.socket("ines"), talk.socket("ines", talk.busy)

    def said(name: str, count: int) -> list[int]:
        numbers = []
        for number in range(count):
            numbers.append(talk.say(writer, "busy", WORDS, f"{name}-{number:04}"))
            assert posted(watcher, 1) == numbers[-1:]
        return numbers

    said("alone", MESSAGES // 4)  # what the server keeps for itself
    alone = talk.connections()
    stalled = [talk.socket("tomasz", talk.busy, room_to_receive=4096) for _ in range(READERS)]
    for _ in range(TRICKLES):
        Trickle(talk, "tomasz", talk.busy)
    before = talk.memory()
    numbers = said("slow", MESSAGES)
    assert talk.memory() - before < (READERS + TRICKLES) * 1024**2
    owed = MESSAGES * len(WORDS.encode()) * 2
    for reader in stalled:
        assert read_to_the_end(reader) < owed
        reader.socket.close()
    wait_until(lambda: talk.connections() <= alone, what="the end of all slow readers")
    assert read_again(talk, numbers) == numbers


def test_a_reader_of_one_byte_a_second_is_cut_off_where_nobody_says_anything(talk: Watched) -> None:
    """What the kernel would still take for it tells nothing; its missing answers to pings do."""
    keeper = talk.socket("tomasz", talk.calm)
    before = talk.connections()
    Trickle(talk, "tomasz", talk.calm)
    assert talk.connections() == before + 1
    wait_until(lambda: talk.connections() == before, what="its end")
    assert ask(keeper, type="ping")["type"] == "ack"


def test_all_that_a_stalled_reader_is_waited_for_is_less_than_30_seconds() -> None:
    stall = settings.SKILLLINK["SOCKET_STALL"].total_seconds()
    assert stall + CLOSE_SECONDS < 30
    command = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["web"]["command"].split()
    interval, timeout = (float(command[command.index(name) + 1]) for name in ("--ping-interval", "--ping-timeout"))
    for pings in (interval + timeout, stall / 2 + stall * 3 / 4):
        assert pings + DAPHNES_SWEEP < 30


def test_a_reader_that_asks_and_never_reads_is_cut_off_too(talk: Watched) -> None:
    greedy = talk.socket("tomasz", room_to_receive=4096)
    before = talk.memory()
    greedy.socket.settimeout(PATIENCE)
    with pytest.raises((ConnectionClosed, ConnectionError)):  # not a time-out, which is an OSError too
        for _ in range(2000):
            greedy.send(json.dumps({"type": "ping", "ref": "x" * 60_000}))
    assert talk.memory() - before < GROWTH
    greedy.socket.close()


def test_a_flood_in_one_room_loses_no_message_of_another(talk: Watched) -> None:
    quiet, loud = talk.socket("ines", talk.busy, talk.calm), talk.socket("tomasz")
    said = []
    for number in range(400):
        loud.send(json.dumps({"type": "typing", "room": talk.facts["busy"]}))
        if number % 40 == 0:
            said.append(talk.say(loud, "calm", f"Among {number} others", f"calm-{number:04}"))
    assert posted(quiet, len(said), topic=talk.calm) == said


def test_who_was_cut_off_leaves_no_socket_behind(talk: Watched) -> None:
    """The cap of 20 sockets counts the living: as many as ever can be opened after all of the above."""
    opened: list[ClientConnection] = []

    def all_open() -> bool:
        while len(opened) < 20:
            one = talk.socket("tomasz")
            if json.loads(one.recv(PATIENCE))["type"] == "error":
                return False
            opened.append(one)
        return True

    assert wait_until(all_open, what="room for 20 sockets")
