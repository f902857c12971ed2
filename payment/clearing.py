"""The clock that makes earnings available."""

from django.db import transaction

from payment import escrow
from payment.models import Clearing
from skilllink import clocks
from skilllink.money import format_money
from skilllink.transactions import verb
from users.notifications import inbox


@verb
def sweep() -> int:
    """Clear what is due, a savepoint per row. Returns how many rows were finished."""
    due = Clearing.objects.filter(cleared_at__isnull=True, due_at__lte=clocks.now()).order_by("due_at")
    rows = clocks.claim(due.select_related("escrow__payee"))
    for row in rows:
        with transaction.atomic():
            escrow.clear(row)
            if row.amount:
                inbox.notify(
                    row.escrow.payee,
                    "money.cleared",
                    url="/wallet/",
                    amount=format_money(row.amount, row.escrow.currency),
                )
    return len(rows)
