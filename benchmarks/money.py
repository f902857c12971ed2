"""Posting and releasing on a durable PostgreSQL, beside pgbench's TPC-B on the same server."""

import os
import re
import subprocess
from collections.abc import Callable
from typing import Any

from benchmarks.baselines import post_in_seven_statements
from benchmarks.clients import CLIENTS, Act, rate
from benchmarks.report import Result
from benchmarks.world import contracts_with_funded_steps, wallets

SCALE = 50
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))


def run(server: Any) -> list[Result]:
    """Each round measures everything once, in turns; of the rounds' ratios the middle one counts.

    So what else a machine does for a while spoils a round or two and not the figure.
    A first round isn't counted: TPC-B's tables are full and analyzed, ours would be empty and unknown to the planner.
    """
    from payment.models import Account

    prepare_pgbench(server)
    mine = wallets(CLIENTS * 2)
    hot = Account.objects.filter(pk__in=mine).first()
    assert hot is not None
    acts: dict[str, Callable[[], float]] = {
        "tpcb": lambda: pgbench(server),
        "post": lambda: rate(_posting(mine), seconds=SECONDS),
        "orm": lambda: rate(_orm(mine), seconds=SECONDS),
        "hot": lambda: rate(_hot(mine), seconds=SECONDS),
        "release": lambda: rate(_releasing(), seconds=SECONDS),
    }
    for act in acts.values():
        act()
    analyze()
    figures: dict[str, list[float]] = {name: [] for name in acts}
    for _round in range(ROUNDS):
        for name, act in acts.items():
            figures[name].append(act())
    print({name: [round(one) for one in rates] for name, rates in figures.items()}, flush=True)
    about = {"postgresql": version(), "pgbench": f"-s {SCALE} -c {CLIENTS} -M simple"}

    def result(name: str, act: str, peer: str, goal: float) -> Result:
        mine, theirs = _middle(figures[act], figures[peer])
        return Result(name, mine, theirs, goal, "/s", versions=about)

    return [
        result("money.post.vs_tpcb", "post", "tpcb", 0.7),
        result("money.post.vs_orm", "post", "orm", 4.5),
        result("money.post.hot.vs_tpcb", "hot", "tpcb", 0.35),
        result("money.release.vs_tpcb", "release", "tpcb", 0.12),
    ]


def _middle(mine: list[float], theirs: list[float]) -> tuple[float, float]:
    """The round whose ratio is the median."""
    rounds = sorted(zip(mine, theirs, strict=True), key=lambda one: one[0] / one[1])
    return rounds[len(rounds) // 2]


def analyze() -> None:
    """As autovacuum does within a minute: plans made for empty tables would be kept as long as a connection lives."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def prepare_pgbench(server: Any) -> None:
    _pgbench(server, "postgres", "-i", "-q", "-s", str(SCALE))


def pgbench(server: Any) -> float:
    seconds = str(max(1, round(SECONDS)))
    told = _pgbench(server, "postgres", "-n", "-c", str(CLIENTS), "-j", "2", "-M", "simple", "-T", seconds)
    found = re.search(r"tps = ([0-9.]+)", told)
    assert found, told
    return float(found[1])


def _pgbench(server: Any, database: str, *arguments: str) -> str:
    from tests.services.processes import binary

    where = ("-h", "127.0.0.1", "-p", str(server.port), "-U", "skilllink")
    done = subprocess.run([binary("pgbench"), *arguments, *where, database], capture_output=True, text=True, check=True)
    return done.stdout


def version() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split()[0]


def _posting(mine: list[int]) -> Callable[[int], Act]:
    """Each client moves between two wallets of its own: key, entries, balances, sum proved at COMMIT.

    One statement, which is a transaction by itself; TPC-B has seven.
    """
    from payment import ledger
    from payment.models import Account

    def begin(client: int) -> Act:
        one, two = Account.objects.filter(pk__in=mine[client * 2 : client * 2 + 2]).order_by("pk")
        name = os.urandom(6).hex()

        def act(number: int) -> None:
            source, target = (one, two) if number % 2 else (two, one)
            ledger.post(f"bench:{name}:{number}", "bench", [(source, -1), (target, 1)])

        return act

    return begin


def _hot(mine: list[int]) -> Callable[[int], Act]:
    """Everyone pays into one wallet, whose row is locked from the call until it is durable."""
    from payment import ledger
    from payment.models import Account

    def begin(client: int) -> Act:
        own, hot = Account.objects.get(pk=mine[client * 2 + 1]), Account.objects.get(pk=mine[0])
        name = os.urandom(6).hex()
        return lambda number: ledger.post(f"bench:{name}:{number}", "bench", [(own, -1), (hot, 1)]) and None

    return begin


def _orm(mine: list[int]) -> Callable[[int], Act]:
    def begin(client: int) -> Act:
        one, two = mine[client * 2 : client * 2 + 2]
        name = os.urandom(6).hex()

        def act(number: int) -> None:
            source, target = (one, two) if number % 2 else (two, one)
            post_in_seven_statements(f"bench:{name}:{number}", "bench", source, target, 1)

        return act

    return begin


def _releasing() -> Callable[[int], Act]:
    """The whole verb of a person's click, each client on a contract of its own: a unit of its milestone each time.

    As from a page: of the milestone as it was seen, which must not have changed since.
    """
    from projects import milestones

    steps = contracts_with_funded_steps(CLIENTS)

    def begin(client: int) -> Act:
        step, person = steps[client]

        def act(_number: int) -> None:
            nonlocal step
            step = milestones.release(step, by=person, amount=1, version=step.version)

        return act

    return begin
