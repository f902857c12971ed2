"""The client of docs/examples, run as a stranger runs it, against the running product: nothing lost, nothing twice."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cast import PASSWORD
from tests.services.lines import Line
from tests.services.processes import ROOT, wait_until
from tests.services.servers import Embedded

CLIENT = ROOT / "docs" / "examples" / "chat_client.py"
ROOM = """
from chat import openings
from tests.cast import make
print(openings.direct(make("Ines Varga", client=True), make("Tomasz Okoro", freelancer=True)).pk)
"""


class Chatter:
    """The program, run by one person; its lines stay when it is killed and started again."""

    def __init__(self, site: Embedded, port: int, room: str, email: str, folder: Path) -> None:
        asked = {"email": email, "password": PASSWORD, "name": "chat", "scopes": ["read", "write"]}
        token = httpx.post(f"{site.url}/api/v1/auth/tokens/", json=asked, timeout=60).json()["token"]
        self.command = [sys.executable, str(CLIENT), f"http://127.0.0.1:{port}", room, str(folder / f"{email}.json")]
        self.environment = {"PATH": os.environ["PATH"], "SKILLLINK_TOKEN": token}
        self.path, self.kept = folder / f"{email}.log", folder / f"{email}.json"
        self.start()

    def start(self) -> None:
        with self.path.open("a") as log, self.path.with_suffix(".err").open("a") as errors:
            options = {"stdout": log, "stderr": errors, "env": self.environment, "cwd": self.path.parent}
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, text=True, **options)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def say(self, *words: str) -> None:
        assert self.process.stdin
        for line in words:
            self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def heard(self) -> list[str]:
        """What was said by whom, in the order in which it was printed."""
        return [line.partition(" ")[2] for line in self.path.read_text().splitlines()]

    def hears(self, line: str) -> None:
        wait_until(lambda: line in self.heard(), what=f"{line!r} among {self.heard()}")

    def outbox(self) -> list[str]:
        return [message["body"] for message in json.loads(self.kept.read_text())["outbox"]]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Embedded]:
    server = Embedded(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def line(site: Embedded) -> Iterator[Line]:
    opened = Line(site.port)
    yield opened
    opened.close()


def test_two_talk_through_a_cut_line_and_a_killed_client_each_message_once_in_order(
    site: Embedded, line: Line, tmp_path: Path
) -> None:
    room = site.manage("shell", "--verbosity", "0", "-c", ROOM).split()[-1]
    ines = Chatter(site, site.port, room, "ines@skilllink.test", tmp_path)
    tomasz = Chatter(site, line.port, room, "tomasz@skilllink.test", tmp_path)
    try:
        ines.say("Can you hear me?")
        tomasz.hears("Ines Varga: Can you hear me?")
        line.cut_before(b'"client_id"')  # the server has it, and its ack is lost
        tomasz.say("Yes")
        ines.hears("Tomasz Okoro: Yes")
        wait_until(line.is_cut.is_set, what="the cut")
        ines.say("Are you there?", "Hello?")
        ines.hears("Ines Varga: Hello?")
        tomasz.say("I was away", "And back")
        wait_until(lambda: tomasz.outbox() == ["Yes", "I was away", "And back"], what="the outbox on disk")
        tomasz.kill()
        tomasz.start()
        line.mend()
        for chatter in (ines, tomasz):
            chatter.hears("Tomasz Okoro: And back")
        wait_until(lambda: tomasz.outbox() == [], what="an empty outbox")
        assert ines.heard() == [
            "Ines Varga: Can you hear me?",
            "Tomasz Okoro: Yes",
            "Ines Varga: Are you there?",
            "Ines Varga: Hello?",
            "Tomasz Okoro: I was away",
            "Tomasz Okoro: And back",
        ]
        assert tomasz.path.read_text() == ines.path.read_text()
    finally:
        for chatter in (ines, tomasz):
            chatter.kill()
