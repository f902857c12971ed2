"""How fast what is said in a room reaches its listeners, beside the limit and the peers, one shape after the other.

A server is a process of its own on one core; the generator, PostgreSQL and Redis share the others. Product and baselines
take turns, in short rounds; medians are compared.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

from benchmarks import chats, loads, peers, sites
from benchmarks.loads import Shape
from benchmarks.report import Result

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = max(1, round(float(os.environ.get("BENCH_SECONDS", "6"))))
ROOM, BUSY_ROOM, ROOMS = Shape(), Shape(in_flight=4), Shape(rooms=100)
STALLED = Shape(sockets=1001, in_flight=4, stalled=1)
PRODUCT, RAW, TUTORIAL = (f"benchmarks.peers.{name}:application" for name in ("product", "raw", "tutorial"))
Start = Callable[..., Any]
Measured = dict[str, float]
PREPARED = partial(sites.uvicorn, prepared=True)


@dataclass(frozen=True)
class World:
    """What a run has to work with."""

    people: Sequence[Any]
    tutorial: dict[str, str]  # the environment of its site


def world(postgres: Any, redis: Any) -> World:
    """People for the product, a site of its own for the tutorial, and everything but servers off the servers' core."""
    sites.pin_others(postgres.process.pid, redis.process.pid)
    return World(chats.people(-(-STALLED.sockets // chats.SOCKETS_EACH)), tutorial_site(postgres))


def run(world: World) -> list[Result]:
    """Every shape with all who take part in it."""
    shapes = (
        _room_on_uvicorn,
        _busy_room_on_uvicorn,
        _rooms_on_uvicorn,
        _room_on_daphne,
        _saved,
        _stalled,
        _two_processes,
    )
    return [one for shape in shapes for one in shape(world)]


def _room_on_uvicorn(world: World) -> list[Result]:
    with peers.SocketIO() as socketio, peers.Ejabberd() as ejabberd:
        speed = median(
            "1 × 1,000 on Uvicorn",
            {
                "raw": lambda: raw(sites.uvicorn, ROOM),
                "product": lambda: product(world, sites.uvicorn, ROOM),
                "prepared": lambda: product(world, PREPARED, ROOM),
                "tutorial": lambda: tutorial(world, sites.uvicorn, ROOM),
                "tutorial on pub/sub": lambda: tutorial(world, sites.uvicorn, ROOM, TUTORIAL_LAYER="pubsub"),
                "Socket.IO": lambda: socketio.measured(ROOM, SECONDS),
                "ejabberd": lambda: ejabberd.measured(ROOM, SECONDS),
            },
        )
        told = socketio.versions | ejabberd.versions
    return [
        result("fanout.room.uvicorn.vs_raw", speed["product"], speed["raw"], 0.75),
        result("fanout.room.uvicorn.vs_tutorial", speed["product"], speed["tutorial"], 20),
        result("fanout.room.prepared.vs_raw", speed["prepared"], speed["raw"], 1.0),
        result("fanout.room.prepared.vs_socketio", speed["prepared"], speed["Socket.IO"], 1.1, told=told),
        result("fanout.room.prepared.vs_ejabberd", speed["prepared"], speed["ejabberd"], 3, told=told),
    ]


def _busy_room_on_uvicorn(world: World) -> list[Result]:
    """Four messages under way at once: printed beside the goals, which are those of one."""
    median(
        "1 × 1,000 with four in flight on Uvicorn",
        {
            "raw": lambda: raw(sites.uvicorn, BUSY_ROOM),
            "product": lambda: product(world, sites.uvicorn, BUSY_ROOM),
            "prepared": lambda: product(world, PREPARED, BUSY_ROOM),
        },
    )
    return []


def _rooms_on_uvicorn(world: World) -> list[Result]:
    speed = median(
        "100 × 10 on Uvicorn",
        {
            "raw": lambda: raw(sites.uvicorn, ROOMS),
            "product": lambda: product(world, sites.uvicorn, ROOMS),
            "prepared": lambda: product(world, PREPARED, ROOMS),
            "tutorial": lambda: tutorial(world, sites.uvicorn, ROOMS),
        },
    )
    return [result("fanout.rooms.uvicorn.vs_raw", speed["product"], speed["raw"], 0.5)]


def _room_on_daphne(world: World) -> list[Result]:
    speed = median(
        "1 × 1,000 on Daphne",
        {
            "raw": lambda: raw(sites.daphne, ROOM),
            "product": lambda: product(world, sites.daphne, ROOM),
            "tutorial": lambda: tutorial(world, sites.daphne, ROOM),
        },
    )
    return [
        result("fanout.room.daphne.vs_raw", speed["product"], speed["raw"], 0.85),
        result("fanout.room.daphne.vs_tutorial", speed["product"], speed["tutorial"], 6),
    ]


def _saved(world: World) -> list[Result]:
    """The verb itself by socket, with rights, number, index, unread marks and COMMIT, beside one INSERT.

    Each server runs as docs/operations.md has it, Uvicorn besides with nothing but ASGI's own send.
    """
    results = []
    for name, start, goal, ways in (
        ("uvicorn", sites.uvicorn, 15, {"vs_tutorial": PREPARED, "standard_send": sites.uvicorn}),
        ("daphne", sites.daphne, 5, {"vs_tutorial": sites.daphne}),
    ):
        parts: dict[str, Callable[[], Measured]] = {
            way: partial(product, world, its, BUSY_ROOM, chats.SEND) for way, its in ways.items()
        }
        parts["tutorial"] = partial(tutorial, world, start, BUSY_ROOM, TUTORIAL_SAVES="1")
        speed = median(f"1 × 1,000 on {name.title()}, saved first, four in flight", parts)
        results += [result(f"fanout.saved.{name}.{way}", speed[way], speed["tutorial"], goal) for way in ways]
    return results


def _stalled(world: World) -> list[Result]:
    speed = median(
        "1 × 1,000 on Uvicorn beside one that reads nothing",
        {
            "calm": lambda: product(world, sites.uvicorn, BUSY_ROOM),
            "stalled": lambda: product(world, sites.uvicorn, STALLED),
        },
    )
    return [result("fanout.stalled.vs_calm", speed["stalled"], speed["calm"], 0.9)]


def _two_processes(world: World) -> list[Result]:
    """CPU time, so it doesn't matter that both share a core."""
    cost = median(
        "1 × 1,000 over one process and over two: µs of CPU a delivery",
        {
            "one": lambda: product(world, sites.uvicorn, BUSY_ROOM),
            "two": lambda: product(world, sites.uvicorn, BUSY_ROOM, processes=2),
        },
        "server_us_per_delivery",
    )
    return [result("fanout.two_processes.cpu", cost["two"], cost["one"], 1.15, unit="µs", better="lower")]


def product(world: World, start: Start, shape: Shape, message: str = chats.SAY, *, processes: int = 1) -> Measured:
    """SkillLink, with as many processes as wanted."""
    chat = chats.Chat(shape, world.people)
    with ExitStack() as stack:
        running = [stack.enter_context(start(PRODUCT, **chats.RULES)) for _process in range(processes)]
        return loads.run(chat.peer(shape, running, message), shape, seconds=SECONDS)


def raw(start: Start, shape: Shape) -> Measured:
    with start(RAW) as site:
        return loads.run(chats.plain_peer(site, "/ws/chat/r%R/"), shape, seconds=SECONDS)


def tutorial(world: World, start: Start, shape: Shape, **environment: str) -> Measured:
    with start(TUTORIAL, **world.tutorial, **environment) as site:
        return loads.run(chats.plain_peer(site, "/ws/chat/r%R/"), shape, seconds=SECONDS)


def tutorial_site(postgres: Any) -> dict[str, str]:
    """A database of its own for the tutorial, made; the environment of its site."""
    from tests.services.processes import ROOT, binary

    where = ("-h", "127.0.0.1", "-p", str(postgres.port), "-U", "skilllink")
    subprocess.run([binary("createdb"), *where, "tutorial"], check=True)
    environment = chats.tutorial_environment(postgres.url.rsplit("/", 1)[0] + "/tutorial")
    command = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True)
    return environment


def median(
    title: str, parts: dict[str, Callable[[], Measured]], figure: str = "deliveries_per_second"
) -> dict[str, float]:
    """The median of each part, which take turns. Prints what the generator cost: near 1 it would be the limit."""
    told: dict[str, list[Measured]] = {name: [] for name in parts}
    for _round in range(ROUNDS):
        for name, act in parts.items():
            told[name].append(act())
    print(title, flush=True)
    for name, rounds in told.items():
        figures = " ".join(f"{one[figure]:,.1f}" for one in rounds)
        cost = " ".join(f"{one.get('generator_cpu', 0):.0%}" for one in rounds)
        waited = " ".join(f"{one.get('p99_ms', 0):.0f}" for one in rounds)
        lost = sum(one.get("lost", 0) for one in rounds)
        print(f"  {name}: {figures} | generator {cost} | p99 {waited} ms | lost {lost:.0f}", flush=True)
    return {name: sorted(one[figure] for one in rounds)[len(rounds) // 2] for name, rounds in told.items()}


def result(
    name: str,
    value: float,
    baseline: float,
    goal: float,
    *,
    unit: str = "/s",
    better: str = "higher",
    told: dict[str, str] | None = None,
) -> Result:
    known = ("uvicorn", "websockets", "daphne", "channels", "channels-redis")
    return Result(name, value, baseline, goal, unit, better, {one: version(one) for one in known} | (told or {}))
