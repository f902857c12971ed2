"""The books examine themselves: each function looks for violations of the invariants of docs/ledger.md.

What an escrow is for is known to the app above: it registers a check of its own (`register`).
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Sum, Window
from django.db.models.functions import Coalesce

from payment import triggers
from payment.models import Account, Clearing, Deposit, Entry, Escrow, IdempotencyRecord, Transfer
from skilllink.money import LARGEST


@dataclass(frozen=True)
class Violation:
    """One broken promise: which invariant, in which row, and what was found."""

    invariant: str
    row: str
    found: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


Check = Callable[[], Iterator[Violation]]
_further: list[Check] = []


def register(check: Check) -> None:
    """Add a check of an app that payment doesn't know. Called from its `ready()`."""
    _further.append(check)


def run() -> list[Violation]:
    """Every violation in the books; an empty list when they are right."""
    return [violation for check in (*CHECKS, *_further) for violation in check()]


def transfers_balance() -> Iterator[Violation]:
    """L1: every transfer sums to zero per currency and has at least two entries; so none is in two currencies (L4)."""
    sums = Entry.objects.values("transfer", "account__currency").annotate(total=Sum("amount")).exclude(total=0)
    for row in sums.order_by("transfer", "account__currency"):
        yield Violation("L1", f"transfer {row['transfer']}", f"sums to {row['total']} {row['account__currency']}")
    for transfer in Transfer.objects.annotate(lines=Count("entries")).filter(lines__lt=2):
        yield Violation("L1", f"transfer {transfer.pk}", f"has {transfer.lines} entries")


def amounts_in_range() -> Iterator[Violation]:
    """L2: integers of 1 to 10^12."""
    for entry in Entry.objects.filter(Q(amount=0) | Q(amount__gt=LARGEST) | Q(amount__lt=-LARGEST)):
        yield Violation("L2", f"entry {entry.pk}", f"amount {entry.amount}")


def nothing_vanished() -> Iterator[Violation]:
    """L3: the triggers stand, no entry has lost its transfer, a reversal is the exact opposite of what it reverses."""
    for name in triggers.missing():
        yield Violation("L3", f"trigger {name}", "is missing or of another version")
    for entry in Entry.objects.filter(~Exists(Transfer.objects.filter(pk=OuterRef("transfer")))):
        yield Violation("L3", f"entry {entry.pk}", f"its transfer {entry.transfer_id} is gone")
    for transfer in Transfer.objects.filter(reverses__isnull=False).select_related("reverses"):
        back = dict(transfer.entries.values_list("account", "amount"))
        if transfer.reverses and back != {a: -n for a, n in transfer.reverses.entries.values_list("account", "amount")}:
            yield Violation("L3", f"transfer {transfer.pk}", f"is not the opposite of {transfer.reverses_id}")


def balances_follow_entries() -> Iterator[Violation]:
    """L6: the cached balance is the sum of the entries."""
    rows = Account.objects.filter(balance__isnull=False).annotate(total=Coalesce(Sum("entries__amount"), 0))
    for account in rows.exclude(balance=F("total")):
        yield Violation("L6", f"account {account.pk}", f"balance {account.balance}, entries {account.total}")


def never_below_zero() -> Iterator[Violation]:
    """L5: no entry, in the order they were written, left an account below zero where that is forbidden."""
    after = Window(Sum("amount"), partition_by=F("account"), order_by=F("pk").asc())
    rows = Entry.objects.filter(account__kind__in=Account.OWED).annotate(after=after)
    for entry in rows.filter(after__lt=0).order_by("pk"):
        yield Violation("L5", f"entry {entry.pk}", f"left account {entry.account_id} at {entry.after}")
    for account in Account.objects.filter(balance__lt=0):
        yield Violation("L5", f"account {account.pk}", f"balance {account.balance}")


def everything_sums_to_zero() -> Iterator[Violation]:
    """L7: over all accounts, per currency."""
    totals = Entry.objects.values("account__currency").annotate(total=Sum("amount")).exclude(total=0)
    for row in totals.order_by("account__currency"):
        yield Violation("L7", f"currency {row['account__currency']}", f"all entries sum to {row['total']}")


def escrows_agree() -> Iterator[Violation]:
    """L9: an escrow holds what its account has, and released what its transfers brought to the payee and to fees.

    L4: its account and its transfers are in its currency.
    """
    rows = Escrow.objects.annotate(booked=Coalesce(F("account__balance"), 0))
    for escrow in rows.exclude(held=F("booked")):
        yield Violation("L9", f"escrow {escrow.pk}", f"holds {escrow.held}, its account {escrow.booked}")
    paid = Q(transfers__entries__account__kind__in=("pending", "available", "fees"))
    total = Coalesce(Sum("transfers__entries__amount", filter=paid), 0)
    for escrow in Escrow.objects.annotate(booked=total).exclude(released=F("booked")):
        yield Violation("L9", f"escrow {escrow.pk}", f"released {escrow.released}, its transfers {escrow.booked}")
    for escrow in Escrow.objects.filter(account__isnull=False).exclude(account__currency=F("currency")):
        yield Violation("L4", f"escrow {escrow.pk}", "its account has another currency")
    foreign = Entry.objects.filter(transfer__escrow__isnull=False)
    for entry in foreign.exclude(account__currency=F("transfer__escrow__currency")):
        yield Violation("L4", f"entry {entry.pk}", f"is in another currency than escrow {entry.transfer.escrow_id}")


