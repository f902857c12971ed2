"""Escrow: money held between two people. Every function runs inside the caller's transaction.

`key` is the domain's own name for the money event (`milestone:42:release:v3`); the same event never moves money twice.
Lock order: the escrow's row, then (in `ledger.post`) accounts by id. All amounts in minor units.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from payment import accounts, ledger
from payment.models import Clearing, Escrow, Transfer
from skilllink.clocks import now
from skilllink.errors import Conflict
from skilllink.money import check_minor, format_money
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction


class InsufficientFunds(Conflict):
    code = "wallet.insufficient"
    sentence = _("Your wallet is {missing} short of this. Nothing was held; add the missing sum and try again.")

    def __init__(self, missing: int, currency: str) -> None:
        """`missing` in minor units, kept as `self.missing` for a link to the deposit page."""
        super().__init__(missing=format_money(missing, currency))
        self.missing, self.currency = missing, currency


class NotHeld(Conflict):
    code = "escrow.not_held"
    sentence = _("That much isn't held there any more. Nothing was moved.")


class NotClearing(Conflict):
    code = "escrow.not_clearing"
    sentence = _("This money has already cleared. Nothing was moved.")


class Released(NamedTuple):
    """What a release did: `gross` left escrow, `fee` went to the platform, `net` is clearing."""

    transfer: Transfer
    gross: int
    net: int
    fee: int
    clearing: Clearing | None


@inside_transaction
def open(kind: str, *, payer: Any, payee: Any, currency: str, fee_bps: int) -> Escrow:
    """A new, empty escrow. `fee_bps` in basis points, frozen here."""
    return Escrow.objects.create(kind=kind, payer=payer, payee=payee, currency=currency, fee_bps=fee_bps)


@inside_transaction
def hold(escrow: Escrow, amount: int, *, key: str) -> Transfer:
    """wallet(payer) → escrow. Raises InsufficientFunds with what is missing."""
    check_minor(amount)
    _lock(escrow)
    if done := _done(key, "hold", escrow, amount):
        return done
    wallet = accounts.wallet(escrow.payer, escrow.currency)
    wallet = type(wallet).objects.select_for_update().get(pk=wallet.pk)
    if wallet.balance < amount:
        raise InsufficientFunds(amount - wallet.balance, escrow.currency)
    transfer = ledger.post(key, "hold", [(wallet, -amount), (accounts.of_escrow(escrow), amount)])
    _change(escrow, held=amount)
    _tell(escrow)
    return transfer


@inside_transaction
def move(source: Escrow, target: Escrow, amount: int, *, key: str) -> Transfer:
    """escrow → escrow of the same two people: offer to milestone, milestone to dispute and back."""
    check_minor(amount)
    for row in sorted((source, target), key=lambda row: row.pk):
        _lock(row)
    if done := _done(key, "move", source, -amount):
        return done
    _require_held(source, amount)
    transfer = ledger.post(key, "move", [(accounts.of_escrow(source), -amount), (accounts.of_escrow(target), amount)])
    _change(source, held=-amount)
    _change(target, held=amount)
    return transfer


@inside_transaction
def release(escrow: Escrow, amount: int, *, key: str) -> Released:
    """escrow → pending(payee) and fees; starts the clearing of the net amount."""
    check_minor(amount)
    _lock(escrow)
    if done := _done(key, "release", escrow, -amount):
        return _as_released(done)
    _require_held(escrow, amount)
    fee = fee_of(escrow, amount)
    transfer = ledger.post(key, "release", [(accounts.of_escrow(escrow), -amount), *_earned(escrow, amount - fee, fee)])
    return _cleared_later(escrow, transfer, amount, fee)


@inside_transaction
def refund(escrow: Escrow, amount: int, *, key: str) -> Transfer:
    """escrow → wallet(payer), for money that was never released."""
    check_minor(amount)
    _lock(escrow)
    if done := _done(key, "refund", escrow, -amount):
        return done
    _require_held(escrow, amount)
    wallet = accounts.wallet(escrow.payer, escrow.currency)
    transfer = ledger.post(key, "refund", [(accounts.of_escrow(escrow), -amount), (wallet, amount)])
    _change(escrow, held=-amount)
    _tell(escrow)
    return transfer


@inside_transaction
def split(escrow: Escrow, to_payee: int, *, key: str) -> Released:
    """Empty a dispute's escrow: `to_payee` gross to the payee (less the fee), the rest to the payer's wallet."""
    _lock(escrow)
    if done := _done(key, "resolution", escrow, None):
        return _as_released(done)
    if type(to_payee) is not int or not 0 <= to_payee <= escrow.held or not escrow.held:
        raise NotHeld()
    fee, back = fee_of(escrow, to_payee), escrow.held - to_payee
    lines = [(accounts.of_escrow(escrow), -escrow.held), *_earned(escrow, to_payee - fee, fee)]
    if back:
        lines.append((accounts.wallet(escrow.payer, escrow.currency), back))
    transfer = ledger.post(key, "resolution", lines)
    if back:
        _change(escrow, held=-back)
    if not to_payee:
        _tell(escrow)
        return Released(transfer, 0, 0, 0, None)
    return _cleared_later(escrow, transfer, to_payee, fee)


@inside_transaction
def claw_back(source: Escrow, target: Escrow, amount: int, *, key: str) -> Transfer:
    """Money of `source` that was released and is still clearing → the dispute's escrow `target`, fee included."""
    check_minor(amount)
    for row in sorted((source, target), key=lambda row: row.pk):
        _lock(row)
    if done := _done(key, "claw_back", target, amount):
        return done
    net, fee = _take_from_clearings(source, amount)
    lines = [*_earned(source, -net, -fee), (accounts.of_escrow(target), amount)]
    transfer = ledger.post(key, "claw_back", lines)
    _change(source, released=-amount, fee_taken=-fee)
    _change(target, held=amount)
    _tell(source)
    return transfer


