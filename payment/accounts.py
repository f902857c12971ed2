"""Finding the account for a purpose, and what a person has."""

from typing import Any

from django.db.models import Sum

from payment.models import Account, Escrow

Kind = Account.Kind


def wallet(user: Any, currency: str) -> Account:
    """Deposited and unspent money of a person."""
    return _of_person(Kind.WALLET, user, currency)


def pending(user: Any, currency: str) -> Account:
    """Earned money that is still clearing."""
    return _of_person(Kind.PENDING, user, currency)


def available(user: Any, currency: str) -> Account:
    """Earned and cleared money."""
    return _of_person(Kind.AVAILABLE, user, currency)


def of_escrow(escrow: Escrow) -> Account:
    account, _made = Account.objects.get_or_create(
        escrow=escrow, defaults={"kind": Kind.ESCROW, "currency": escrow.currency, "balance": 0}
    )
    return account


def gateway(currency: str) -> Account:
    """What a gateway holds for the platform, negative."""
    return _of_platform(Kind.GATEWAY, currency)


def gateway_fees(currency: str) -> Account:
    return _of_platform(Kind.GATEWAY_FEES, currency)


def fees(currency: str) -> Account:
    return _of_platform(Kind.FEES, currency)


def balances(user: Any) -> dict[str, dict[str, int]]:
    """Per currency: `wallet`, `pending`, `available`, `in_escrow`, minor units. Currencies never used are absent."""
    found: dict[str, dict[str, int]] = {}
    for kind, currency, balance in Account.objects.filter(user=user).values_list("kind", "currency", "balance"):
        _line(found, currency)[kind] = balance
    held = Escrow.objects.filter(payer=user, held__gt=0).values("currency").annotate(total=Sum("held"))
    for row in held:
        _line(found, row["currency"])["in_escrow"] = row["total"]
    return found


def _line(found: dict[str, dict[str, int]], currency: str) -> dict[str, int]:
    return found.setdefault(currency, {"wallet": 0, "pending": 0, "available": 0, "in_escrow": 0})


def _of_person(kind: Kind, user: Any, currency: str) -> Account:
    account, _made = Account.objects.get_or_create(kind=kind, user=user, currency=currency, defaults={"balance": 0})
    return account


def _of_platform(kind: Kind, currency: str) -> Account:
    account, _made = Account.objects.get_or_create(kind=kind, user=None, escrow=None, currency=currency)
    return account
