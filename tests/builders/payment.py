"""Money for tests, through the sandbox gateway."""

from typing import Any

from payment import deposits
from payment.models import Deposit

GOOD_CARD = "4242424242424242"


def put_in_wallet(user: Any, amount: int, currency: str = "USD") -> Deposit:
    """Deposit `amount` minor units with the card that works."""
    return deposits.pay(deposits.request(user, amount, currency), card=GOOD_CARD)
