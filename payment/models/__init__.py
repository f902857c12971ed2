from payment.models.audit import AuditRun, Checkpoint, Snapshot
from payment.models.deposit import Chargeback, Deposit, DepositReturn
from payment.models.donation import Cause, Donation, Pledge, Renewal
from payment.models.escrow import Clearing, Escrow
from payment.models.gateway import EventsRead, GatewayEvent, SandboxCall, SandboxObject
from payment.models.halt import Halt, Lift
from payment.models.idempotency import IdempotencyRecord
from payment.models.ledger import Account, Entry, Transfer
from payment.models.movement import Movement
from payment.models.paper import Paper, PaperReach, Series, TaxDetails
from payment.models.payout import Payout, PayoutHold, PayoutMethod
from payment.models.seal import Batch, Seal

__all__ = [
    "Account", "AuditRun", "Batch", "Cause", "Chargeback", "Checkpoint", "Clearing", "Deposit", "DepositReturn",
    "Donation", "Entry", "Escrow", "EventsRead", "GatewayEvent", "Halt", "IdempotencyRecord", "Lift", "Movement", "Paper", "PaperReach", "Payout",
    "PayoutHold", "PayoutMethod", "Pledge", "Renewal", "SandboxCall", "SandboxObject", "Seal", "Series", "Snapshot", "TaxDetails", "Transfer",
]  # fmt: skip
