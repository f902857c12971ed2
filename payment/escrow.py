"""Escrow: money held between two people. Every function runs inside the caller's transaction.

`key` is the domain's own name for the money event (`milestone:42:release:v3`); the same event never moves money twice.
Lock order: the escrow's row, then (in `ledger.post`) accounts by id. All amounts in minor units.

What the payee earned is one running total per escrow, `released`, and the fee is always `fee_on` that total: a release
lengthens it, and what is taken back shortens it from its end. So parts sum to the whole in both directions, to the unit.
Clearings are the last stretch of the total: they are due one after the other, and shortened from the last.
"""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from payment import accounts, ledger
from payment.models import Account, Clearing, Escrow, Transfer
from skilllink.clocks import now
from skilllink.errors import Conflict
from skilllink.money import check_minor, fee_on, format_money
from skilllink.prepared import insert, new, prepared, prepared_update
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


class Frozen(Conflict):
    code = "escrow.frozen"
    sentence = _("This money is in dispute and leaves it only by its outcome. Nothing was moved.")


class NotClearing(Conflict):
    code = "escrow.not_clearing"
    sentence = _("This money has already cleared. Nothing was moved.")


class NotDue(Conflict):
    code = "escrow.not_due"
    sentence = _("This money is still clearing. Nothing was moved.")


class NotReleased(Conflict):
    code = "escrow.not_released"
    sentence = _("That much wasn't paid out of it, or went back already. Nothing was moved.")


class NotEarned(Conflict):
    code = "earnings.insufficient"
    sentence = _("Your earnings are {missing} short of this. Nothing was moved.")

    def __init__(self, missing: int, currency: str) -> None:
        """`missing` in minor units."""
        super().__init__(missing=format_money(missing, currency))
        self.missing, self.currency = missing, currency


class _Before(NamedTuple):
    """What there was before a payment; `_ask_before` says it."""

    is_established: bool
    last_clears_at: datetime | None
    is_done: bool


class Ahead(NamedTuple):
    """What a payment out of an escrow asks for, all at once; each is called for its answer."""

    escrow: Any  # its id
    key: str
    locked: Callable[[], list[Escrow]]
    accounts: Callable[[Escrow], tuple[Account, Account]]
    before: Callable[[], _Before]

    def done(self) -> list[Transfer]:
        """The transfer of this key, if it was made."""
        return _keyed(key=self.key) if self.before().is_done else []


class Released(NamedTuple):
    """What a release did: `gross` was paid, `fee` of it went to the platform, `net` is clearing."""

    transfer: Transfer
    gross: int
    net: int
    fee: int
    clearing: Clearing | None


class Releasing(NamedTuple):
    """A payment that is asked for: its figures, and `finish`, which has to be called."""

    gross: int
    net: int
    fee: int
    clears_at: datetime | None
    finish: Callable[[], Released]


@inside_transaction
def open(kind: str, *, payer: Any, payee: Any, currency: str, fee_bps: int) -> Escrow:
    """A new, empty escrow. `fee_bps` in basis points, frozen here."""
    return Escrow.objects.create(kind=kind, payer=payer, payee=payee, currency=currency, fee_bps=fee_bps)


# --- in, across, back -----------------------------------------------------------------------------


@inside_transaction
def hold(escrow: Escrow, amount: int, *, key: str) -> Transfer:
    """wallet(payer) → escrow. Raises InsufficientFunds with what is missing."""
    check_minor(amount)
    _lock(escrow)
    if done := _done(key, "hold", amount, escrow):
        return done
    wallet = _filled_wallet(escrow, amount)
    transfer = ledger.post.within(key, "hold", [(wallet, -amount), (accounts.of_escrow(escrow), amount)], escrow=escrow)
    _change(escrow, held=amount)
    _tell(escrow)
    return transfer


@inside_transaction
def move(source: Escrow, target: Escrow, amount: int, *, key: str) -> Transfer:
    """escrow → escrow of the same two people: offer to milestone, milestone to dispute and back.

    Raises Frozen unless what leaves a dispute is all of it, back to where all of it was frozen from (L19).
    """
    check_minor(amount)
    _require_same_people(source, target)
    _lock(source, target)
    if done := _done(key, "move", amount, source, target):
        return done
    _require_held(source, amount)
    if source.kind == Escrow.Kind.DISPUTE and not (amount == source.held and _was_frozen(target, source, amount)):
        raise Frozen()
    lines = [(accounts.of_escrow(source), -amount), (accounts.of_escrow(target), amount)]
    transfer = ledger.post.within(key, "move", lines, escrow=source)
    _change(source, held=-amount)
    _change(target, held=amount)
    _tell(source)
    return transfer


