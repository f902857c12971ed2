"""The clock that makes earnings available."""

from typing import Any

import structlog
from django.db.models import F

from payment import escrow, halt
from payment.models import Clearing
from skilllink import clocks
from skilllink.money import format_money
from skilllink.transactions import verb
from users.notifications import inbox

log = structlog.get_logger(__name__)
BATCH = 100


def sweep() -> int:
    """Clear a batch of what is due, each row in a transaction of its own. Returns how many rows were finished.

    A row that fails is logged, counted in `attempts` and goes to the back, so that it never stops the others. Nothing
    is tried while money stands still.
    """
    if halt.in_force():
        return 0
    due = Clearing.objects.filter(cleared_at__isnull=True, due_at__lte=clocks.now()).order_by("attempts", "due_at")
    return sum(_finish(pk) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


def _finish(pk: Any) -> int:
    try:
        clear(pk)
    except (escrow.NotClearing, halt.Halted):
        return 0  # another sweep was quicker, or the audit was
    except Exception:
        log.exception("clearing.failed", clearing=str(pk))
        Clearing.objects.filter(pk=pk).update(attempts=F("attempts") + 1)
        return 0
    return 1


@verb
def clear(pk: Any) -> None:
    """Make one clearing available and tell the payee. Raises escrow.NotClearing, escrow.NotDue."""
    row = Clearing.objects.select_related("escrow__payee").get(pk=pk)
    escrow.clear(row)
    if row.amount:
        inbox.notify(
            row.escrow.payee, "money.cleared", url="/wallet/", amount=format_money(row.amount, row.escrow.currency)
        )
