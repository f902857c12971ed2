"""Money moved by hand: one person of finance asks for it with a reason, another one decides, neither is a party (L16)."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from payment import accounts, chargebacks, finance, halt, ledger
from payment.models import Chargeback, Movement, Payout
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed, Unprocessable
from skilllink.transactions import inside_transaction, verb
from users.moderation import audit as staff_log

REASON = 1000
Kind = Movement.Kind
Status = Movement.Status


class NotYours(Forbidden):
    code = "movement.not_yours"
    sentence = _("Only people of finance who are no party move money by hand. Nothing was moved.")


class SamePerson(Forbidden):
    code = "movement.same_person"
    sentence = _("You asked for this yourself: somebody else of finance decides. Nothing was moved.")


class Decided(Conflict):
    code = "movement.decided"
    sentence = _("This is decided already. Nothing was moved.")


class AlreadyAsked(Conflict):
    code = "movement.already_asked"
    sentence = _("Somebody has asked for this already, or it needs nobody. Nothing was changed.")


@verb
def propose_payout(payout: Payout, *, by: Any, reason: str) -> Movement:
    """Ask that a payout above the limit goes out."""
    row = Payout.objects.select_for_update(of=("self",)).select_related("user").get(pk=payout.pk)
    if not row.needs_two or row.approved_at or row.status not in (Payout.Status.REQUESTED, Payout.Status.ON_HOLD):
        raise AlreadyAsked()
    if row.movements.filter(status=Status.PROPOSED).exists():
        raise AlreadyAsked()
    return _propose(Kind.PAYOUT, by, reason, row.amount, row.currency, party=row.user, payout=row)


@verb
def propose_write_off(chargeback: Chargeback, amount: int, *, by: Any, reason: str) -> Movement:
    """Ask that `amount` minor units of what a lost chargeback left owed are written off."""
    row = Chargeback.objects.select_for_update(of=("self",)).select_related("deposit__user").get(pk=chargeback.pk)
    if row.status != Chargeback.Status.LOST or row.movements.filter(status=Status.PROPOSED).exists():
        raise AlreadyAsked()
    deposit = row.deposit
    return _propose(Kind.WRITE_OFF, by, reason, amount, deposit.currency, party=deposit.user, chargeback=row)


@verb
def propose(kind: str, amount: int, currency: str, *, by: Any, reason: str) -> Movement:
    """Ask that the operator adds capital (`capital_in`) or takes fees (`fees_out`), minor units."""
    if kind not in (Kind.CAPITAL_IN, Kind.FEES_OUT):
        raise Malformed(fields={"kind": _("Choose what is moved.")})
    return _propose(Kind(kind), by, reason, amount, currency)


@verb
def decide(movement: Movement, *, by: Any, approve: bool, reason: str) -> Movement:
    """The second person's word: done in this transaction, or refused. Raises NotYours, SamePerson, Decided, halt.Halted."""
    row = Movement.objects.select_for_update(of=("self",)).get(pk=movement.pk)
    if not finance.is_one(by) or by.pk == row.party_id:
        raise NotYours()
    if by.pk == row.proposed_by_id:
        raise SamePerson()
    if row.status != Status.PROPOSED:
        raise Decided()
    row.status = Status.DONE if approve else Status.REFUSED
    row.decided_by, row.decided_at, row.outcome = by, now(), _words(reason)
    row.save()
    if approve:
        halt.require_running()
        ACTS[Kind(row.kind)](row)
    staff_log.record(by, f"movement.{row.status}", subject=row, reason=row.outcome)
    return row


@inside_transaction
def _propose(kind: Kind, by: Any, reason: str, amount: int, currency: str, **about: Any) -> Movement:
    if not finance.is_one(by) or (about.get("party") is not None and about["party"].pk == by.pk):
        raise NotYours()
    money.exponent(currency)
    money.check_minor(amount)
    words = _words(reason)
    row = Movement.objects.create(
        kind=kind, amount=amount, currency=currency, reason=words, proposed_by=by, proposed_at=now(), **about
    )
    staff_log.record(by, "movement.proposed", subject=row, reason=words)
    return row


def _words(reason: str) -> str:
    words = reason.strip() if isinstance(reason, str) else ""
    if not 1 <= len(words) <= REASON:
        raise Unprocessable(fields={"reason": _("Say why, in up to 1,000 characters.")})
    return words


# --- what is done ---------------------------------------------------------------------------------


def _let_out(row: Movement) -> None:
    waiting = Payout.objects.filter(movements=row, approved_at__isnull=True)
    if not waiting.filter(status__in=(Payout.Status.REQUESTED, Payout.Status.ON_HOLD)).update(approved_at=now()):
        raise Decided(_("This payout is not in the queue any more. Nothing was moved."))


def _write_off(row: Movement) -> None:
    if row.chargeback is None:
        raise LookupError("A write-off names its chargeback.")
    chargebacks.write_off(row.chargeback, row.amount, key=_key(row))


def _add_capital(row: Movement) -> None:
    lines = [(accounts.gateway(row.currency), -row.amount), (accounts.capital(row.currency), row.amount)]
    ledger.post.within(_key(row), "capital_in", lines, reason=row.reason[:300])


def _take_fees(row: Movement) -> None:
    """No more than there is: the account keeps no balance row, so its entries are summed under a lock."""
    fees = accounts.locked(accounts.fees(row.currency))
    if row.amount > accounts.total(fees):
        raise ledger.Overdrawn()
    lines = [(fees, -row.amount), (accounts.gateway(row.currency), row.amount)]
    ledger.post.within(_key(row), "fees_out", lines, reason=row.reason[:300])


def _key(row: Movement) -> str:
    return f"movement:{row.pk}"


ACTS: dict[Kind, Callable[[Movement], None]] = {
    Kind.PAYOUT: _let_out,
    Kind.WRITE_OFF: _write_off,
    Kind.CAPITAL_IN: _add_capital,
    Kind.FEES_OUT: _take_fees,
}
