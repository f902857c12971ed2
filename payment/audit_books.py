"""The audit of the books: L1 to L12 and L19, by sets in SQL. Each function yields what it found broken."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum, Value, Window
from django.db.models.functions import Coalesce, Concat

from payment import seal, triggers
from payment.audit_scope import CHUNK, Check, Scope, Violation, about, chunks
from payment.audit_sql import UuidText
from payment.models import Account, Clearing, Deposit, Entry, Escrow, IdempotencyRecord, Snapshot, Transfer
from skilllink.money import LARGEST


@about("transfer")
def transfers_balance(scope: Scope) -> Iterator[Violation]:
    """L1: every transfer sums to zero per currency and has at least two entries; so none is in two currencies (L4)."""
    entries = Entry.objects.filter(scope.new("transfer__"))
    sums = entries.values("transfer", "account__currency").annotate(total=Sum("amount")).exclude(total=0)
    for row in sums.order_by("transfer", "account__currency"):
        yield Violation("L1", f"transfer {row['transfer']}", f"sums to {row['total']} {row['account__currency']}")
    for transfer in Transfer.objects.filter(scope.new()).annotate(lines=Count("entries")).filter(lines__lt=2):
        yield Violation("L1", f"transfer {transfer.pk}", f"has {transfer.lines} entries")


@about("transfer")
def amounts_in_range(scope: Scope) -> Iterator[Violation]:
    """L2: integers of 1 to 10^12."""
    wrong = Q(amount=0) | Q(amount__gt=LARGEST) | Q(amount__lt=-LARGEST)
    for entry in Entry.objects.filter(scope.new("transfer__")).filter(wrong):
        yield Violation("L2", f"entry {entry.pk}", f"amount {entry.amount}")


_OWNERS = ("user", "escrow", "payout", "cause")


def _owned_by(owner: str, *kinds: str) -> Q:
    return Q(kind__in=kinds, **{f"{one}__isnull": one != owner for one in _OWNERS})


FITTING = (
    _owned_by("user", *Account.PERSONAL)
    | _owned_by("escrow", Account.Kind.ESCROW)
    | _owned_by("payout", Account.Kind.IN_TRANSIT)
    | _owned_by("cause", Account.Kind.CAUSE)
    | _owned_by("", *Account.UNCACHED)
)


def nothing_vanished(scope: Scope) -> Iterator[Violation]:
    """L3: the triggers stand, no entry has lost its transfer, a reversal is the exact opposite of what it reverses."""
    for name in triggers.missing():
        yield Violation("L3", f"trigger {name}", "is missing or of another version")
    if scope.whole:
        for entry in Entry.objects.filter(~Exists(Transfer.objects.filter(pk=OuterRef("transfer")))):
            yield Violation("L3", f"entry {entry.pk}", f"its transfer {entry.transfer_id} is gone")
    if not scope.has("transfer"):
        return
    reversals = Transfer.objects.filter(scope.new(), reverses__isnull=False).select_related("reverses")
    for transfer in reversals.iterator(CHUNK):
        back = dict(transfer.entries.values_list("account", "amount"))
        if transfer.reverses and back != {a: -n for a, n in transfer.reverses.entries.values_list("account", "amount")}:
            yield Violation("L3", f"transfer {transfer.pk}", f"is not the opposite of {transfer.reverses_id}")


def owners_fit(scope: Scope) -> Iterator[Violation]:
    """L4: an account belongs to whom its kind says. A trigger proves it when one is made; here all are looked at."""
    if scope.whole:
        for account in Account.objects.exclude(FITTING).order_by("pk"):
            yield Violation("L4", f"account {account.pk}", f"{account} has another owner than its kind")


def balances_follow_entries(scope: Scope) -> Iterator[Violation]:
    """L6: the cached balance is the sum of the entries."""
    if not scope.whole:
        yield from _touched_balances(scope)
        return
    rows = Account.objects.filter(balance__isnull=False).annotate(total=Coalesce(Sum("entries__amount"), 0))
    difference: Any = F("balance") - F("total")
    wrong = rows.exclude(balance=F("total")).order_by("pk").annotate(difference=difference)
    for pk, difference in wrong.values_list("pk", "difference"):
        yield _difference(pk, difference)


def _touched_balances(scope: Scope) -> Iterator[Violation]:
    """L6 of the accounts that new transfers touched: what they had at the checkpoint and what came since."""
    late = _sums(Entry.objects.filter(transfer__in=seal.waiting()))
    sealed = _sums(Entry.objects.filter(scope.new("transfer__"))) if scope.has("transfer") else {}
    for chunk in chunks(sealed.items() | {(pk, 0) for pk in late.keys() - sealed.keys()}):
        came, ids = dict(chunk), [pk for pk, _total in chunk]
        before = dict(Snapshot.objects.filter(pk__in=ids).values_list("pk", "balance"))
        cached: Any = Account.objects.filter(pk__in=ids, balance__isnull=False).order_by("pk")
        for pk, balance in cached.values_list("pk", "balance"):
            if difference := balance - before.get(pk, 0) - came[pk] - late.get(pk, 0):
                yield _difference(pk, difference)


def _difference(account: int, difference: int) -> Violation:
    return Violation("L6", f"account {account}", f"its balance is {difference:+d} beside its entries")


def _sums(entries: Any) -> dict[int, int]:
    return dict(entries.order_by().values_list("account").annotate(total=Sum("amount")))


@about("transfer")
def never_below_zero(scope: Scope) -> Iterator[Violation]:
    """L5: no entry, in the order they were written, left an account below zero where that is forbidden."""
    after: Any = Window(Sum("amount"), partition_by=F("account"), order_by=F("pk").asc())
    if not scope.whole:
        after = after + Coalesce(F("account__snapshot__balance"), 0)
    rows = Entry.objects.filter(scope.new("transfer__"), account__kind__in=Account.OWED).annotate(after=after)
    for entry in rows.filter(after__lt=0).order_by("pk"):
        yield Violation("L5", f"entry {entry.pk}", f"left account {entry.account_id} at {entry.after}")
    for account in scope.accounts().filter(balance__lt=0, kind__in=Account.OWED):
        yield Violation("L5", f"account {account.pk}", f"balance {account.balance}")


@about("transfer")
def everything_sums_to_zero(scope: Scope) -> Iterator[Violation]:
    """L7: over all accounts, per currency."""
    totals = Entry.objects.filter(scope.new("transfer__")).values("account__currency").annotate(total=Sum("amount"))
    for row in totals.exclude(total=0).order_by("account__currency"):
        yield Violation("L7", f"currency {row['account__currency']}", f"all entries sum to {row['total']}")


@about("escrow")
def escrows_agree(scope: Scope) -> Iterator[Violation]:
    """L9: an escrow holds what its account has, and released what its transfers brought to the payee and to fees.

    L4: its account and its transfers are in its currency.
    """
    rows = scope.escrows().annotate(booked=Coalesce(F("account__balance"), 0))
    for escrow in rows.exclude(held=F("booked")):
        yield Violation("L9", f"escrow {escrow.pk}", f"holds {escrow.held}, its account {escrow.booked}")
    for pk, released, _taken, paid, _fees, _due in _of_escrows(scope).exclude(paid=F("transfer__escrow__released")):
        yield Violation("L9", f"escrow {pk}", f"released {released}, its transfers {paid}")
    for escrow in scope.escrows().filter(transfers__isnull=True).exclude(released=0, fee_taken=0):
        yield Violation("L9", f"escrow {escrow.pk}", f"released {escrow.released}, it has no transfers")
    for escrow in scope.escrows().filter(account__isnull=False).exclude(account__currency=F("currency")):
        yield Violation("L4", f"escrow {escrow.pk}", "its account has another currency")
    foreign = Entry.objects.filter(scope.new("transfer__"), transfer__escrow__isnull=False).select_related("transfer")
    for entry in foreign.exclude(account__currency=F("transfer__escrow__currency")):
        yield Violation("L4", f"entry {entry.pk}", f"is in another currency than escrow {entry.transfer.escrow_id}")


@about("deposit", "transfer.deposit")
def deposits_once(scope: Scope) -> Iterator[Violation]:
    """L10: a deposit that came in has its transfer, another has none."""
    deposits = Deposit.objects.filter(scope.later("ended_at"))
    yield from _pairs(scope, "deposit", deposits, "settle", Q(status__in=Deposit.CAPTURED), "deposit", "status")


@about("account.pending", "account.fees")
def releases_clear(scope: Scope) -> Iterator[Violation]:
    """L10: what a release paid is clearing or has cleared."""
    paid = Entry.objects.filter(transfer=OuterRef("pk"), account__kind__in=("pending", "fees"), amount__gt=0)
    releases = Transfer.objects.filter(scope.new(), kind__in=("release", "resolution", *Escrow.PASSING))
    for transfer in releases.filter(Exists(paid), clearing__isnull=True):
        yield Violation("L10", f"transfer {transfer.pk}", "was released and never clears")


@about("clearing", "transfer.clear")
def clearings_once(scope: Scope) -> Iterator[Violation]:
    """L10: a release clears once, when its row says so."""
    clearings = Clearing.objects.filter(scope.later("cleared_at"))
    ended = Q(cleared_at__isnull=False, amount__gt=0)
    yield from _pairs(scope, "clearing", clearings, "clear", ended, "clear", "cleared_at")


def _pairs(scope: Scope, noun: str, rows: Any, verb: str, due: Q, kind: str, stands: str) -> Iterator[Violation]:
    """Rows and their transfers, whose key is `noun:id:verb`: exactly where money was `due` to move, both are there."""
    keyed = rows.annotate(key=Concat(Value(f"{noun}:"), UuidText("pk"), Value(f":{verb}")))
    there = Exists(Transfer.objects.filter(key=OuterRef("key")))
    for pk, how in keyed.filter(due).filter(~there).values_list("pk", stands):
        yield Violation("L10", f"{noun} {pk}", f"{stands} is {how}, its transfer is missing")
    for pk, how in keyed.exclude(due).filter(there).values_list("pk", stands):
        yield Violation("L10", f"{noun} {pk}", f"{stands} is {how}, and it has a transfer")
    if scope.whole and Transfer.objects.filter(kind=kind).count() == keyed.filter(there).count():
        return  # keys are unique: as many transfers as rows that have one leave none without a row
    yield from _without_row(scope, kind, rows.model._default_manager.all())


def _without_row(scope: Scope, kind: str, rows: Any) -> Iterator[Violation]:
    """Transfers of `kind`, whose keys are `noun:id:verb`, that no row stands behind."""
    found = Transfer.objects.filter(scope.new(), kind=kind).values_list("pk", "key")
    for chunk in chunks(found.iterator(CHUNK)):
        ids = {pk: _id_in(key) for pk, key in chunk}
        there = set(rows.filter(pk__in=[one for one in ids.values() if one]).values_list("pk", flat=True))
        for pk, key in chunk:
            if ids[pk] not in there:
                yield Violation("L10", f"transfer {pk}", f"{key} has no {key.split(':')[0]}")


def _id_in(key: str) -> UUID | None:
    try:
        return UUID(key.split(":")[1])
    except (IndexError, ValueError):
        return None


@about("record")
def records_have_answers(scope: Scope) -> Iterator[Violation]:
    """L11: an idempotency record is committed with its effect and its answer, or not at all."""
    bare = IdempotencyRecord.objects.filter(Q(status__isnull=True) | Q(body=""))
    for record in bare.filter(scope.later("created_at")):
        yield Violation("L11", f"idempotency record {record.pk}", "has no answer")


@about("escrow", "account.pending")
def fees_exact(scope: Scope) -> Iterator[Violation]:
    """L12: the fee is the fee on what was released, in the row and in the entries, and what is pending is clearing."""
    right = {"transfer__escrow__fee_taken": F("due"), "fees": F("due")}
    for pk, released, taken, _paid, fees, due in _of_escrows(scope).exclude(**right):
        yield Violation("L12", f"escrow {pk}", f"fee {taken}, entries {fees}, due {due} on {released}")
    yield from _pending_differences(scope)


def _of_escrows(scope: Scope) -> Any:
    """(escrow, what it released, fee taken, what its transfers brought to people and fees, to fees, the fee due)."""
    of = "transfer__escrow"
    entries = Entry.objects.filter(**{f"{of}__in": scope.escrows()} if not scope.whole else {f"{of}__isnull": False})
    kind = "account__kind"
    sums = {
        "paid": Coalesce(Sum("amount", filter=Q(**{f"{kind}__in": ("pending", "available", "fees")})), 0),
        "fees": Coalesce(Sum("amount", filter=Q(**{kind: "fees"})), 0),
        "due": (F(f"{of}__released") * F(f"{of}__fee_bps") + 5000) / 10000,
    }
    columns = (of, f"{of}__released", f"{of}__fee_taken")
    return entries.order_by().values_list(*columns).annotate(**sums)


def _pending_differences(scope: Scope) -> Iterator[Violation]:
    """What is pending and what is clearing, per person and currency; also where one of the two has no row."""
    waiting = Clearing.objects.filter(cleared_at__isnull=True)
    same = waiting.filter(escrow__payee=OuterRef("user"), escrow__currency=OuterRef("currency")).order_by()
    total = Subquery(same.values("escrow__payee").annotate(total=Sum("amount")).values("total"))
    accounts = scope.accounts().filter(kind=Account.Kind.PENDING).annotate(clearing=Coalesce(total, 0))
    for account in accounts.exclude(balance=F("clearing")):
        yield Violation("L12", f"account {account.pk}", f"pending {account.balance}, clearing {account.clearing}")
    own = Account.objects.filter(
        kind=Account.Kind.PENDING, user=OuterRef("escrow__payee"), currency=OuterRef("escrow__currency")
    )
    homeless = waiting.filter(~Exists(own), amount__gt=0).order_by().values_list("escrow__payee", "escrow__currency")
    if scope.whole:
        for payee, currency, amount in homeless.annotate(total=Sum("amount")):
            yield Violation("L12", f"account pending({payee}) {currency}", f"pending 0, clearing {amount}")


@about("escrow")
def dispute_money_stays(scope: Scope) -> Iterator[Violation]:
    """L19: nothing leaves a dispute but its resolution, or its whole return to where it was frozen from."""
    leaving = Entry.objects.filter(scope.new("transfer__"), account__escrow__kind="dispute", amount__lt=0)
    for entry in leaving.exclude(transfer__kind__in=("resolution", "move")):
        yield Violation("L19", f"entry {entry.pk}", "money left a dispute without a resolution")
    target = Entry.objects.filter(transfer=OuterRef("transfer"), amount__gt=0).values("account__escrow")[:1]
    back = leaving.filter(transfer__kind="move").annotate(to=target, frozen=-F("amount"))
    into = {"entries__account": OuterRef("account"), "entries__amount": OuterRef("frozen")}
    for entry in back.exclude(Exists(Transfer.objects.filter(kind="move", escrow=OuterRef("to"), **into))):
        yield Violation("L19", f"entry {entry.pk}", "money left a dispute for another place than it came from")


CHECKS: tuple[Check, ...] = (
    transfers_balance,
    amounts_in_range,
    nothing_vanished,
    owners_fit,
    never_below_zero,
    balances_follow_entries,
    everything_sums_to_zero,
    escrows_agree,
    deposits_once,
    releases_clear,
    clearings_once,
    records_have_answers,
    fees_exact,
    dispute_money_stays,
)