@inside_transaction
def refund(escrow: Escrow, amount: int, *, key: str) -> Transfer:
    """escrow → wallet(payer), for money that was never released."""
    check_minor(amount)
    _lock(escrow)
    if done := _done(key, "refund", amount, escrow):
        return done
    _require_free(escrow)
    _require_held(escrow, amount)
    wallet = accounts.wallet(escrow.payer, escrow.currency)
    transfer = ledger.post.within(
        key, "refund", [(accounts.of_escrow(escrow), -amount), (wallet, amount)], escrow=escrow
    )
    _change(escrow, held=-amount)
    _tell(escrow)
    return transfer


# --- to the payee ---------------------------------------------------------------------------------


@inside_transaction
def release(escrow: Escrow, amount: int, *, key: str) -> Released:
    """escrow → pending(payee) and fees, `amount` gross; starts the clearing of the net amount."""
    return releasing(escrow, amount, key=key).finish()


@inside_transaction
def releasing(escrow: Escrow, amount: int, *, key: str, ahead: Ahead | None = None) -> Releasing:
    """The same in two steps: what is returned says what will be paid, and does it when it is told to finish.

    `ahead` is what was asked for before, of use when it was asked for this escrow and this key.
    """
    check_minor(amount)
    facts = _lock_to_pay(escrow, key, ahead)
    if done := _done(key, "release", amount, escrow, there=facts.done()):
        return _as_releasing(_as_released(done))
    _require_free(escrow)
    _require_held(escrow, amount)
    source = [(accounts.of_escrow(escrow), -amount)]
    return _pay(escrow, amount, source, facts, kind="release", key=key, held=-amount)


@inside_transaction
def ask_ahead(escrow_id: Any, key: str, *, locked: Callable[[], list[Escrow]] | None = None) -> Ahead:
    """Lock an escrow for a payment by this key and ask for what it needs, and don't wait.

    `locked` gives it, with its account, where the caller locks it along with what it belongs to.
    """
    before = _ask_before.soon(escrow=escrow_id, key=key)
    return Ahead(
        escrow=escrow_id,
        key=key,
        locked=locked or _locked.soon(pk=escrow_id),
        accounts=accounts.earning_soon(escrow_id),
        before=functools.cache(lambda: _Before(*before()[0])),
    )


@inside_transaction
def bonus(escrow: Escrow, amount: int, *, key: str) -> Released:
    """wallet(payer) → pending(payee) and fees, `amount` gross: a release without milestone, never held.

    `escrow` is of a kind that passes money on at once: a bonus, or at no fee a tip or a donation, and the transfer is
    of the same kind. Raises InsufficientFunds with what is missing.
    """
    check_minor(amount)
    if escrow.kind not in Escrow.PASSING:
        raise ValueError(f"An escrow of kind {escrow.kind} holds money; release it.")
    facts = _lock_to_pay(escrow, key)
    if done := _done(key, escrow.kind, amount, escrow, there=facts.done()):
        return _as_released(done)
    wallet = _filled_wallet(escrow, amount)
    return _pay(escrow, amount, [(wallet, -amount)], facts, kind=escrow.kind, key=key).finish()


@inside_transaction
def split(escrow: Escrow, to_payee: int, *, key: str) -> Released:
    """Empty a dispute's escrow: `to_payee` gross to the payee (less the fee), the rest to the payer's wallet."""
    facts = _lock_to_pay(escrow, key)
    for done in facts.done():
        result = _as_released(done)
        if (done.kind, done.escrow_id, result.gross) != ("resolution", escrow.pk, to_payee):
            raise ledger.KeyReused()
        return result
    held = escrow.held
    if type(to_payee) is not int or not 0 <= to_payee <= held or not held:
        raise NotHeld()
    lines = [(accounts.of_escrow(escrow), -held)]
    if held > to_payee:
        lines.append((accounts.wallet(escrow.payer, escrow.currency), held - to_payee))
    return _pay(escrow, to_payee, lines, facts, kind="resolution", key=key, held=-held).finish()