@inside_transaction
def clear(clearing: Clearing) -> None:
    """pending → available when the clearing is due. The sweep's step."""
    if clearing.amount:
        user, currency = clearing.escrow.payee, clearing.escrow.currency
        lines = [
            (accounts.pending(user, currency), -clearing.amount),
            (accounts.available(user, currency), clearing.amount),
        ]
        ledger.post(f"clearing:{clearing.pk}:clear", "clear", lines)
    changed = Clearing.objects.filter(pk=clearing.pk, cleared_at__isnull=True, amount=clearing.amount).update(
        cleared_at=now()
    )
    if changed != 1:
        raise NotClearing()
    _tell(clearing.escrow)


def fee_of(escrow: Escrow, gross: int) -> int:
    """The fee on a further `gross` of this escrow: half-up on the running total, so that parts sum to the whole."""
    return fee_on(escrow.released + gross, escrow.fee_bps) - escrow.fee_taken


def fee_on(total: int, bps: int) -> int:
    """round-half-up(total × bps / 10000), minor units (design rule of the ledger)."""
    return (total * bps + 5000) // 10000


def clearing_time(payee: Any) -> timedelta:
    """How long a release to this person clears: shorter once three of their releases have cleared."""
    cleared = Clearing.objects.filter(escrow__payee=payee, cleared_at__isnull=False, amount__gt=0).count()
    return settings.SKILLLINK["CLEARING_ESTABLISHED" if cleared >= 3 else "CLEARING"]


def clearings(escrow: Escrow) -> "QuerySet[Clearing]":
    return clearings_of([escrow])


def clearings_of(escrows: Iterable[Escrow]) -> "QuerySet[Clearing]":
    """What was released from these escrows and when it clears, oldest first."""
    return Clearing.objects.filter(escrow__in=list(escrows)).order_by("due_at")


