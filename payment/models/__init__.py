from payment.models.deposit import Deposit, SandboxIntent
from payment.models.escrow import Clearing, Escrow
from payment.models.idempotency import IdempotencyRecord
from payment.models.ledger import Account, Entry, Transfer

__all__ = ["Account", "Clearing", "Deposit", "Entry", "Escrow", "IdempotencyRecord", "SandboxIntent", "Transfer"]
