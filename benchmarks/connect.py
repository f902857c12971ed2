"""Sockets of people who are signed in by a session: how many open in a second, and what an idle one holds."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks import chats, loads, sites
from benchmarks.fanout import PRODUCT, TUTORIAL, World, median, result
from benchmarks.loads import Peer, Shape, handshake
from benchmarks.report import Result
from benchmarks.sites import Site

SHAPE = Shape(sockets=1000)
PEOPLE = SHAPE.sockets // chats.SOCKETS_EACH


def run(world: World) -> list[Result]:
    mine, theirs = _sessions(world.people[:PEOPLE]), _sessions_of_tutorial(world)
    speed = median(
        "1,000 sockets of signed-in people",
        {
            "product": lambda: _opened(PRODUCT, "/ws/", mine, r'W:"type":"hello"', **chats.RULES),
            "tutorial": lambda: _opened(TUTORIAL, "/ws/chat/r/", theirs, **world.tutorial, TUTORIAL_SIGNED_IN="1"),
        },
        "connects_per_second",
    )
    held = median("what an idle one holds, in KiB", {"product": lambda: _held(mine)}, "kib")
    return [
        result("connect.signed_in.vs_tutorial", speed["product"], speed["tutorial"], 5),
        result("connect.memory_kib", held["product"], 1, 30, unit="KiB", better="lower"),
    ]


def _opened(application: str, path: str, cookies: Sequence[str], *steps: str, **environment: str) -> dict[str, float]:
    with sites.uvicorn(application, **environment) as site:
        loads.run(_peer(site, path, cookies[:20], *steps), Shape(sockets=20), seconds=0)  # pools and caches are there
        return loads.run(_peer(site, path, cookies, *steps), SHAPE, seconds=0)


def _held(cookies: Sequence[str]) -> dict[str, float]:
    """KiB a socket, when all are open and nothing happens any more."""
    with sites.uvicorn(PRODUCT, **chats.RULES) as site:
        few = _peer(site, "/ws/", cookies[:100], r'W:"type":"hello"')
        loads.run(few, Shape(sockets=100), seconds=0)
        before = site.memory()
        many = _peer(site, "/ws/", cookies, r'W:"type":"hello"')
        command = [*loads.command(many, SHAPE, seconds=0)]
        command.insert(1, "-g")
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as generator:
            assert generator.stdout and generator.stdin
            opened = json.loads(generator.stdout.readline())["ready"]
            held = (site.memory() - before) / opened
            generator.communicate("\n")
    return {"kib": held}


def _peer(site: Site, path: str, cookies: Sequence[str], *steps: str) -> Peer:
    script = (handshake(path, r"Cookie: %1\r\n"), r"W:\r\n\r\n", *steps, "MF:nothing is sent")
    return Peer([site.port], script, [(cookie,) for cookie in cookies])


def _sessions(people: Sequence[Any]) -> list[str]:
    from django.conf import settings
    from django.test import Client

    cookies = []
    for person in people:
        for _session in range(chats.SOCKETS_EACH):
            client = Client()
            client.force_login(person)
            cookies.append(f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
    return cookies


def _sessions_of_tutorial(world: World) -> list[str]:
    import os

    from tests.services.processes import ROOT

    command = [sys.executable, "-m", "benchmarks.peers.sign_in", str(PEOPLE), str(chats.SOCKETS_EACH)]
    made = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **world.tutorial}, stdout=subprocess.PIPE, text=True, check=True
    )
    return [f"sessionid={key}" for key in made.stdout.split()]
