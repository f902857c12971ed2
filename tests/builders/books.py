"""Reaching past the ledger, as no code of the product can: for tests of what notices it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from payment import escrow, triggers
from payment.models import Escrow
from tests.builders.payment import put_in_wallet


@contextmanager
def unguarded(*checks: str) -> Iterator[Any]:
    """A cursor for which triggers, foreign keys and the named CHECKs (`table.constraint`) do not stand.

    The triggers stand again afterwards, so that the audit finds what was done and nothing else. Needs `committed_db`.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            triggers.remove(None)
            cursor.execute("PRAGMA foreign_keys = OFF")
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            yield cursor
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
            cursor.execute("PRAGMA foreign_keys = ON")
            triggers.install(None)
        else:
            for table, name in (check.split(".") for check in checks):
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            cursor.execute("SET session_replication_role = replica")
            yield cursor
            cursor.execute("SET session_replication_role = DEFAULT")


def filled(client: Any, freelancer: Any, amount: int, *, currency: str = "USD", bps: int = 500) -> Escrow:
    """An escrow that holds `amount` minor units of the client's deposit."""
    put_in_wallet(client, amount, currency)
    with transaction.atomic():
        row = escrow.open("milestone", payer=client, payee=freelancer, currency=currency, fee_bps=bps)
        escrow.hold(row, amount, key=f"test:{row.pk}:hold")
    return row


def released(client: Any, freelancer: Any, amount: int, *, currency: str = "USD", bps: int = 500) -> Escrow:
    """An escrow that was released whole and is clearing."""
    row = filled(client, freelancer, amount, currency=currency, bps=bps)
    with transaction.atomic():
        escrow.release(row, amount, key=f"test:{row.pk}:release")
    return row


def frozen(client: Any, freelancer: Any, amount: int) -> tuple[Escrow, Escrow]:
    """An escrow and the dispute's into which all of it was moved."""
    row = filled(client, freelancer, amount)
    with transaction.atomic():
        dispute = escrow.open("dispute", payer=client, payee=freelancer, currency=row.currency, fee_bps=row.fee_bps)
        escrow.move(row, dispute, amount, key=f"test:{dispute.pk}:freeze")
    return row, dispute