def still_clearing(clearing: Clearing) -> int:
    """Gross minor units of a release that can still be frozen by a dispute."""
    return clearing.gross if clearing.cleared_at is None else 0


def transfers(escrow: Escrow) -> "QuerySet[Transfer]":
    """Every transfer that touched the escrow, oldest first."""
    return Transfer.objects.filter(entries__account__escrow=escrow).order_by("at", "id")


def _lock(escrow: Escrow) -> None:
    """Lock the row and bring the caller's copy up to date."""
    fresh = Escrow.objects.select_for_update(of=("self",)).get(pk=escrow.pk)
    escrow.held, escrow.released, escrow.fee_taken = fresh.held, fresh.released, fresh.fee_taken


def _done(key: str, kind: str, escrow: Escrow, amount: int | None) -> Transfer | None:
    """The transfer of this event if it has happened. Raises KeyReused when it was another event or another amount."""
    transfer = Transfer.objects.filter(key=key).first()
    if transfer is None:
        return None
    moved = transfer.entries.filter(account__escrow=escrow).values_list("amount", flat=True).first()
    if transfer.kind != kind or (amount is not None and moved != amount):
        raise ledger.KeyReused()
    return transfer


def _require_held(escrow: Escrow, amount: int) -> None:
    if escrow.held < amount:
        raise NotHeld()


def _change(escrow: Escrow, **differences: int) -> None:
    Escrow.objects.filter(pk=escrow.pk).update(**{name: F(name) + value for name, value in differences.items()})
    escrow.refresh_from_db(fields=["held", "released", "fee_taken"])


def _earned(escrow: Escrow, net: int, fee: int) -> list[Any]:
    lines = [
        (accounts.pending(escrow.payee, escrow.currency), net),
        (accounts.fees(escrow.currency), fee),
    ]
    return [line for line in lines if line[1]]


def _cleared_later(escrow: Escrow, transfer: Transfer, gross: int, fee: int) -> Released:
    clearing = Clearing.objects.create(
        escrow=escrow,
        transfer=transfer,
        gross=gross,
        amount=gross - fee,
        due_at=now() + clearing_time(escrow.payee),
    )
    _change(escrow, held=-gross, released=gross, fee_taken=fee)
    _tell(escrow)
    return Released(transfer, gross, gross - fee, fee, clearing)


def _take_from_clearings(escrow: Escrow, amount: int) -> tuple[int, int]:
    """Shorten the escrow's open clearings by `amount` gross, newest first; return (net, fee) taken."""
    rows = list(clearings(escrow).select_for_update(of=("self",)).filter(cleared_at__isnull=True, gross__gt=0))
    if sum(row.gross for row in rows) < amount:
        raise NotClearing()
    fee = escrow.fee_taken - fee_on(escrow.released - amount, escrow.fee_bps)
    fee = max(fee, amount - sum(row.amount for row in rows))
    net, left_gross, left_net = amount - fee, amount, amount - fee
    for row in reversed(rows):
        gross = min(row.gross, left_gross)
        part = min(row.amount, left_net, gross)
        Clearing.objects.filter(pk=row.pk).update(gross=F("gross") - gross, amount=F("amount") - part)
        left_gross, left_net = left_gross - gross, left_net - part
    if left_net:
        raise NotClearing()
    return net, fee


def _as_released(transfer: Transfer) -> Released:
    """The stored result of a release that is asked for again."""
    entries = {entry.account.kind: entry.amount for entry in transfer.entries.select_related("account")}
    net, fee = entries.get("pending", 0), entries.get("fees", 0)
    return Released(transfer, net + fee, net, fee, Clearing.objects.filter(transfer=transfer).first())


def _tell(escrow: Escrow) -> None:
    for user_id in (escrow.payer_id, escrow.payee_id):
        push(f"user:{user_id}", {"type": "wallet.changed"})
