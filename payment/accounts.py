"""Finding the account for a purpose, and what a person has."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q, QuerySet, Subquery, Sum

from payment.models import Account, Cause, Entry, Escrow, Payout, PayoutMethod
from skilllink.prepared import prepared
from skilllink.realtime.push import hint

Kind = Account.Kind
LINE = ("wallet", "pending", "available", "in_escrow", "in_transit", "owed")


def wallet(user: Any, currency: str) -> Account:
    """Deposited and unspent money of a person."""
    return _of_person(Kind.WALLET, user, currency)


def pending(user: Any, currency: str) -> Account:
    """Earned money that is still clearing."""
    return _of_person(Kind.PENDING, user, currency)


def available(user: Any, currency: str) -> Account:
    """Earned and cleared money."""
    return _of_person(Kind.AVAILABLE, user, currency)


def receivable(user: Any, currency: str) -> Account:
    """What a person owes after a chargeback, negative."""
    return _of_person(Kind.RECEIVABLE, user, currency)


def in_transit(payout: Payout) -> Account:
    """What is reserved for a payout, until the bank has it or it came back."""
    account, _made = Account.objects.get_or_create(
        payout=payout, defaults={"kind": Kind.IN_TRANSIT, "currency": payout.currency, "balance": 0}
    )
    return account


def source(row: Payout | PayoutMethod) -> Account:
    """What is paid out from: the cause's account, or what the person has available."""
    return available(row.user, row.currency) if row.cause is None else of_cause(row.cause)


def of_escrow(escrow: Escrow) -> Account:
    """The account of what is held; not asked for again when the caller's copy has it, its balance may then be old."""
    there: Account | None = escrow._state.fields_cache.get("account")
    if there is not None:
        return there
    account, _made = Account.objects.get_or_create(
        escrow=escrow, defaults={"kind": Kind.ESCROW, "currency": escrow.currency, "balance": 0}
    )
    return account


def of_cause(cause: Cause) -> Account:
    """What was given to a cause and isn't paid out to it yet."""
    account, _made = Account.objects.get_or_create(
        cause=cause, defaults={"kind": Kind.CAUSE, "currency": cause.currency, "balance": 0}
    )
    return account


def gateway(currency: str) -> Account:
    """What a gateway holds for the platform, negative."""
    return _of_platform(Kind.GATEWAY, currency)


def gateway_fees(currency: str) -> Account:
    return _of_platform(Kind.GATEWAY_FEES, currency)


def loss(currency: str) -> Account:
    """What was written off."""
    return _of_platform(Kind.LOSS, currency)


def capital(currency: str) -> Account:
    """What the operator put in."""
    return _of_platform(Kind.CAPITAL, currency)


def fees(currency: str) -> Account:
    return _of_platform(Kind.FEES, currency)


def earning(escrow: Escrow) -> tuple[Account, Account]:
    """Where a payment from an escrow goes: what its payee earned and the platform's fees. One query for both."""
    return earning_soon(escrow.pk)(escrow)


def earning_soon(escrow_id: Any) -> Callable[[Escrow], tuple[Account, Account]]:
    """Ask, and don't wait; what is returned takes the escrow and gives the answer."""
    rows = _earning.soon(escrow=escrow_id)

    def answer(escrow: Escrow) -> tuple[Account, Account]:
        there = {account.kind: account for account in rows()}
        return (
            there.get(Kind.PENDING) or pending(escrow.payee, escrow.currency),
            there.get(Kind.FEES) or fees(escrow.currency),
        )

    return answer


@prepared
def _earning(escrow: Any) -> "QuerySet[Account]":
    row = Escrow.objects.filter(pk=escrow)
    payee, currency = Subquery(row.values("payee")), Subquery(row.values("currency"))
    theirs = Q(kind=Kind.PENDING, user=payee, currency=currency)
    ours = Q(kind=Kind.FEES, user=None, escrow=None, payout=None, cause=None, currency=currency)
    return Account.objects.filter(theirs | ours)


def locked(account: Account) -> Account:
    """The account with its balance of this moment, others queue behind. Needs a transaction."""
    return Account.objects.select_for_update(of=("self",)).get(pk=account.pk)


def lock_of(people: Iterable[Any]) -> None:
    """Lock all accounts of these people, by id, for whoever is about to post to several of them. Needs a transaction."""
    rows = Account.objects.select_for_update(of=("self",), no_key=True).filter(user__in=people)
    list(rows.order_by("pk").values_list("pk", flat=True))


def total(account: Account) -> int:
    """What an account without a balance row has: the sum of its entries, minor units."""
    return int(Entry.objects.filter(account=account).aggregate(total=Sum("amount"))["total"] or 0)


def balances(user: Any) -> dict[str, dict[str, int]]:
    """Per currency, minor units: `wallet`, `pending`, `available`, `in_escrow`, `in_transit`, and `owed` by the person.

    Currencies never used are absent.
    """
    found: dict[str, dict[str, int]] = {}
    for kind, currency, balance in Account.objects.filter(user=user).values_list("kind", "currency", "balance"):
        line = _line(found, currency)
        if kind == Kind.RECEIVABLE:
            line["owed"] = -(balance or 0)
        else:
            line[kind] = balance or 0
    held = Escrow.objects.filter(payer=user, held__gt=0).values("currency").annotate(total=Sum("held"))
    for row in held:
        _line(found, row["currency"])["in_escrow"] = row["total"]
    leaving = Payout.objects.of(user).filter(status__in=Payout.RESERVED).values("currency").order_by("currency")
    for row in leaving.annotate(total=Sum("amount")):
        _line(found, row["currency"])["in_transit"] = row["total"]
    return found


def in_wallet(user: Any, currency: str) -> int:
    """What `user` can hold or give in a currency at once, minor units."""
    mine = Account.objects.filter(kind=Kind.WALLET, user=user, currency=currency)
    return mine.values_list("balance", flat=True).first() or 0


def tell_owners(*user_ids: Any) -> None:
    """Once this is committed, these people's open pages fetch anew what they show of their money."""
    hint([f"user:{user_id}" for user_id in user_ids], {"type": "wallet.changed"})


def _line(found: dict[str, dict[str, int]], currency: str) -> dict[str, int]:
    return found.setdefault(currency, dict.fromkeys(LINE, 0))


def _of_person(kind: Kind, user: Any, currency: str) -> Account:
    account, _made = Account.objects.get_or_create(kind=kind, user=user, currency=currency, defaults={"balance": 0})
    return account


def _of_platform(kind: Kind, currency: str) -> Account:
    # nobody's, in every column: without one of them the index doesn't serve, and every account there is is read
    nobody: dict[str, Any] = {"user": None, "escrow": None, "payout": None, "cause": None}
    account, _made = Account.objects.get_or_create(kind=kind, currency=currency, **nobody)
    return account