# --- back from the payee --------------------------------------------------------------------------


@inside_transaction
def claw_back(source: Escrow, target: Escrow, amount: int, *, key: str) -> Transfer:
    """pending(payee) and fees → the dispute's escrow `target`: `amount` gross, released from `source`, still clearing.

    Raises NotClearing when less than that is still clearing.
    """
    check_minor(amount)
    _require_same_people(source, target)
    _lock(source, target)
    if done := _done(key, "claw_back", amount, source, target):
        return done
    taken = _shorten_clearings(source, amount)
    if taken.gross < amount:
        raise NotClearing()
    lines = [*_earned(accounts.earning(source), -taken.net, -taken.fee), (accounts.of_escrow(target), amount)]
    transfer = ledger.post.within(key, "claw_back", lines, escrow=source)
    _change(source, released=-amount, fee_taken=-taken.fee)
    _change(target, held=amount)
    _tell(source)
    return transfer


@inside_transaction
def refund_released(escrow: Escrow, amount: int, *, key: str) -> Transfer:
    """pending(payee), then available(payee), and the fee's share → wallet(payer): `amount` gross of what was released.

    Raises NotReleased when less than that was released, NotEarned when the payee has spent too much of it.
    """
    check_minor(amount)
    _lock(escrow)
    if done := _done(key, "refund_released", amount, escrow):
        return done
    if amount > escrow.released:
        raise NotReleased()
    clearing = _shorten_clearings(escrow, amount)
    whole = _end_of_total(escrow, escrow.released, amount)
    cleared = whole.net - clearing.net
    available = accounts.available(escrow.payee, escrow.currency)
    if available.balance < cleared:
        raise NotEarned(cleared - available.balance, escrow.currency)
    wallet = accounts.wallet(escrow.payer, escrow.currency)
    lines = [*_earned(accounts.earning(escrow), -clearing.net, -whole.fee), (available, -cleared), (wallet, amount)]
    transfer = ledger.post.within(key, "refund_released", [line for line in lines if line[1]], escrow=escrow)
    _change(escrow, released=-amount, fee_taken=-whole.fee)
    _tell(escrow)
    return transfer


# --- clearing -------------------------------------------------------------------------------------


@inside_transaction
def clear(clearing: Clearing) -> None:
    """pending → available when the clearing is due. The sweep's step.

    Raises NotClearing when it has cleared, NotDue when it is too early or an earlier release has not cleared yet.
    """
    escrow = clearing.escrow
    _lock(escrow)
    clearing.refresh_from_db(fields=["amount", "due_at", "cleared_at"])
    moment = now()
    if clearing.cleared_at is not None:
        raise NotClearing()
    if clearing.due_at > moment or _open_clearings(escrow).filter(due_at__lt=clearing.due_at).exists():
        raise NotDue()
    if clearing.amount:
        lines = [
            (accounts.pending(escrow.payee, escrow.currency), -clearing.amount),
            (accounts.available(escrow.payee, escrow.currency), clearing.amount),
        ]
        ledger.post.within(f"clearing:{clearing.pk}:clear", "clear", lines, escrow=escrow)
    clearing.cleared_at = moment
    clearing.save(update_fields=["cleared_at"])
    _tell(escrow)


def clearing_time(payee: Any) -> timedelta:
    """How long a release to this person clears: shorter once three of their releases have cleared, gifts aside."""
    return _clearing_time(_third_earned(payee.pk).exists())


def _clearing_time(established: bool) -> timedelta:
    return settings.SKILLLINK["CLEARING_ESTABLISHED" if established else "CLEARING"]


def _third_earned(payee_id: Any) -> "QuerySet[Clearing]":
    """A row when three releases to this person have cleared."""
    cleared = Clearing.objects.filter(escrow__payee=payee_id, cleared_at__isnull=False, amount__gt=0)
    return cleared.exclude(escrow__kind__in=Escrow.GIFTS)[2:3]


def clearings(escrow: Escrow) -> "QuerySet[Clearing]":
    """What was released from this escrow and when it clears, oldest first."""
    return Clearing.objects.filter(escrow=escrow).order_by("due_at")


def still_clearing(escrow: Escrow) -> list[Clearing]:
    """What was released and hasn't cleared, the first that will first. Asks nothing where `clearings` were prefetched."""
    return sorted((row for row in escrow.clearings.all() if row.cleared_at is None), key=lambda row: row.due_at)


