"""`post`: the only door through which money moves. See docs/ledger.md and design rule "one module may write money"."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from payment import halt
from payment.models import Account, Entry, Escrow, Transfer
from skilllink import prepared
from skilllink.errors import Conflict
from skilllink.ids import uuid7
from skilllink.money import LARGEST
from skilllink.transactions import inside_transaction, statement

Lines = Sequence[tuple[Account, int]]
COLUMNS = ("id", "key", "kind", "reason", "fingerprint", "reverses_id", "escrow_id", "at")
POST = (
    "SELECT transfer_id, kept, written FROM ledger_post("
    "%s::uuid, %s, %s, %s, %s, %s::uuid, %s::uuid, %s::bigint[], %s::bigint[])"
)


class Unbalanced(ValueError):
    """The caller's entries are no transfer: a programming error, never a person's."""


class KeyReused(Conflict):
    code = "ledger.key_reused"
    sentence = _("This was already done with other figures. Nothing was moved.")


class Overdrawn(Conflict):
    code = "ledger.overdrawn"
    sentence = _("There isn't enough money for that any more. Nothing was moved.")


class AlreadyReversed(Conflict):
    code = "ledger.already_reversed"
    sentence = _("This was already reversed. Nothing was moved.")


@statement
def post(
    key: str,
    kind: str,
    entries: Lines,
    *,
    escrow: Escrow | None = None,
    reason: str = "",
    reverses: Transfer | None = None,
) -> Transfer:
    """Write one transfer: `entries` are (account, signed minor units) and sum to zero per currency.

    `escrow` is the one whose money it is; `reverses` a transfer of which this is the exact opposite.
    The same key with the same content returns the transfer that is there; with other content raises KeyReused.
    Raises halt.Halted while money stands still, Overdrawn when an account that may not be negative would be,
    AlreadyReversed for a second reversal, Unbalanced for entries that are no transfer.
    """
    return _asked(key, kind, entries, escrow, reason, reverses)()


@inside_transaction
def post_soon(key: str, kind: str, entries: Lines, *, escrow: Escrow) -> Callable[[], Transfer]:
    """Ask for it, and don't wait: what is returned gives the transfer, or raises what `post` raises.

    It is to be the next answer that anybody asks for: a refusal is raised by whoever sends what waits.
    """
    return _asked(key, kind, entries, escrow, "", None)


def _asked(
    key: str, kind: str, entries: Lines, escrow: Escrow | None, reason: str, reverses: Transfer | None
) -> Callable[[], Transfer]:
    lines = sorted(_checked(entries), key=lambda line: line[0].pk)
    if reverses is not None:
        _require_opposite(reverses, lines)
    fingerprint = _fingerprint(
        kind, [(a.pk, n) for a, n in lines], escrow.pk if escrow else None, reverses.pk if reverses else None
    )
    content = (key, kind, reason, fingerprint, escrow, reverses, lines)
    postgresql = connection.vendor == "postgresql"
    with _refusals_named():  # outside a transaction it is done at once
        write = _write_postgresql(*content) if postgresql else partial(_write_sqlite, *content)
    return partial(_answered, write, fingerprint)


def _answered(write: Callable[[], Any], fingerprint: str) -> Transfer:
    with _refusals_named():
        written = write()
    if isinstance(written, Transfer):
        return written
    transfer_id, kept = written
    if transfer_id is None:
        raise halt.Halted()
    if kept != fingerprint:
        raise KeyReused()
    return Transfer.objects.get(pk=transfer_id)


def _checked(entries: Lines) -> Lines:
    totals: dict[str, int] = {}
    for account, amount in entries:
        if type(amount) is not int or amount == 0 or abs(amount) > LARGEST:
            raise Unbalanced(f"{amount!r} is no amount for {account}.")
        totals[account.currency] = totals.get(account.currency, 0) + amount
    if len(entries) < 2 or any(totals.values()) or len({account.pk for account, _n in entries}) != len(entries):
        raise Unbalanced(f"These entries are no transfer: {[(str(a), n) for a, n in entries]}.")
    return entries


def _require_opposite(transfer: Transfer, lines: Lines) -> None:
    if {account.pk: -amount for account, amount in lines} != dict(transfer.entries.values_list("account", "amount")):
        raise Unbalanced(f"These entries are not the opposite of {transfer}.")


def is_fingerprint_of(fingerprint: str, facts: Any, lines: Iterable[tuple[int, str, int]]) -> bool:
    """Whether a stored transfer's fingerprint is that of its content; `lines` are (account, currency, amount).

    The first transfers were written before a transfer knew its escrow, and say nothing of it.
    """
    amounts = [(account, amount) for account, _currency, amount in lines]
    if fingerprint == _fingerprint(facts.kind, amounts, facts.escrow, facts.reverses):
        return True
    return fingerprint == _fingerprint(facts.kind, amounts, None, facts.reverses)


def _fingerprint(kind: str, amounts: Iterable[tuple[int, int]], escrow: UUID | None, reverses: UUID | None) -> str:
    about = [f"escrow {escrow}"] if escrow else []
    content = [kind, str(reverses or ""), *(f"{account} {amount}" for account, amount in amounts), *about]
    return hashlib.sha256("\n".join(content).encode()).hexdigest()


def _write_postgresql(key, kind, reason, fingerprint, escrow, reverses, lines):  # type: ignore[no-untyped-def]
    """One round trip; the function locks accounts in order, keeps balances and writes the entries.

    What is returned gives the transfer that was written, or (id, fingerprint) of the one that was there; (None, None)
    while money stands still.
    """
    transfer_id = uuid7()
    escrow_id, reverses_id = escrow.pk if escrow else None, reverses.pk if reverses else None
    accounts, amounts = (",".join(map(str, column)) for column in zip(*((a.pk, n) for a, n in lines), strict=True))
    values = [
        transfer_id, key, kind, reason, fingerprint, escrow_id, reverses_id, f"{{{accounts}}}", f"{{{amounts}}}",
    ]  # fmt: skip
    asked = prepared.ask_soon(POST, values)

    def answer() -> Any:
        ((there, kept, at),) = asked()
        if there != transfer_id:
            return there, kept
        written = (transfer_id, key, kind, reason, fingerprint, reverses_id, escrow_id, at)  # not read again
        return Transfer.from_db(connection.alias, COLUMNS, written)

    return answer


def _write_sqlite(key, kind, reason, fingerprint, escrow, reverses, lines):  # type: ignore[no-untyped-def]
    """The same rules inside the IMMEDIATE transaction: entries first, the transfer last, whose trigger proves the sum."""
    there = Transfer.objects.filter(key=key).values_list("pk", "fingerprint").first()
    if there:
        return there
    halt.require_running()
    if reverses is not None and Transfer.objects.filter(reverses=reverses).exists():
        raise AlreadyReversed()  # before its entries are found to be too much
    transfer = Transfer(
        pk=uuid7(), key=key, kind=kind, reason=reason, fingerprint=fingerprint, escrow=escrow, reverses=reverses
    )
    for account, amount in lines:
        Account.objects.filter(pk=account.pk, balance__isnull=False).update(balance=F("balance") + amount)
    Entry.objects.bulk_create(
        [Entry(transfer_id=transfer.pk, account=account, amount=amount) for account, amount in lines]
    )
    transfer.save(force_insert=True)
    return transfer


@contextmanager
def _refusals_named() -> Iterator[None]:
    """Raise the refusal that a constraint of the database stands for."""
    try:
        yield
    except IntegrityError as error:
        if "account_not_negative" in str(error):
            raise Overdrawn() from error
        if "reverses_id" in str(error):
            raise AlreadyReversed() from error
        raise
