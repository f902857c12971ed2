"""A start without the ledger's triggers is refused."""

from typing import Any

from django.core.checks import Error, Tags, register
from django.db import connections

from payment import triggers


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