# --- fees -----------------------------------------------------------------------------------------


def fee_of(escrow: Escrow, gross: int) -> int:
    """The fee on a further `gross` of this escrow: half-up on the running total, so that parts sum to the whole."""
    return fee_on(escrow.released + gross, escrow.fee_bps) - escrow.fee_taken


# --- reading --------------------------------------------------------------------------------------


def transfers(escrow: Escrow) -> "QuerySet[Transfer]":
    """Every transfer of the escrow's money, in the order they were written (never by the clock)."""
    touched = Transfer.objects.filter(entries__account__escrow=escrow).values("pk")
    rows = Transfer.objects.filter(Q(escrow=escrow) | Q(pk__in=touched))
    return rows.annotate(first=Min("entries__pk")).order_by("first")


class _Part(NamedTuple):
    """A stretch of a running total: `gross` = `net` + `fee`, minor units."""

    gross: int
    net: int
    fee: int


def _end_of_total(escrow: Escrow, total: int, gross: int) -> _Part:
    """The last `gross` of a running total, with the fee that was taken on it."""
    fee = fee_on(total, escrow.fee_bps) - fee_on(total - gross, escrow.fee_bps)
    return _Part(gross, gross - fee, fee)


def _shorten_clearings(escrow: Escrow, amount: int) -> _Part:
    """Take up to `amount` gross out of what is still clearing, from the end; return what was found there."""
    total, left = escrow.released, amount
    for row in _open_clearings(escrow).filter(gross__gt=0).select_for_update(of=("self",)).order_by("-due_at"):
        part = _end_of_total(escrow, total, min(row.gross, left))
        Clearing.objects.filter(pk=row.pk).update(gross=F("gross") - part.gross, amount=F("amount") - part.net)
        total, left = total - part.gross, left - part.gross
        if not left:
            break
    return _end_of_total(escrow, escrow.released, amount - left)


def _open_clearings(escrow: Escrow) -> "QuerySet[Clearing]":
    return clearings(escrow).filter(cleared_at__isnull=True)


def _lock_to_pay(escrow: Escrow, key: str, ahead: Ahead | None = None) -> Ahead:
    facts = ahead if ahead is not None and (ahead.escrow, ahead.key) == (escrow.pk, key) else ask_ahead(escrow.pk, key)
    _bring_up_to_date(escrow, *facts.locked())
    return facts


def _pay(
    escrow: Escrow, gross: int, source: list[Any], facts: Ahead, *, kind: str, key: str, held: int = 0
) -> Releasing:
    """Post the lines of `source` with `gross` to the payee and fees; then lengthen the total, start the clearing.

    `held` is what changes in the escrow (negative), minor units.
    """
    fee = fee_of(escrow, gross)
    net = gross - fee
    posted = ledger.post_soon(key, kind, [*source, *_earned(facts.accounts(escrow), net, fee)], escrow=escrow)
    before = facts.before()
    clears_at = _clears_at(before.is_established, before.last_clears_at) if gross else None

    def finish() -> Released:
        transfer, clearing = posted(), None
        if clears_at is not None:
            clearing = new(Clearing, escrow=escrow, transfer=transfer, gross=gross, amount=net, due_at=clears_at)
            insert([clearing])
        _change(escrow, held=held, released=gross, fee_taken=fee)
        _tell(escrow)
        return Released(transfer, gross, net, fee, clearing)

    return Releasing(gross, net, fee, clears_at, finish)


def _as_releasing(done: Released) -> Releasing:
    clears_at = done.clearing.due_at if done.clearing else None
    return Releasing(done.gross, done.net, done.fee, clears_at, lambda: done)


def _clears_at(established: bool, last_at: datetime | None) -> datetime:
    """When a release of this moment clears: after its clearing time, and after every earlier release of the escrow."""
    at = now() + _clearing_time(established)
    return at if last_at is None or at > last_at else last_at + timedelta(microseconds=1)


@prepared
def _ask_before(escrow: Any, key: Any) -> "QuerySet[Any]":
    """Whether three releases to the payee have cleared, when the escrow's last open clearing is due, and whether a
    transfer has this key."""
    last = Clearing.objects.filter(escrow=escrow, cleared_at__isnull=True).order_by("-due_at").values("due_at")[:1]
    facts = Exists(_third_earned(OuterRef("payee"))), Subquery(last), Exists(Transfer.objects.filter(key=key))
    return Escrow.objects.filter(pk=escrow).values_list(*facts)


