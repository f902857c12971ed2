"""What came since the last run, in words: a check that nothing new concerns isn't asked (`audit_scope.about`)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection

MOVED = """
SELECT DISTINCT t.kind, a.kind, own.kind, there.kind, d.kind
FROM payment_seal s
LEFT JOIN payment_transfer t ON t.id = s.transfer_id
LEFT JOIN payment_entry e ON e.transfer_id = s.transfer_id
LEFT JOIN payment_account a ON a.id = e.account_id
LEFT JOIN payment_escrow own ON own.id = t.escrow_id
LEFT JOIN payment_escrow there ON there.id = a.escrow_id
LEFT JOIN payment_donation d ON d.transfer_id = s.transfer_id
WHERE s.number > %s AND s.number <= %s
"""

# rows that change without a transfer, and the instants that tell when
ROWS = {
    "chargeback": ("payment_chargeback", "opened_at", "ended_at"),
    "clearing": ("payment_clearing", "cleared_at"),
    "deposit": ("payment_deposit", "ended_at"),
    "event": ("payment_gatewayevent", "received_at"),
    "paper": ("payment_paper", "made_at"),
    "payout": ("payment_payout", "created_at", "sent_at", "ended_at"),
    "record": ("payment_idempotencyrecord", "created_at"),
    "renewal": ("payment_renewal", "ended_at"),
    "return": ("payment_depositreturn", "created_at", "ended_at"),
}
CHANGED = " UNION ALL ".join(
    f"SELECT '{word}' WHERE EXISTS (SELECT 1 FROM {table} WHERE {column} >= %s)"  # noqa: S608 - the names above
    for word, (table, *columns) in ROWS.items()
    for column in columns
)
QUESTIONS = CHANGED.count("%s")


def since(number: int, upto: int, at: datetime) -> frozenset[str]:
    """`transfer`, `transfer.KIND`, `account.KIND`, `escrow`, `escrow.KIND` and `donation` of the transfers above
    `number` up to `upto`; and the names in ROWS of what changed at `at` or later.
    """
    return frozenset({*_moved(number, upto), *_changed(at)})


def _moved(number: int, upto: int) -> Iterator[str]:
    for transfer, account, own, there, donation in _rows(MOVED, [number, upto]):
        yield from ("transfer", f"transfer.{transfer}", f"account.{account}")
        yield from (f"escrow.{kind}" for kind in (own, there) if kind)
        if own or there:
            yield "escrow"
        if donation:
            yield "donation"


def _changed(at: datetime) -> Iterator[str]:
    instant = connection.ops.adapt_datetimefield_value(at)
    return (word for (word,) in _rows(CHANGED, [instant] * QUESTIONS))


def _rows(sql: str, figures: list[Any]) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, figures)
        return list(cursor.fetchall())
