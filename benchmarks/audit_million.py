"""The audit over a million entries: seconds, memory, and what an incremental run costs after a little more.

    python benchmarks/audit_million.py [--sqlite] [--entries 1000000]

Writes books of deposits, holds, releases and clearings past the ledger (its own speed is measured elsewhere), seals
them, and runs `manage.py audit_ledger` as a process of its own, on a PostgreSQL of its own or on SQLite.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
STEPS, PER_CYCLE, PEOPLE = 4, 9, 200  # transfers and entries of one deposit that is held, released and cleared
GROSS, FEE = 10_000, 500
CHUNK = 500


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--sqlite", action="store_true")
    options.add_argument("--entries", type=int, default=1_000_000)
    given = options.parse_args()
    folder = tempfile.mkdtemp(prefix="skilllink-audit-")
    server = None
    os.environ |= {"DATA_DIR": folder, "SKILLLINK_PRODUCTION": "0", "DJANGO_SETTINGS_MODULE": "skilllink.settings"}
    os.environ["SKILLLINK_SEAL_LOOKBACK"] = "5s"  # a million entries of the last minutes are to count as old ones
    if not given.sqlite:
        from tests.services.postgres import Postgres

        server = Postgres()
        os.environ["DATABASE_URL"] = server.url
    try:
        print(json.dumps(measured(given.entries), indent=1))
    finally:
        if server:
            server.stop()


def measured(entries: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command

    from payment import seal, triggers

    call_command("migrate", verbosity=0)
    triggers.remove(None)
    began = time.monotonic()
    write(-(-entries // PER_CYCLE), 0)
    triggers.install(None)
    written = time.monotonic()
    sealed = seal.run()
    facts: dict[str, Any] = {
        "entries": -(-entries // PER_CYCLE) * PER_CYCLE, "transfers": sealed, "write_seconds": round(written - began, 1),
        "seal_per_second": round(sealed / (time.monotonic() - written)),
    }  # fmt: skip
    facts["whole"] = audit()
    facts["new_after_nothing"] = audit("--new")
    triggers.remove(None)
    write(100, -(-entries // PER_CYCLE))
    triggers.install(None)
    facts["new_after_900_entries"] = audit("--new")
    return facts


def audit(*arguments: str) -> dict[str, Any]:
    """An audit in a process of its own: its seconds without the start, its CPU, the database's, its most memory."""
    done = subprocess.run([sys.executable, "-c", MEASURE, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told.pop("violations") == [], told
    return told


MEASURE = """
import json, os, resource, sys, time
sys.path.insert(0, ".")
import django
django.setup()
from django.db import connection
from payment import audit

def database():
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        fields = open(f"/proc/{cursor.fetchone()[0]}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

before, own, began = database(), time.process_time(), time.monotonic()
run = audit.examine(whole="--new" not in sys.argv)
print(json.dumps({
    "seconds": round(time.monotonic() - began, 1), "cpu_seconds": round(time.process_time() - own, 1),
    "database_cpu_seconds": round(database() - before, 1),
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "violations": run.violations,
}))
"""


def write(cycles: int, after: int) -> None:
    """`cycles` times a deposit that is held, released and cleared, between a few hundred people; balances kept."""
    from django.db import transaction

    from payment.models import Account
    from users.models import User

    people = [
        User.objects.get_or_create(email=f"person{n}@bench.test", defaults={"name": f"Person {n}"})[0]
        for n in range(PEOPLE)
    ]
    own = {
        (kind, person.pk): Account.objects.get_or_create(
            kind=kind, user=person, currency="USD", defaults={"balance": 0}
        )[0].pk
        for person in people
        for kind in ("wallet", "pending", "available")
    }
    gateway, fees = (
        Account.objects.get_or_create(kind=kind, user=None, escrow=None, currency="USD")[0].pk
        for kind in ("gateway", "fees")
    )
    for start in range(after, after + cycles, CHUNK):
        with transaction.atomic():
            _chunk(range(start, min(start + CHUNK, after + cycles)), people, own, gateway, fees)
    done = [0] * PEOPLE
    for number in range(after + cycles):
        done[_payee(number)] += 1
    for person, times in zip(people, done, strict=True):
        Account.objects.filter(kind="available", user=person).update(balance=times * (GROSS - FEE))


def _payee(number: int) -> int:
    return (number * 7 + 1) % PEOPLE


def _payer(number: int) -> int:
    return (_payee(number) + 1) % PEOPLE


def _chunk(numbers: range, people: list[Any], own: dict[Any, int], gateway: int, fees: int) -> None:
    from payment.models import Account, Clearing, Deposit, Entry, Escrow, Transfer
    from skilllink.clocks import now

    moment = now()
    ended = {"status": "settled", "ended_at": moment}
    deposits = [
        Deposit(user=people[_payer(n)], amount=GROSS, currency="USD", gateway="sandbox", **ended) for n in numbers
    ]
    escrows = [
        Escrow(kind="milestone", payer=people[_payer(n)], payee=people[_payee(n)], currency="USD", fee_bps=500,
               held=0, released=GROSS, fee_taken=FEE)
        for n in numbers
    ]  # fmt: skip
    Deposit.objects.bulk_create(deposits)
    Escrow.objects.bulk_create(escrows)
    Account.objects.bulk_create([Account(kind="escrow", escrow=row, currency="USD", balance=0) for row in escrows])
    held = dict(Account.objects.filter(escrow__in=escrows).values_list("escrow", "pk"))
    transfers, entries, clearings = [], [], []
    for number, deposit, escrow in zip(numbers, deposits, escrows, strict=True):
        payer, payee = people[_payer(number)].pk, people[_payee(number)].pk
        clearing = Clearing(escrow=escrow, gross=GROSS, amount=GROSS - FEE, due_at=moment - timedelta(days=1))
        steps = [
            (f"deposit:{deposit.pk}:settle", "deposit", None, [(gateway, -GROSS), (own["wallet", payer], GROSS)]),
            (f"hold:{escrow.pk}", "hold", escrow, [(own["wallet", payer], -GROSS), (held[escrow.pk], GROSS)]),
            (
                f"release:{escrow.pk}", "release", escrow,
                [(held[escrow.pk], -GROSS), (own["pending", payee], GROSS - FEE), (fees, FEE)],
            ),
            (
                f"clearing:{clearing.pk}:clear", "clear", escrow,
                [(own["pending", payee], FEE - GROSS), (own["available", payee], GROSS - FEE)],
            ),
        ]  # fmt: skip
        made = list(_made(steps, moment))
        transfers += [row for row, _lines in made]
        entries += [Entry(transfer=row, account_id=pk, amount=amount) for row, lines in made for pk, amount in lines]
        clearing.transfer, clearing.cleared_at = made[2][0], moment
        clearings.append(clearing)
    _stored(Transfer, transfers)
    _stored(Entry, entries)
    Clearing.objects.bulk_create(clearings)


def _made(steps: list[Any], moment: Any) -> Iterator[tuple[Any, list[tuple[int, int]]]]:
    from payment import ledger
    from payment.models import Transfer

    for key, kind, escrow, lines in steps:
        lines = sorted(lines)
        fingerprint = ledger._fingerprint(kind, lines, escrow.pk if escrow else None, None)
        yield Transfer(key=key, kind=kind, escrow=escrow, fingerprint=fingerprint, at=moment), lines


def _stored(model: Any, rows: list[Any]) -> None:
    model.objects.bulk_create(rows, batch_size=2000)


if __name__ == "__main__":
    main()
    print(f"this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB", file=sys.stderr)