def _lock(*escrows: Escrow) -> None:
    """Lock the rows in order of id and bring the caller's copies up to date."""
    for escrow in sorted(escrows, key=lambda row: row.pk):
        _bring_up_to_date(escrow, *_locked(pk=escrow.pk))


def _bring_up_to_date(escrow: Escrow, fresh: Escrow) -> None:
    escrow.held, escrow.released, escrow.fee_taken = fresh.held, fresh.released, fresh.fee_taken
    escrow._state.fields_cache["account"] = fresh._state.fields_cache["account"]


@prepared
def _locked(pk: Any) -> "QuerySet[Escrow]":
    return Escrow.objects.select_for_update(of=("self",)).select_related("account").filter(pk=pk)


def _done(
    key: str, kind: str, amount: int, escrow: Escrow, target: Escrow | None = None, there: list[Any] | None = None
) -> Transfer | None:
    """The transfer of this event if it has happened, or if it is `there` already read.

    Raises KeyReused when it was another event or another amount.
    """
    there = _keyed(key=key) if there is None else there
    if not there:
        return None
    transfer: Transfer = there[0]
    moved = sum(transfer.entries.filter(amount__gt=0).values_list("amount", flat=True))
    elsewhere = target is not None and not transfer.entries.filter(account__escrow=target).exists()
    if (transfer.kind, transfer.escrow_id, moved) != (kind, escrow.pk, amount) or elsewhere:
        raise ledger.KeyReused()
    return transfer


@prepared
def _keyed(key: Any) -> "QuerySet[Transfer]":
    return Transfer.objects.filter(key=key)


def _filled_wallet(escrow: Escrow, amount: int) -> Account:
    """The payer's wallet, locked, with at least `amount` in it."""
    wallet = accounts.wallet(escrow.payer, escrow.currency)
    wallet = Account.objects.select_for_update().get(pk=wallet.pk)
    if wallet.balance < amount:
        raise InsufficientFunds(amount - wallet.balance, escrow.currency)
    return wallet


def _require_same_people(source: Escrow, target: Escrow) -> None:
    """Money goes from one escrow to another only where it stays between its payer and its payee; no verb asks for more."""
    if (source.payer_id, source.payee_id) != (target.payer_id, target.payee_id):
        raise ValueError("These two escrows are not of the same payer and payee.")


def _require_free(escrow: Escrow) -> None:
    """L19: nothing leaves a dispute by the ways of everyone else."""
    if escrow.kind == Escrow.Kind.DISPUTE:
        raise Frozen()


def _was_frozen(origin: Escrow, dispute: Escrow, amount: int) -> bool:
    """Whether exactly this much was moved from `origin` into the dispute at once, as the audit asks too."""
    into = {"entries__account__escrow": dispute, "entries__amount": amount}
    return Transfer.objects.filter(kind="move", escrow=origin, **into).exists()


def _require_held(escrow: Escrow, amount: int) -> None:
    if escrow.held < amount:
        raise NotHeld()


def _change(escrow: Escrow, **differences: int) -> None:
    """Of an escrow that is locked, and so of a copy that is up to date."""
    _add.soon(pk=escrow.pk, **differences)
    for name, value in differences.items():
        setattr(escrow, name, getattr(escrow, name) + value)


@prepared_update
def _add(pk: Any, **differences: Any) -> Any:
    return Escrow.objects.filter(pk=pk), {name: F(name) + value for name, value in differences.items()}


def _earned(earning: tuple[Account, Account], net: int, fee: int) -> list[Any]:
    """The payee's and the platform's line of a payment; negative figures take one back."""
    pending, fees = earning
    return [line for line in ((pending, net), (fees, fee)) if line[1]]


def _as_released(transfer: Transfer) -> Released:
    """The stored result of a payment that is asked for again."""
    entries = {entry.account.kind: entry.amount for entry in transfer.entries.select_related("account")}
    net, fee = entries.get("pending", 0), entries.get("fees", 0)
    return Released(transfer, net + fee, net, fee, Clearing.objects.filter(transfer=transfer).first())


def _tell(escrow: Escrow) -> None:
    accounts.tell_owners(escrow.payer_id, escrow.payee_id)
