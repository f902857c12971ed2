"""The agreement as a whole: signing, further versions of its terms, ending and closing."""

import hashlib
import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from chat import openings
from payment import escrow as escrows
from projects import feedback
from projects.announce import announce
from projects.left import Left
from projects.left import of as left_of
from projects.models import Contract, Milestone, Terms
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Malformed
from skilllink.transactions import inside_transaction, verb
from users.standing import require_active


class NotYours(Forbidden):
    code = "contract.not_yours"
    sentence = _("Only the two parties can do that. Nothing was changed.")


class NotNow(Conflict):
    code = "contract.not_now"
    sentence = _("This contract is {state}, so that isn't possible any more. Nothing was changed.")


class Incomplete(Malformed):
    code = "contract.incomplete"


@inside_transaction
def lock(contract: Any) -> Contract:
    """Lock a contract and read it afresh."""
    pk = getattr(contract, "pk", contract)
    rows = Contract.objects.select_for_update(of=("self",)).select_related("client", "freelancer", "gig")
    return rows.get(pk=pk)


@verb
def start(offer: Any) -> Contract:
    """Make the contract of an accepted offer: terms frozen and signed by both, escrow filled, room handed over.

    The offer's escrow holds the first milestone or week, or all; what it holds moves into the milestones' own escrows.
    Only `offers.accept` calls this, `within` its transaction.
    """
    moment = now()
    bid = offer.bid
    contract = Contract.objects.create(
        offer=offer,
        bid=bid,
        gig=bid.gig,
        cause=bid.gig.cause,
        client=bid.gig.client,
        freelancer=bid.freelancer,
        title=bid.gig.title,
        amount=offer.to_hold if offer.hours else offer.amount,
        currency=offer.currency,
        fee_bps=offer.fee_bps,
        review_window=offer.review_window,
        revisions=offer.revisions,
        created_at=moment,
    )
    rows = _milestones(contract, offer)
    signed = {offer.made_by_id: offer.sent_at}
    _sign(
        contract,
        version=1,
        client_at=signed.get(contract.client_id, moment),
        freelancer_at=signed.get(contract.freelancer_id, moment),
    )
    room = openings.for_bid(bid.pk, contract.client, contract.freelancer, contract.title)
    openings.promote(room, contract.pk, contract.title)
    Contract.objects.filter(pk=contract.pk).update(room_id=room.pk)
    contract.room_id = room.pk
    accepted_by = contract.other(offer.made_by)
    announce("contract.started", contract=contract, actor=accepted_by, to=(contract.client, contract.freelancer))
    _fill(rows, offer)
    return contract


def _milestones(contract: Contract, offer: Any) -> list[Milestone]:
    """What was agreed with the offer: its milestones in their order, or by the hour the first week."""
    from projects import hours  # it needs this module

    if offer.hours:
        return [hours.signed(contract, rate=offer.amount, hours=offer.hours)]
    agreed = offer.milestones or [{"title": contract.title, "amount": offer.amount, "days": offer.days}]
    return [
        Milestone.objects.create(
            contract=contract,
            position=position,
            title=step["title"],
            description=step.get("description", ""),
            amount=step["amount"],
            days=step.get("days") or 14,
            status=Milestone.Status.AGREED,
        )
        for position, step in enumerate(agreed, 1)
    ]


def _fill(rows: list[Milestone], offer: Any) -> None:
    from projects import milestones, pro_bono  # they need this module

    if offer.escrow is None:
        for row in rows:
            pro_bono.begin(row)
        return
    left = offer.escrow.held
    for row in rows:
        if row.amount > left:
            break
        escrow = open_escrow(row.contract)
        escrows.move(offer.escrow, escrow, row.amount, key=f"milestone:{row.pk}:fund")
        left -= row.amount
        milestones.funded(row, escrow, actor=row.contract.client)
    if left:
        escrows.refund(offer.escrow, left, key=f"offer:{offer.pk}:rest")


@inside_transaction
def open_escrow(contract: Contract, kind: str = "milestone") -> Any:
    """An empty escrow between the contract's parties, at the fee that was signed."""
    return escrows.open(
        kind, payer=contract.client, payee=contract.freelancer, currency=contract.currency, fee_bps=contract.fee_bps
    )


