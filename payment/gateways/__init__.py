"""Which gateway money goes through: the one of the settings for what is new, its own for every row that is there."""

from functools import cache

from django.conf import settings

from payment.gateways.base import Gateway

NAMES = ("sandbox", "stripe")


def current() -> Gateway:
    """The gateway of everything new."""
    return of(settings.PAYMENT_GATEWAY)


@cache
def of(name: str) -> Gateway:
    """The gateway of a row. Raises LookupError for a name that is none."""
    if name == "sandbox":
        from payment.gateways.sandbox import Sandbox

        return Sandbox()
    if name == "stripe":
        from payment.gateways.stripe import live

        return live()
    raise LookupError(f"There is no gateway {name!r}.")
