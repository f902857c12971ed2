from payment.models.audit import AuditRun, Checkpoint, Snapshot
from payment.models.deposit import Deposit, SandboxIntent
from payment.models.escrow import Clearing, Escrow
from payment.models.halt import Halt, Lift
from payment.models.idempotency import IdempotencyRecord
from payment.models.ledger import Account, Entry, Transfer
from payment.models.seal import Batch, Seal

__all__ = [
    "Account", "AuditRun", "Batch", "Checkpoint", "Clearing", "Deposit", "Entry", "Escrow", "Halt",
    "IdempotencyRecord", "Lift", "SandboxIntent", "Seal", "Snapshot", "Transfer",
]  # fmt: skip