def terms_of(contract: Contract) -> dict[str, Any]:
    """What is signed, as plain data. Amounts in minor units, durations in seconds."""
    steps = contract.milestones.exclude(status__in=["proposed", "cancelled"]).order_by("position")
    return {
        "contract": str(contract.pk),
        "client": {"id": str(contract.client_id), "name": contract.client.name},
        "freelancer": {"id": str(contract.freelancer_id), "name": contract.freelancer.name},
        "title": contract.title,
        "scope": contract.gig.brief if contract.gig else "",
        "currency": contract.currency,
        "amount": contract.amount,
        "fee_basis_points": contract.fee_bps,
        "review_seconds": int(contract.review_window.total_seconds()),
        "revisions": contract.revisions,
        **({"pro_bono_for": contract.cause.title} if contract.cause else {}),
        "milestones": [
            {
                "title": step.title,
                "description": step.description,
                "amount": step.amount,
                "days": step.days,
                **({"rate_an_hour": step.rate, "minutes_a_week": step.minutes} if step.rate else {}),
            }
            for step in steps
        ],
    }


def canonical(terms: dict[str, Any]) -> str:
    """One text for one meaning: keys sorted, no spaces, UTF-8 as it is (RFC 8785 for strings and integers)."""
    return json.dumps(terms, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(text: str) -> str:
    """The SHA-256 of the canonical text, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _sign(contract: Contract, *, version: int, client_at: Any, freelancer_at: Any) -> Terms:
    text = canonical(terms_of(contract))
    return Terms.objects.create(
        contract=contract,
        version=version,
        text=text,
        sha256=fingerprint(text),
        client_signed_at=client_at,
        freelancer_signed_at=freelancer_at,
    )


@inside_transaction
def sign_again(contract: Contract) -> Terms:
    """The milestones changed by both parties' will: the terms get their next version."""
    steps = contract.milestones.exclude(status__in=["proposed", "cancelled"])
    amount = sum(steps.values_list("amount", flat=True))
    if amount:
        Contract.objects.filter(pk=contract.pk).update(amount=amount)
        contract.amount = amount
    last = contract.terms.order_by("-version").values_list("version", flat=True).first() or 0
    moment = now()
    return _sign(contract, version=last + 1, client_at=moment, freelancer_at=moment)


@inside_transaction
def move(contract: Contract, target: str, **changes: Any) -> None:
    """One allowed step of the contract's machine, or NotNow."""
    sources = [state for state, targets in Contract.MOVES.items() if target in targets]
    if not Contract.objects.filter(pk=contract.pk, status__in=sources).update(status=target, **changes):
        raise NotNow(state=contract.get_status_display().lower())
    contract.status = target
    for name, value in changes.items():
        setattr(contract, name, value)


@verb
def end(contract: Any, *, by: Any, reason: str) -> Contract:
    """Stop the contract: what holds no money is dropped; what holds money still ends by its own rules.

    Of pro-bono work that is everything but what is handed in and waits for its review.
    """
    row = lock(contract)
    require_active(by)
    if not row.party(by):
        raise NotYours()
    text = reason.strip() if isinstance(reason, str) else ""
    if not text or len(text) > 2000:
        sentence = _("Say why you end it (up to 2,000 characters).")
        raise Incomplete(sentence, fields={"reason": sentence})
    move(row, "ending")
    announce("contract.ending", contract=row, actor=by, reason=text[:200])
    from projects import milestones, pro_bono  # they need this module

    dropped = list(row.milestones.filter(status__in=["proposed", "agreed"]))
    for milestone in dropped:
        milestone.contract = row
        milestones.move(milestone, "cancelled", drop_asked_by=None, ended_at=now())
    for milestone in [*dropped, *(pro_bono.drop_unfinished(row) if row.is_pro_bono else ())]:
        announce("milestone.cancelled", contract=row, milestone=milestone, actor=by, to=(), notice=False)
    close_when_done(row, actor=by)
    return row


@inside_transaction
def close_when_done(contract: Contract, *, actor: Any, left: Left | None = None) -> None:
    """Close the contract once every milestone has ended, and open the window for reviews.

    Completed when anything was paid, or accepted pro bono; terminated when a party ended it; cancelled otherwise. `left`
    is what is left in it at this moment, for a caller who knows.
    """
    left = left or left_of(contract)
    if contract.status == Contract.Status.CLOSED or left.unended:
        return
    if contract.status == Contract.Status.ENDING:
        result = Contract.Result.TERMINATED
    else:
        result = Contract.Result.COMPLETED if left.paid else Contract.Result.CANCELLED
    move(contract, "closed", closed_at=now(), result=result)
    announce("contract.closed", contract=contract, actor=None, result=str(result), by=str(actor.pk) if actor else "")
    if left.paid or result == Contract.Result.TERMINATED:
        feedback.ask(contract)


def read(text: str) -> dict[str, Any]:
    """Signed terms as plain data again."""
    result: dict[str, Any] = json.loads(text)
    return result
