"""The administration of payment: finance reads everything, and acts through verbs; each part registers itself."""

from payment.admin import donations, gateways, halts, ledger, papers

__all__ = ["donations", "gateways", "halts", "ledger", "papers"]
