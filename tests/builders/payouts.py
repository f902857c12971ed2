"""A payout on its way, step by step, for tests."""

from datetime import timedelta

from payment import payouts
from payment.models import Entry, Payout
from skilllink import clocks
from tests.builders.gateway import settle_down


def state(row: Payout) -> str:
    row.refresh_from_db()
    return row.status


def batch(row: Payout) -> int:
    """Run the sweep at the moment the payout was promised to go."""
    with clocks.at(row.due_at):
        return payouts.sweep()


def arrive() -> None:
    """Let the bank answer, the gateway tell, and the site hear."""
    with clocks.at(clocks.now() + timedelta(hours=3)):
        settle_down()
        payouts.sweep()


def entries(key: str) -> dict[str, int]:
    """What a movement entered, in minor units by kind of account."""
    return dict(Entry.objects.filter(transfer__key=key).values_list("account__kind", "amount"))
