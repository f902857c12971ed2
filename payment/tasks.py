"""What beat asks of payment; when is in `skilllink.celery`."""

from typing import Any

from celery import shared_task

from payment import audit, catch_up, seal, seal_anchor, webhooks


@shared_task(name="payment.seal", ignore_result=True)
def seal_transfers() -> int:
    """Seal what was posted since the last time."""
    return seal.run()


@shared_task(name="payment.anchor", ignore_result=True)
def anchor() -> str | None:
    """Write the seal's head down outside the database."""
    path = seal_anchor.anchor()
    return path.name if path else None


@shared_task(name="payment.audit_ledger")
def audit_ledger() -> list[dict[str, Any]]:
    """Examine what is new; every violation is logged, halts money and is kept as the task's result."""
    return list(audit.examine().violations)


@shared_task(name="payment.audit_ledger_whole")
def audit_ledger_whole() -> list[dict[str, Any]]:
    """Examine everything, at night."""
    return list(audit.examine(whole=True).violations)


@shared_task(name="payment.catch_up", ignore_result=True)
def catch_up_events() -> int:
    """Store what the gateways know and we never heard."""
    return catch_up.sweep()


@shared_task(name="payment.process_events", ignore_result=True)
def process_events() -> int:
    """Process what gateways told us; the sweep does the same for what was missed."""
    return webhooks.sweep()
