"""A start without the ledger's triggers, or with half of a gateway's keys, is refused."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connections

from payment import gateways, triggers


@register(Tags.database)
def ledger_triggers(databases: Any = None, **_kwargs: Any) -> list[Error]:
    """Runs with `check --database default`, and at the start of a server."""
    faults = []
    for alias in databases or []:
        if set(triggers.TABLES) <= set(connections[alias].introspection.table_names()):
            faults += [
                Error(
                    f"The ledger's {name} is missing or not the one of this version.",
                    hint="Run manage.py migrate.",
                    id="payment.E001",
                )
                for name in triggers.missing(alias)
            ]
    return faults


@register(Tags.security)
def gateway_keys(app_configs: Any, **_kwargs: Any) -> list[Error]:
    """Stripe needs both of its keys, and keys need Stripe: half a configuration would lose events in silence."""
    keys = {name: getattr(settings, name) for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")}
    if settings.PAYMENT_GATEWAY not in gateways.NAMES:
        return [Error(f"PAYMENT_GATEWAY is one of: {', '.join(gateways.NAMES)}.", id="payment.E002")]
    if settings.PAYMENT_GATEWAY == "stripe":
        return [
            Error(f"{name} is missing: Stripe needs it.", id="payment.E003") for name, key in keys.items() if not key
        ]
    return [
        Error(f"{name} is set, but money goes through the sandbox: set both keys or none.", id="payment.E004")
        for name, key in keys.items()
        if key
    ]
