"""`make bench`: everything that is measured, each beside its baseline in one run. `ONLY=money` picks one part.

BENCH_ROUNDS (3, of money 7), BENCH_SECONDS (6, of money 3), BENCH_DUE (10,000 milestones), BENCH_ENTRIES and
BENCH_MESSAGES (1,000,000 each) make it shorter.
"""

import os
import sys
import tempfile

from benchmarks import report

PARTS = ("money", "sweep", "audit", "fanout", "flood", "connect", "chat")


def main() -> None:
    only = os.environ.get("ONLY", "")
    wanted = [part for part in PARTS if only in ("", part)]
    if not wanted:
        sys.exit(f"ONLY is one of {', '.join(PARTS)}.")
    from tests.services.postgres import Postgres
    from tests.services.redis import Redis

    postgres, redis = Postgres(durable=True), Redis()
    os.environ |= {
        "DATA_DIR": tempfile.mkdtemp(prefix="skilllink-bench-"), "SKILLLINK_PRODUCTION": "0", "LOG_LEVEL": "ERROR",
        "DATABASE_URL": postgres.url, "REDIS_URL": redis.url, "DJANGO_SETTINGS_MODULE": "skilllink.settings",
    }  # fmt: skip
    try:
        results = measured(wanted, postgres, redis)
    finally:
        redis.stop()
        postgres.stop()
    report.write(results)
    print(report.table(results))


def measured(wanted: list[str], postgres: object, redis: object) -> list[report.Result]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    results: list[report.Result] = []
    if "money" in wanted:
        from benchmarks import money

        results += money.run(postgres)
    if "sweep" in wanted:
        from benchmarks import sweep

        results += sweep.run()
    if "audit" in wanted:
        from benchmarks import audit

        results += audit.run()
    if {"fanout", "flood", "connect"} & set(wanted):
        from benchmarks import connect, fanout, flood

        world = fanout.world(postgres, redis)
        results += fanout.run(world) if "fanout" in wanted else []
        results += flood.run(world) if "flood" in wanted else []
        results += connect.run(world) if "connect" in wanted else []
    if "chat" in wanted:
        from benchmarks import open_room

        results += open_room.run()
    return results


main()
