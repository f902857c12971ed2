"""The clock that makes earnings available, in batches of one transaction (docs/decisions/0002)."""

import time
from collections.abc import Sequence
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from payment import accounts, escrow, halt
from payment.models import Clearing, Escrow
from skilllink import clocks
from skilllink.clocks import LONGEST
from skilllink.money import format_money
from skilllink.transactions import inside_transaction, verb
from users.notifications import inbox

log = structlog.get_logger(__name__)
BATCH = 50


def sweep() -> int:
    """Clear a batch of what is due. Returns how many rows were finished.

    A row that fails is logged, counted in `attempts` and goes to the back, so that it never stops the others. What
    somebody has locked waits for the next sweep. Nothing is tried while money stands still.
    """
    if halt.in_force():
        return 0
    due = Clearing.objects.filter(cleared_at__isnull=True, due_at__lte=clocks.now()).order_by("attempts", "due_at")
    done, waiting = 0, list(due.values_list("pk", flat=True)[:BATCH])
    while waiting:
        try:
            finished, waiting = _clear_together(waiting)
        except Exception as error:  # it can't be written as one: each by itself, so a bad one stops no other
            log.warning("clearing.batch_undone", rows=len(waiting), error=str(error))
            return done + sum(_finish(pk) for pk in waiting)
        done += finished
    return done


@verb
def _clear_together(pks: Sequence[Any]) -> tuple[int, list[Any]]:
    """Clear these in one transaction, a savepoint for each. Returns how many were, and those it had no time for."""
    until = time.monotonic() + LONGEST[connection.vendor]
    rows, failed, done = _claim(pks), [], 0
    while rows:
        row = rows.pop(0)
        try:
            with transaction.atomic():
                _clear(row)
            done += 1
        except (OperationalError, InterfaceError):
            raise  # contention or a broken connection: not this row's fault
        except (escrow.NotClearing, halt.Halted):
            pass  # another sweep was quicker, or the audit was
        except Exception:
            log.exception("clearing.failed", clearing=str(row.pk))
            failed.append(row.pk)
        if time.monotonic() > until:
            break
    if failed:
        Clearing.objects.filter(pk__in=failed).update(attempts=F("attempts") + 1)
    return done, [row.pk for row in rows]


def _claim(pks: Sequence[Any]) -> list[Clearing]:
    """Those of escrows that nobody else has locked; with all that is locked for them, in the order of a single verb."""
    escrows = Escrow.objects.filter(pk__in=Clearing.objects.filter(pk__in=pks).values("escrow")).order_by("pk")
    free = clocks.claim(escrows, len(pks))
    rows = Clearing.objects.filter(pk__in=pks, escrow__in=free, cleared_at__isnull=True)
    claimed = list(rows.select_related("escrow__payee").order_by("attempts", "due_at"))
    if connection.vendor == "postgresql":
        people = {row.escrow.payee_id for row in claimed}
        accounts.lock_of(people)
        inbox.lock(people)
    return claimed


def _finish(pk: Any) -> int:
    try:
        clear(pk)
    except (escrow.NotClearing, halt.Halted):
        return 0
    except Exception:
        log.exception("clearing.failed", clearing=str(pk))
        Clearing.objects.filter(pk=pk).update(attempts=F("attempts") + 1)
        return 0
    return 1


@verb
def clear(pk: Any) -> None:
    """Make one clearing available and tell the payee. Raises escrow.NotClearing, escrow.NotDue."""
    _clear(Clearing.objects.select_related("escrow__payee").get(pk=pk))


@inside_transaction
def _clear(row: Clearing) -> None:
    escrow.clear(row)
    if row.amount:
        inbox.notify(
            row.escrow.payee, "money.cleared", url="/wallet/", amount=format_money(row.amount, row.escrow.currency)
        )
