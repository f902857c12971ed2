"""Offers: made with money held, answered or countered, accepted once; what nobody answers expires.

All rounds of one negotiation share one escrow. It is filled by the client's round, kept through the freelancer's
counter, and emptied into the contract or back to the client when the negotiation ends.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from chat import openings
from payment import escrow as escrows
from projects import activity, bid_fields, board, contracts, offer_terms, pro_bono
from projects.models import Bid, Contract, Gig, Offer
from projects.rules import rule
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction, verb
from users.notifications import inbox
from users.standing import require_active


class NotYours(Forbidden):
    code, sentence = "offer.not_yours", _("That isn't yours to do on this offer. Nothing was changed.")


class Answered(Conflict):
    code = "offer.answered"
    sentence = _("This offer is no longer open: {state}. Nothing was charged.")


class Filled(Conflict):
    code = "offer.filled"
    sentence = _("Someone accepted an offer for this gig a moment ago. Nothing was charged.")


class AlreadyOffered(Conflict):
    code, sentence = "offer.already_made", _("An offer to this person is waiting for an answer. Nothing was held.")


class NotNow(Conflict):
    code = "offer.not_now"
    sentence = _("This bid is “{state}”, so no offer can be made. Nothing was held.")


class GigNotOpen(Conflict):
    code = "offer.gig_not_open"
    sentence = _("This gig is {state}, so no offer can be made. Nothing was held.")


class TooManyRounds(Conflict):
    code = "offer.too_many_rounds"
    sentence = _("That was round {rounds}, the last. Accept or decline it; you can talk in the room.")


@verb
def make(
    bid: Any,
    *,
    by: Any,
    message: str = "",
    hold: str = "first",
    amount: int | None = None,
    days: int | None = None,
    hours: int | None = None,
    milestones: Any = None,
    review_days: int | None = None,
    version: int | None = None,
) -> Offer:
    """The client's binding proposal to one bidder; holds the first milestone, or `all`, from the client's wallet.

    By the hour `amount` is an hour's, `hours` the most of a week, and the first week is held. Terms default to the bid's;
    amounts in minor units. Raises offer_terms.BadTerms, payment's InsufficientFunds when the wallet can't hold it,
    board.Stale when `version` isn't the bid's current one.
    """
    require_active(by)
    bid = _locked_bid(bid)
    gig = bid.gig
    if gig.client_id != by.pk:
        raise NotYours()
    if version is not None and version != bid.version:
        raise board.Stale()
    if bid.status == "offered":
        raise AlreadyOffered()
    if "offered" not in Bid.MOVES[bid.status]:
        raise NotNow(state=bid.get_status_display())
    if gig.status not in ("open", "paused"):
        raise GigNotOpen(state=gig.get_status_display().lower())
    if gig.hires >= gig.positions:
        raise Filled()
    pro_bono.require_cause(gig)
    terms = offer_terms.read(
        bid, bid, amount=amount, days=days, hours=hours, milestones=milestones, review_days=review_days, hold=hold
    )
    escrow = None if gig.is_pro_bono else _open_escrow(bid)
    offer = _send(bid, by, 1, escrow, message, terms)
    if escrow is not None:
        escrows.hold(escrow, offer.to_hold, key=f"offer:{offer.pk}:hold")
    board.save(bid, status=Bid.Status.OFFERED)
    openings.for_bid(bid.pk, gig.client, bid.freelancer, gig.title)
    board.touch(gig)
    board.recount(gig)
    _tell(offer, "offer.sent_pro_bono" if gig.is_pro_bono else "offer.sent", by, bid.freelancer)
    return offer


@verb
def counter(
    offer: Any,
    *,
    by: Any,
    message: str = "",
    amount: int | None = None,
    days: int | None = None,
    hours: int | None = None,
    milestones: Any = None,
    review_days: int | None = None,
    hold: str | None = None,
    version: int | None = None,
) -> Offer:
    """Answer an offer with other terms, as the one who got it. At most OFFER_ROUNDS rounds.

    A client's counter holds what its terms need (or gives back the difference); a freelancer's holds nothing more.
    """
    offer = _open_offer(offer, by, version, receiver=True)
    rounds = rule("OFFER_ROUNDS")
    if offer.round >= rounds:
        raise TooManyRounds(rounds=offer.round)
    terms = offer_terms.read(
        offer.bid, offer, amount=amount, days=days, hours=hours, milestones=milestones,
        review_days=offer.review_days if review_days is None else review_days, hold=hold or offer.hold,
    )  # fmt: skip
    board.save(offer, status=Offer.Status.SUPERSEDED, answered_at=now())
    reply = _send(offer.bid, by, offer.round + 1, offer.escrow, message, terms)
    if reply.by_client:
        _level(reply)
    board.touch(offer.bid.gig)
    _tell(reply, "offer.countered", by, offer.made_by)
    return reply


@verb
def accept(offer: Any, *, by: Any, version: int | None = None) -> Contract:
    """Accept an offer as the one who got it: hold what its terms need, hire, and make the contract, all or nothing.

    When it was the last place, the other offers are taken back with their money and the other bids end as not selected.
    Raises Answered, Filled, board.Stale, or payment's InsufficientFunds when the client's wallet can't top the hold up.
    """
    offer = _open_offer(offer, by, version, receiver=True)
    bid, gig = offer.bid, offer.bid.gig
    if gig.hires >= gig.positions or gig.status not in ("open", "paused"):
        raise Filled()
    _level(offer)
    board.save(offer, status=Offer.Status.ACCEPTED, answered_at=now())
    board.save(bid, status=Bid.Status.HIRED, ended_at=now())
    board.save(gig, hires=gig.hires + 1)
    if offer.escrow is not None:
        offer.escrow.refresh_from_db()
    contract = contracts.start.within(offer)
    activity.record("offer.accepted", actor=by, gig=gig)
    _tell_parties(offer, "offer.accepted")
    if gig.hires == gig.positions:
        _fill(gig)
    else:
        board.recount(gig)
        board.touch(gig)
    return contract


@verb
def decline(offer: Any, *, by: Any, reason: str = "", version: int | None = None) -> Offer:
    """Say no to an offer as the one who got it. Held money returns at once; the bid is live again."""
    offer = _open_offer(offer, by, version, receiver=True)
    text = bid_fields.text_of(reason)[:1000]
    _finish(offer, Offer.Status.DECLINED, reason=text)
    _tell(offer, "offer.declined", by, offer.made_by, reason=text or "–")
    return offer


@verb
def withdraw(offer: Any, *, by: Any, version: int | None = None) -> Offer:
    """Take an own offer back before it is answered. Held money returns at once; the bid is live again."""
    offer = _open_offer(offer, by, version, receiver=False)
    _finish(offer, Offer.Status.WITHDRAWN)
    _tell(offer, "offer.withdrawn", by, _other(offer, by))
    return offer


@verb
def expire(offer: Any) -> Offer | None:
    """End an offer that nobody answered in time. Called by the sweep; None when it was answered meanwhile."""
    offer = _locked_offer(offer)
    if offer.status != "sent" or offer.due_at > now():
        return None
    _finish(offer, Offer.Status.EXPIRED)
    activity.record("offer.expired", actor=None, gig=offer.bid.gig)
    _tell_parties(offer, "offer.expired")
    event = "offer.expired_pro_bono" if offer.bid.gig.is_pro_bono else "offer.expired"
    for person in sorted((offer.client, offer.freelancer), key=lambda person: person.pk):
        inbox.notify(person, event, url=offer.get_absolute_url(), gig=offer.bid.gig.title)
    return offer


@inside_transaction
def end_negotiation(bid: Bid, status: str) -> None:
    """End the offer that waits on a bid, if any, and give the held money back. The bid's own state is the caller's."""
    offer = Offer.objects.select_related("escrow").filter(bid=bid, status="sent").first()
    if offer is None:
        return
    board.save(offer, status=status, answered_at=now())
    _give_back(offer)
    offer.bid = bid
    _tell_parties(offer, f"offer.{status}")


@inside_transaction
def take_back_all(gig: Gig) -> None:
    """Take back every waiting offer of a gig that ends, with its money."""
    for bid in Bid.objects.filter(gig=gig, status="offered").select_related("freelancer").order_by("id"):
        bid.gig = gig
        end_negotiation(bid, "withdrawn")


def _open_escrow(bid: Bid) -> Any:
    parties = {"payer": bid.gig.client, "payee": bid.freelancer}
    return escrows.open("offer", currency=bid.gig.currency, fee_bps=rule("FREELANCER_FEE_BPS"), **parties)


def _send(bid: Bid, by: Any, round_: int, escrow: Any, message: str, terms: dict[str, Any]) -> Offer:
    moment = now()
    return Offer.objects.create(
        bid=bid,
        made_by=by,
        round=round_,
        currency=bid.currency,
        fee_bps=escrow.fee_bps if escrow else 0,
        revisions=rule("REVISIONS"),
        message=bid_fields.text_of(message)[:5000],
        escrow=escrow,
        sent_at=moment,
        due_at=moment + rule("OFFER_WINDOW"),
        **terms,
    )


def _level(offer: Offer) -> None:
    """Bring the shared escrow to what this offer's terms need: top up from the client's wallet, or give back."""
    if offer.escrow is None:
        return
    offer.escrow.refresh_from_db()
    difference = offer.to_hold - offer.escrow.held
    if difference > 0:
        escrows.hold(offer.escrow, difference, key=f"offer:{offer.pk}:hold")
    elif difference < 0:
        escrows.refund(offer.escrow, -difference, key=f"offer:{offer.pk}:over")


def _give_back(offer: Offer) -> None:
    if offer.escrow is None:
        return
    offer.escrow.refresh_from_db()
    if offer.escrow.held:
        escrows.refund(offer.escrow, offer.escrow.held, key=f"offer:{offer.pk}:refund")


def _finish(offer: Offer, status: str, reason: str = "") -> None:
    board.save(offer, status=status, answered_at=now(), answer_reason=reason)
    _give_back(offer)
    bid = offer.bid
    back = Bid.Status.SHORTLISTED if bid.shortlisted_at else Bid.Status.SUBMITTED
    board.save(bid, status=back)
    board.touch(bid.gig)
    board.recount(bid.gig)


def _fill(gig: Gig) -> None:
    take_back_all(gig)
    board.save(gig, status=Gig.Status.FILLED, ended_at=now())
    board.end_bids(gig, Bid.Status.NOT_SELECTED, "bid.not_selected")
    activity.record("gig.filled", actor=None, gig=gig)
    if gig.visibility == Gig.Visibility.PUBLIC:
        push("gigs:board", {"type": "gig.filled", "id": str(gig.pk)})


def _locked_bid(bid: Any) -> Bid:
    pk = getattr(bid, "pk", bid)
    gig = board.lock(Bid.objects.values_list("gig_id", flat=True).get(pk=pk))
    row = Bid.objects.select_for_update(of=("self",)).select_related("freelancer").get(pk=pk)
    row.gig = gig
    return row


def _locked_offer(offer: Any) -> Offer:
    pk = getattr(offer, "pk", offer)
    bid = _locked_bid(Offer.objects.values_list("bid_id", flat=True).get(pk=pk))
    row = Offer.objects.select_for_update(of=("self",)).select_related("escrow", "made_by").get(pk=pk)
    row.bid = bid
    return row


def _open_offer(offer: Any, by: Any, version: int | None, *, receiver: bool) -> Offer:
    """Lock and judge: the person is the receiver (or the maker), it waits for an answer and isn't out of time."""
    require_active(by)
    offer = _locked_offer(offer)
    parties = (offer.bid.gig.client_id, offer.bid.freelancer_id)
    if by.pk not in parties or (by.pk == offer.made_by_id) == receiver:
        raise NotYours()
    if offer.status != "sent":
        filled = offer.status == "withdrawn" and offer.bid.gig.status == "filled"
        raise Filled() if filled else Answered(state=offer.get_status_display().lower())
    if offer.due_at <= now():
        raise Answered(state=str(_("its time is over")))
    if version is not None and version != offer.version:
        raise board.Stale()
    return offer


def _other(offer: Offer, by: Any) -> Any:
    return offer.freelancer if by.pk == offer.bid.gig.client_id else offer.client


def _tell(offer: Offer, event: str, by: Any, recipient: Any, **facts: Any) -> None:
    activity.record(event, actor=by, gig=offer.bid.gig)
    _tell_parties(offer, event)
    inbox.notify(
        recipient,
        event,
        actor=by,
        url=offer.get_absolute_url(),
        gig=offer.bid.gig.title,
        who=by.get_short_name(),
        amount=money.format_money(offer.amount, offer.currency),
        **facts,
    )


def _tell_parties(offer: Offer, event: str) -> None:
    for person in (offer.bid.gig.client_id, offer.bid.freelancer_id):
        push(f"user:{person}", {"type": event, "id": str(offer.pk)})