def events_once() -> Iterator[Violation]:
    """L10: a settled deposit has its transfer, an unsettled one has none; a release clears once, when its row says so."""
    keys = dict(Transfer.objects.filter(kind="deposit").values_list("key", "pk"))
    for deposit_id, status in Deposit.objects.values_list("pk", "status"):
        there = keys.pop(f"deposit:{deposit_id}:settle", None)
        if (status == "settled") != bool(there):
            yield Violation("L10", f"deposit {deposit_id}", f"is {status}, its transfer is {there}")
    for key, pk in keys.items():
        yield Violation("L10", f"transfer {pk}", f"{key} has no deposit")
    paid = Entry.objects.filter(transfer=OuterRef("pk"), account__kind__in=("pending", "fees"), amount__gt=0)
    releases = Transfer.objects.filter(Exists(paid), kind__in=("release", "bonus", "resolution"))
    for transfer in releases.filter(clearing__isnull=True):
        yield Violation("L10", f"transfer {transfer.pk}", "was released and never clears")
    cleared = dict(Transfer.objects.filter(kind="clear").values_list("key", "pk"))
    for pk, amount, at in Clearing.objects.values_list("pk", "amount", "cleared_at"):
        there = cleared.pop(f"clearing:{pk}:clear", None)
        if (at is not None and amount > 0) != bool(there):
            yield Violation("L10", f"clearing {pk}", f"cleared at {at}, its transfer is {there}")
    for key, pk in cleared.items():
        yield Violation("L10", f"transfer {pk}", f"{key} has no clearing")


def records_have_answers() -> Iterator[Violation]:
    """L11: an idempotency record is committed with its effect and its answer, or not at all."""
    for record in IdempotencyRecord.objects.filter(Q(status__isnull=True) | Q(body="")):
        yield Violation("L11", f"idempotency record {record.pk}", "has no answer")


def fees_exact() -> Iterator[Violation]:
    """L12: the fee is the fee on what was released, in the row and in the entries, and what is pending is clearing."""
    booked = Coalesce(Sum("transfers__entries__amount", filter=Q(transfers__entries__account__kind="fees")), 0)
    due = (F("released") * F("fee_bps") + 5000) / 10000
    for escrow in Escrow.objects.annotate(booked=booked, due=due).exclude(fee_taken=F("due"), booked=F("due")):
        found = f"fee {escrow.fee_taken}, entries {escrow.booked}, due {escrow.due} on {escrow.released}"
        yield Violation("L12", f"escrow {escrow.pk}", found)
    for row in _pending_differences():
        yield Violation("L12", f"account {row['account']}", f"pending {row['pending']}, clearing {row['clearing']}")


def dispute_money_stays() -> Iterator[Violation]:
    """L19: nothing leaves a dispute but its resolution, or its whole return to where it was frozen from."""
    leaving = Entry.objects.filter(account__escrow__kind="dispute", amount__lt=0)
    for entry in leaving.exclude(transfer__kind__in=("resolution", "move")):
        yield Violation("L19", f"entry {entry.pk}", "money left a dispute without a resolution")
    target = Entry.objects.filter(transfer=OuterRef("transfer"), amount__gt=0).values("account__escrow")[:1]
    for entry in leaving.filter(transfer__kind="move").annotate(to=target):
        frozen = Transfer.objects.filter(
            kind="move", escrow=entry.to, entries__account=entry.account_id, entries__amount=-entry.amount
        )
        if not frozen.exists():
            yield Violation("L19", f"entry {entry.pk}", "money left a dispute for where it did not come from")


def _pending_differences() -> Iterator[dict[str, Any]]:
    clearing: dict[tuple[Any, str], int] = {}
    rows = Clearing.objects.filter(cleared_at__isnull=True).values_list("escrow__payee", "escrow__currency")
    for payee, currency, total in rows.annotate(total=Sum("amount")):
        clearing[payee, currency] = total
    for account in Account.objects.filter(kind="pending"):
        total = clearing.pop((account.user_id, account.currency), 0)
        if account.balance != total:
            yield {"account": account.pk, "pending": account.balance, "clearing": total}
    for (payee, currency), total in clearing.items():
        if total:
            yield {"account": f"pending({payee}) {currency}", "pending": 0, "clearing": total}


CHECKS: tuple[Check, ...] = (
    transfers_balance,
    amounts_in_range,
    nothing_vanished,
    never_below_zero,
    balances_follow_entries,
    everything_sums_to_zero,
    escrows_agree,
    events_once,
    records_have_answers,
    fees_exact,
    dispute_money_stays,
)
