"""`post`: the only door through which money moves. See docs/ledger.md and design rule "one module may write money"."""

import hashlib
from collections.abc import Sequence

from django.db import IntegrityError, connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from payment.models import Account, Entry, Transfer
from skilllink.errors import Conflict
from skilllink.ids import uuid7
from skilllink.money import LARGEST
from skilllink.transactions import inside_transaction

Lines = Sequence[tuple[Account, int]]


class Unbalanced(ValueError):
    """The caller's entries are no transfer: a programming error, never a person's."""


class KeyReused(Conflict):
    code = "ledger.key_reused"
    sentence = _("This was already done with other figures. Nothing was moved.")


class Overdrawn(Conflict):
    code = "ledger.overdrawn"
    sentence = _("There isn't enough money for that any more. Nothing was moved.")


@inside_transaction
def post(key: str, kind: str, entries: Lines, *, reason: str = "", reverses: Transfer | None = None) -> Transfer:
    """Write one transfer: `entries` are (account, signed minor units) and sum to zero per currency.

    The same key with the same content returns the transfer that is there; with other content raises KeyReused.
    Raises Overdrawn when an account that may not be negative would be, Unbalanced for entries that are no transfer.
    """
    lines = sorted(_checked(entries), key=lambda line: line[0].pk)
    content = "\n".join([kind, str(reverses.pk if reverses else ""), *(f"{a.pk} {n}" for a, n in lines)])
    fingerprint = hashlib.sha256(content.encode()).hexdigest()
    write = _write_postgresql if connection.vendor == "postgresql" else _write_sqlite
    transfer_id, kept = write(key, kind, reason, fingerprint, reverses, lines)
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


def _write_postgresql(key, kind, reason, fingerprint, reverses, lines):  # type: ignore[no-untyped-def]
    """One round trip; the function locks accounts in order, keeps balances and writes the entries."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT transfer_id, kept FROM ledger_post(%s::uuid, %s, %s, %s, %s, %s::uuid, %s::bigint[], %s::bigint[])",
                [
                    uuid7(), key, kind, reason, fingerprint, reverses.pk if reverses else None,
                    [account.pk for account, _n in lines], [amount for _a, amount in lines],
                ],
            )  # fmt: skip
            return cursor.fetchone()
    except IntegrityError as error:
        raise _overdrawn(error) from error


def _write_sqlite(key, kind, reason, fingerprint, reverses, lines):  # type: ignore[no-untyped-def]
    """The same rules inside the IMMEDIATE transaction: entries first, the transfer last, whose trigger proves the sum."""
    there = Transfer.objects.filter(key=key).values_list("pk", "fingerprint").first()
    if there:
        return there
    transfer = Transfer(pk=uuid7(), key=key, kind=kind, reason=reason, fingerprint=fingerprint, reverses=reverses)
    for account, amount in lines:
        try:
            Account.objects.filter(pk=account.pk, balance__isnull=False).update(balance=F("balance") + amount)
        except IntegrityError as error:
            raise _overdrawn(error) from error
    Entry.objects.bulk_create(
        [Entry(transfer_id=transfer.pk, account=account, amount=amount) for account, amount in lines]
    )
    transfer.save(force_insert=True)
    return transfer.pk, fingerprint


def _overdrawn(error: IntegrityError) -> Exception:
    return Overdrawn() if "account_not_negative" in str(error) else error
