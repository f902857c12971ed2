"""The books examine themselves: each function looks for violations of one invariant of docs/ledger.md."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from payment import triggers
from payment.models import Account, Clearing, Deposit, Entry, Escrow, Transfer
from skilllink.money import LARGEST


@dataclass(frozen=True)
class Violation:
    """One broken promise: which invariant, in which row, and what was found."""

    invariant: str
    row: str
    found: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def run() -> list[Violation]:
    """Every violation in the books; an empty list when they are right."""
    return [violation for check in CHECKS for violation in check()]


def transfers_balance() -> Iterator[Violation]:
    """L1: every transfer sums to zero per currency and has at least two entries; L4 follows from one currency each."""
    sums = Entry.objects.values("transfer", "account__currency").annotate(total=Sum("amount")).exclude(total=0)
    for row in sums.order_by("transfer"):
        yield Violation("L1", f"transfer {row['transfer']}", f"sums to {row['total']} {row['account__currency']}")
    for transfer in Transfer.objects.annotate(lines=Count("entries")).filter(lines__lt=2):
        yield Violation("L1", f"transfer {transfer.pk}", f"has {transfer.lines} entries")
    orphans = Entry.objects.filter(~Q(transfer__in=Transfer.objects.all()))
    for entry in orphans:
        yield Violation("L3", f"entry {entry.pk}", f"its transfer {entry.transfer_id} is gone")


def amounts_in_range() -> Iterator[Violation]:
    """L2: integers of 1 to 10^12."""
    for entry in Entry.objects.filter(Q(amount=0) | Q(amount__gt=LARGEST) | Q(amount__lt=-LARGEST)):
        yield Violation("L2", f"entry {entry.pk}", f"amount {entry.amount}")


def triggers_there() -> Iterator[Violation]:
    """L3: nothing changes or vanishes, because the triggers stand."""
    for name in triggers.missing():
        yield Violation("L3", f"trigger {name}", "is missing")


def balances_follow_entries() -> Iterator[Violation]:
    """L5 and L6: the cached balance is the sum of the entries, and not below zero where that is forbidden."""
    rows = Account.objects.annotate(total=Coalesce(Sum("entries__amount"), 0))
    for account in rows.filter(balance__isnull=False).exclude(balance=F("total")):
        yield Violation("L6", f"account {account.pk}", f"balance {account.balance}, entries {account.total}")
    for account in rows.filter(kind__in=Account.OWED, total__lt=0):
        yield Violation("L5", f"account {account.pk}", f"entries sum to {account.total}")


def everything_sums_to_zero() -> Iterator[Violation]:
    """L7: over all accounts, per currency."""
    totals = Entry.objects.values("account__currency").annotate(total=Sum("amount")).exclude(total=0)
    for row in totals.order_by("account__currency"):
        yield Violation("L7", f"currency {row['account__currency']}", f"all entries sum to {row['total']}")


def escrows_agree() -> Iterator[Violation]:
    """L9: what an escrow says it holds is what its account holds; its currency too (L4)."""
    rows = Escrow.objects.annotate(booked=Coalesce(F("account__balance"), 0))
    for escrow in rows.exclude(held=F("booked")):
        yield Violation("L9", f"escrow {escrow.pk}", f"holds {escrow.held}, its account {escrow.booked}")
    for escrow in Escrow.objects.filter(account__isnull=False).exclude(account__currency=F("currency")):
        yield Violation("L4", f"escrow {escrow.pk}", "its account has another currency")


def events_once() -> Iterator[Violation]:
    """L10: a settled deposit has its transfer, an unsettled one has none; every release has one clearing."""
    keys = dict(Transfer.objects.filter(kind="deposit").values_list("key", "pk"))
    for deposit_id, status in Deposit.objects.values_list("pk", "status"):
        there = keys.pop(f"deposit:{deposit_id}:settle", None)
        if (status == "settled") != bool(there):
            yield Violation("L10", f"deposit {deposit_id}", f"is {status}, its transfer is {there}")
    for key, pk in keys.items():
        yield Violation("L10", f"transfer {pk}", f"{key} has no deposit")
    for transfer in Transfer.objects.filter(kind="release", clearing__isnull=True):
        yield Violation("L10", f"transfer {transfer.pk}", "was released and never clears")


def fees_exact() -> Iterator[Violation]:
    """L12: the fee taken is the fee on what was released, to the unit."""
    rows = Escrow.objects.filter(released__gt=0).annotate(due=(F("released") * F("fee_bps") + 5000) / 10000)
    for escrow in rows.exclude(fee_taken=F("due")):
        yield Violation("L12", f"escrow {escrow.pk}", f"fee {escrow.fee_taken} on {escrow.released}")
    for row in _pending_differences():
        yield Violation("L12", f"person {row['user']}", f"pending {row['pending']}, clearing {row['clearing']}")


def dispute_money_stays() -> Iterator[Violation]:
    """L19: nothing leaves a dispute's escrow but its resolution, or its return when the dispute is withdrawn."""
    leaving = Entry.objects.filter(account__escrow__kind="dispute", amount__lt=0)
    for entry in leaving.exclude(transfer__kind__in=("resolution", "move")):
        yield Violation("L19", f"entry {entry.pk}", "money left a dispute without a resolution")


def _pending_differences() -> Iterator[dict[str, Any]]:
    booked = {
        (account.user_id, account.currency): account.balance for account in Account.objects.filter(kind="pending")
    }
    open_rows = Clearing.objects.filter(cleared_at__isnull=True)
    for row in open_rows.values("escrow__payee", "escrow__currency").annotate(total=Sum("amount")):
        booked_there = booked.pop((row["escrow__payee"], row["escrow__currency"]), 0)
        if booked_there != row["total"]:
            yield {"user": row["escrow__payee"], "pending": booked_there, "clearing": row["total"]}
    for (user, _currency), balance in booked.items():
        if balance:
            yield {"user": user, "pending": balance, "clearing": 0}


CHECKS = (
    transfers_balance,
    amounts_in_range,
    triggers_there,
    balances_follow_entries,
    everything_sums_to_zero,
    escrows_agree,
    events_once,
    fees_exact,
    dispute_money_stays,
)
