"""Money for tests, through the sandbox gateway."""

from typing import Any

from django.db import transaction

from payment import accounts, deposits, ledger, payout_methods
from payment.gateways.sandbox.cards import GOOD_BANK
from payment.models import Cause, Deposit, PayoutMethod
from skilllink import clocks
from skilllink.ids import uuid7

GOOD_CARD = "4242424242424242"


def put_in_wallet(user: Any, amount: int, currency: str = "USD") -> Deposit:
    """Deposit `amount` minor units with the card that works."""
    return deposits.pay(deposits.request(user, amount, currency), card=GOOD_CARD)


def earn(user: Any, amount: int, currency: str = "USD") -> None:
    """`amount` minor units earned and cleared, out of the person's own deposit: short for a whole contract."""
    put_in_wallet(user, amount, currency)
    with transaction.atomic():
        lines = [(accounts.wallet(user, currency), -amount), (accounts.available(user, currency), amount)]
        ledger.post.within(f"test:{uuid7()}:earn", "test", lines)


def bank_account(
    user: Any, currency: str = "USD", number: str = GOOD_BANK, cause: Cause | None = None
) -> PayoutMethod:  # fmt: skip
    """A bank account, the person's own or of a cause that they keep, that was confirmed and has waited."""
    row = payout_methods.add(user, holder=user.name, currency=currency, number=number, cause=cause)
    payout_methods.confirm(row, by=user, signed_in_at=clocks.now())
    PayoutMethod.objects.filter(pk=row.pk).update(usable_at=clocks.now())
    row.refresh_from_db()
    return row
