"""Full mode, as docker-compose.yml starts it: what the proxy passes on, and what a restarted Redis or a killed worker costs."""

import contextlib
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from skilllink.ids import uuid7
from tests.cast import PASSWORD
from tests.services.full import Full
from tests.services.processes import wait_until

SEED = """
from tests.cast import make
from chat import openings
client, freelancer = make("{0} Varga", client=True), make("{1} Okoro", freelancer=True)
print(openings.direct(client, freelancer).pk)
"""


class Person:
    """A program that acts for one person: over the API and over one socket."""

    def __init__(self, site: Full, name: str) -> None:
        self.http = httpx.Client(base_url=f"{site.url}/api/v1/", verify=site.trust, timeout=15)
        self.site = site
        answer = self.http.post(
            "auth/tokens/",
            json={"email": f"{name.lower()}@skilllink.test", "password": PASSWORD, "name": "test", "scopes": ["read", "write"]},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        self.http.headers["Authorization"] = f"Token {answer.json()['token']}"

    def listen(self, room: str) -> "Listener":
        return Listener(self, room)

    def say(self, room: str, words: str) -> httpx.Response:
        return self.http.post(f"rooms/{room}/messages/", json={"body": words, "client_id": uuid7().hex})


class Listener:
    """A client as docs/realtime.md describes one: applies by number, asks for what is missing, connects again."""

    def __init__(self, person: Person, room: str) -> None:
        self.person, self.topic, self.seq = person, f"room:{room}", 0
        self.heard: list[str] = []
        self.frames: list[dict[str, Any]] = []
        self.opened = contextlib.ExitStack()
        self.connect()

    def connect(self) -> None:
        ticket = self.person.http.post("ws-tickets/").json()["ticket"]
        site = self.person.site
        self.opened.close()
        self.socket: ClientConnection = self.opened.enter_context(
            connect(f"wss://127.0.0.1:{site.port}/ws/?ticket={ticket}", ssl=site.trust, max_size=None)
        )
        self.ask()

    def ask(self) -> None:
        self.socket.send(json.dumps({"type": "subscribe", "topic": self.topic, "after": self.seq, "ref": 1}))

    def hears(self, words: str, *, seconds: float = 30) -> None:
        """Read frames until these words have arrived."""
        end = time.monotonic() + seconds
        while words not in self.heard:
            try:
                self.take(json.loads(self.socket.recv(timeout=max(0.0, end - time.monotonic()))))
            except ConnectionClosed:
                self.connect()
            except TimeoutError:
                pytest.fail(f"{words!r} was not heard within {seconds} s, but {self.frames}")

    def take(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        if frame["type"] == "ack":
            for event in frame.get("events", ()):
                self.apply(event)
            self.seq = max(self.seq, frame["upto"])
        elif frame["type"] == "event" and frame["topic"] == self.topic and "seq" in frame["event"]:
            event = frame["event"]
            self.apply(event) if event["seq"] <= self.seq + 1 else self.ask()
        elif frame["type"] == "pulse" and frame["heads"].get(self.topic, 0) > self.seq:
            self.ask()

    def apply(self, event: dict[str, Any]) -> None:
        if event["seq"] > self.seq and event["type"] == "message.posted":
            self.heard.append(event["message"]["body"])
        self.seq = max(self.seq, event["seq"])


@pytest.fixture
def talk(running_full: Full) -> Iterator[tuple[Person, Person, str]]:
    """Two people and their room, new for each test."""
    mark = "".join(chr(ord("a") + int(digit)) for digit in str(time.time_ns())[-8:])
    names = (f"Ines{mark}", f"Tomasz{mark}")
    room = running_full.manage("shell", "--verbosity", "0", "-c", SEED.format(*names)).split()[-1]
    yield Person(running_full, names[0]), Person(running_full, names[1]), room


def test_the_site_answers_through_its_proxies_with_safe_headers_and_kept_files(running_full: Full) -> None:
    page = running_full.get("/")
    assert page.status_code == 200
    assert "max-age=31536000" in page.headers["strict-transport-security"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    sheet = re.search(r'href="(/static/css/[^"]+\.[0-9a-f]{12}\.css)"', page.text)
    assert sheet, page.text[:2000]
    file = running_full.get(sheet[1], headers={"accept-encoding": "br"})
    assert (file.status_code, file.headers["content-encoding"]) == (200, "br")
    assert "immutable" in file.headers["cache-control"]
    signing_in = running_full.get("/accounts/login/")
    assert "Secure" in signing_in.headers["set-cookie"]
    assert "__Host-csrf" in signing_in.headers["set-cookie"]
    assert running_full.get("/demo/mail/").status_code == 404


def test_readiness_names_the_database_the_layer_the_worker_and_beat(running_full: Full) -> None:
    facts = running_full.get("/readyz").json()
    assert facts["status"] == "ready"
    assert facts["database"] and facts["channel_layer"] and facts["worker_and_beat"]
    assert facts["worker_and_beat_age_seconds"] < 30


def test_a_100_kb_frame_is_told_and_closed_through_the_proxies(talk: tuple[Person, Person, str]) -> None:
    listener = talk[0].listen(talk[2])
    listener.socket.send(json.dumps({"type": "ping", "pad": "x" * 100_000}))
    frames = []
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            frames.append(json.loads(listener.socket.recv(timeout=10)))
    assert any(frame.get("code") == "too_large" for frame in frames)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4413


def test_a_restarted_redis_costs_no_message_and_no_repetition(
    running_full: Full, talk: tuple[Person, Person, str]
) -> None:
    client, freelancer, room = talk
    listener = freelancer.listen(room)
    assert client.say(room, "before").status_code == 201
    listener.hears("before")
    running_full.redis.halt()
    started = time.monotonic()
    assert client.say(room, "while Redis is away").status_code == 201
    assert time.monotonic() - started < 10
    listener.hears("while Redis is away")  # the pulse needs no Redis
    running_full.redis.start()
    wait_until(running_full.ready, seconds=60, what="readiness after Redis came back")
    assert client.say(room, "after").status_code == 201
    listener.hears("after")
    assert listener.heard == ["before", "while Redis is away", "after"]


def test_a_flushed_redis_and_a_restarted_web_lose_nothing_either(
    running_full: Full, talk: tuple[Person, Person, str]
) -> None:
    client, freelancer, room = talk
    listener = freelancer.listen(room)
    running_full.redis.restart()
    assert client.say(room, "into an empty Redis").status_code == 201
    listener.hears("into an empty Redis")
    running_full.finish("web")
    running_full.begin("web")
    wait_until(running_full.ready, seconds=60, what="readiness after the web came back")
    assert client.say(room, "after the web's restart").status_code == 201
    listener.hears("after the web's restart")
    assert listener.heard == ["into an empty Redis", "after the web's restart"]


def test_a_killed_worker_is_missed_and_its_successor_goes_on(running_full: Full) -> None:
    running_full.kill("worker")
    killed = time.time()
    running_full.begin("worker")

    def beaten_since() -> bool:
        age = running_full.get("/readyz").json()["worker_and_beat_age_seconds"]
        return age is not None and time.time() - age > killed

    wait_until(beaten_since, seconds=60, what="work by the worker's successor")
    assert "0 violations" in running_full.manage("audit_ledger")


def test_many_at_once_share_the_pools_connections(running_full: Full, talk: tuple[Person, Person, str]) -> None:
    client, _freelancer, room = talk
    with ThreadPoolExecutor(24) as pool, psycopg.connect(running_full.postgres.url) as database:
        answers = [pool.submit(client.http.get, f"rooms/{room}/messages/?after=0") for _ in range(120)]
        most = 0
        while not all(answer.done() for answer in answers):
            row = database.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = 'skilllink' AND pid <> pg_backend_pid()"
            ).fetchone()
            most = max(most, row[0] if row else 0)
        assert {answer.result().status_code for answer in answers} == {200}
    # web's pool of 8, and one or two for each of the worker's four children, the worker, beat and a running command
    assert 1 <= most <= 8 + 2 * 7
