from payment.models.audit import AuditRun, Checkpoint, Snapshot
from payment.models.deposit import Chargeback, Deposit, DepositReturn
from payment.models.donation import Cause, Donation, Pledge, Renewal
from payment.models.escrow import Clearing, Escrow
from payment.models.gateway import GatewayEvent, SandboxCall, SandboxObject
from payment.models.halt import Halt, Lift
from payment.models.idempotency import IdempotencyRecord
from payment.models.ledger import Account, Entry, Transfer
from payment.models.movement import Movement
from payment.models.payout import Payout, PayoutHold, PayoutMethod
from payment.models.seal import Batch, Seal

__all__ = [
    "Account", "AuditRun", "Batch", "Cause", "Chargeback", "Checkpoint", "Clearing", "Deposit", "DepositReturn",
    "Donation", "Entry", "Escrow", "GatewayEvent", "Halt", "IdempotencyRecord", "Lift", "Movement", "Payout",
    "PayoutHold", "PayoutMethod", "Pledge", "Renewal", "SandboxCall", "SandboxObject", "Seal", "Snapshot", "Transfer",
]  # fmt: skip
