"""A reader that stops reading, over real connections to the real server: cut off within its limit, and nobody waits."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.services.processes import wait_until
from tests.services.servers import Embedded
from tests.sockets import PATIENCE

STALL_SECONDS = 3
READERS, MESSAGES = 5, 160
WORDS = "😀" * 8000  # each event of it is 64 KB on the wire
GROWTH = 25 * 1024**2  # bytes; the stalled readers are owed twice as much
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
busy, calm = groups.create(ines, "Busy"), groups.create(ines, "Calm")
members.join(busy, tomasz), members.join(calm, tomasz)
print(json.dumps({"ines": session(ines), "tomasz": session(tomasz), "busy": str(busy.pk), "calm": str(calm.pk)}))
"""


class Talk:
    """A running site with two people in two rooms."""

    def __init__(self, site: Embedded) -> None:
        self.site, self.opened = site, ExitStack()
        self.facts = json.loads(site.manage("shell", "-v", "0", "-c", PEOPLE).splitlines()[-1])
        self.busy, self.calm = f"room:{self.facts['busy']}", f"room:{self.facts['calm']}"

    def socket(self, who: str, *topics: str, room_to_receive: int | None = None) -> ClientConnection:
        """An open socket that listens to topics; with a small receive buffer if asked for."""
        raw = socket.socket()
        if room_to_receive:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room_to_receive)
        raw.connect(("127.0.0.1", self.site.port))
        cookie = {"Cookie": self.facts[who]}
        address = f"ws://127.0.0.1:{self.site.port}/ws/"
        options: Any = {"origin": self.site.url, "additional_headers": cookie, "max_size": None, "compression": None}
        opened = self.opened.enter_context(connect(address, sock=raw, close_timeout=0.2, **options))
        for topic in topics:
            ask(opened, type="subscribe", topic=topic)
        return opened

    def memory(self) -> int:
        """Resident bytes of the server."""
        status = Path(f"/proc/{self.site.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def ask(opened: ClientConnection, **frame: Any) -> dict[str, Any]:
    opened.send(json.dumps({**frame, "ref": "asked"}, ensure_ascii=False))
    while True:
        answer: dict[str, Any] = json.loads(opened.recv(PATIENCE))
        if answer.get("ref") == "asked":
            return answer


def posted(opened: ClientConnection, count: int) -> list[int]:
    """The numbers of the next `count` messages that are told."""
    numbers: list[int] = []
    while len(numbers) < count:
        event = json.loads(opened.recv(PATIENCE)).get("event", {})
        if event.get("type") == "message.posted":
            numbers.append(event["seq"])
    return numbers


def read_to_the_end(opened: ClientConnection) -> int:
    """Read what still comes until the connection has ended; how many bytes that was."""
    size = 0
    try:
        while True:
            size += len(opened.recv(PATIENCE).encode())
    except ConnectionClosed:
        return size


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """A site with small limits, for all tests of this file."""
    rules = {
        "SKILLLINK_FRAMES_PER_MINUTE": "100000",
        "SKILLLINK_SOCKET_STALL": f"{STALL_SECONDS}s",
        "SKILLLINK_PULSE_EVERY": "15s",
    }
    site = Embedded(tmp_path_factory.mktemp("slow"), **rules)
    yield Talk(site)
    site.stop()


@pytest.fixture
def talk(running: Talk) -> Iterator[Talk]:
    """The site; its sockets are closed when the test ends."""
    with running.opened:
        yield running


def test_readers_that_stall_are_cut_off_hold_little_and_delay_nobody(talk: Talk) -> None:
    writer, watcher = talk.socket("ines"), talk.socket("ines", talk.busy)
    stalled = [talk.socket("tomasz", talk.busy, room_to_receive=4096) for _ in range(READERS)]
    before = talk.memory()
    numbers = []
    for number in range(MESSAGES):
        answer = ask(writer, type="message.send", room=talk.facts["busy"], client_id=f"slow-{number:04}", body=WORDS)
        numbers.append(answer["seq"])
        assert posted(watcher, 1) == numbers[-1:]
    assert talk.memory() - before < GROWTH
    owed = MESSAGES * len(WORDS.encode()) * 2
    for reader in stalled:
        assert read_to_the_end(reader) < owed
        reader.socket.close()
    again = talk.socket("tomasz")
    log, after = [], numbers[0] - 1
    while len(log) < MESSAGES:
        page = ask(again, type="subscribe", topic=talk.busy, after=after)
        log += [event["seq"] for event in page["events"]]
        after = page["upto"]
    assert log == numbers


def test_a_reader_that_asks_and_never_reads_is_cut_off_too(talk: Talk) -> None:
    greedy = talk.socket("tomasz", room_to_receive=4096)
    before = talk.memory()
    greedy.socket.settimeout(PATIENCE)
    with pytest.raises((ConnectionClosed, ConnectionError)):  # not a time-out, which is an OSError too
        for _ in range(2000):
            greedy.send(json.dumps({"type": "ping", "ref": "x" * 60_000}))
    assert talk.memory() - before < GROWTH
    greedy.socket.close()


def test_a_flood_in_one_room_loses_no_message_of_another(talk: Talk) -> None:
    quiet, loud = talk.socket("ines", talk.busy, talk.calm), talk.socket("tomasz")
    for number in range(400):
        loud.send(json.dumps({"type": "typing", "room": talk.facts["busy"]}))
        if number % 40 == 0:
            frame = {"type": "message.send", "room": talk.facts["calm"], "client_id": f"calm-{number:04}"}
            loud.send(json.dumps({**frame, "body": f"Among {number} others"}))
    heard: list[str] = []
    while len(heard) < 10:
        frame = json.loads(quiet.recv(PATIENCE))
        if frame.get("topic") == talk.calm:
            heard.append(frame["event"]["message"]["body"])
    assert heard == [f"Among {number} others" for number in range(0, 400, 40)]


def test_who_was_cut_off_leaves_no_socket_behind(talk: Talk) -> None:
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
