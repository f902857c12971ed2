"""What a payment gateway does for us. The three steps: our row, the call with a key, our row again."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Intent:
    """A payment at the gateway. `status` is `requires_payment_method`, `requires_action`, `succeeded` or `failed`."""

    id: str
    status: str
    amount: int
    currency: str
    fee: int = 0
    error: str = ""


class Gateway(Protocol):
    """Amounts in minor units. The same `idempotency_key` always answers with the same payment."""

    name: str

    def create(self, amount: int, currency: str, *, idempotency_key: str) -> Intent: ...

    def confirm(self, intent_id: str, *, card: str) -> Intent: ...

    def complete(self, intent_id: str, *, approved: bool) -> Intent: ...
