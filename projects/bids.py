"""Bids: sent, changed until an offer, withdrawn; and what the client does with them."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from chat import openings
from projects import activity, attachments, bid_fields, board, offers
from projects.models import Bid, BidFile, BidVersion, Gig
from projects.models.bid import LIVE
from projects.rules import rule
from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Missing, Unprocessable
from skilllink.realtime.push import push
from skilllink.transactions import verb
from users.notifications import inbox
from users.standing import require_active, require_may_begin


class OwnGig(Forbidden):
    code, sentence = "bid.own_gig", _("This is your own gig. You can't bid on it.")


class NotAFreelancer(Forbidden):
    code = "bid.not_a_freelancer"
    sentence = _("Bids are sent by freelancers. Switch the freelancer role on in your settings.")


class AlreadyBid(Conflict):
    code, sentence = "bid.second", _("You have already bid on this gig. Change that bid instead. Nothing was sent.")


class BidsClosed(Conflict):
    code, sentence = "bid.closed", _("Bids on this gig are closed. Nothing was sent.")


class TooManyLive(Conflict):
    code = "bid.too_many_live"
    sentence = _("You have {limit} live bids, the most at a time. Withdraw one, or wait for one to be decided.")


class NotYours(Forbidden):
    code, sentence = "bid.not_yours", _("That isn't yours to do on this bid. Nothing was changed.")


class NotNow(Conflict):
    code = "bid.not_now"
    sentence = _("This bid is “{state}”, so that isn't possible any more. Nothing was changed.")


@verb
def submit(
    gig: Any,
    freelancer: Any,
    *,
    amount: int,
    letter: str,
    days: int | None = None,
    hours: int | None = None,
    milestones: Sequence[dict[str, Any]] = (),
    answers: Sequence[str] = (),
    challenge_answer: str = "",
    files: Sequence[Any] = (),
) -> Bid:
    """Send a bid. Amounts in minor units of the gig's currency; milestones, if any, sum to the amount.

    On an hourly gig `amount` is an hour's and `hours` the most of a week, without days and milestones.
    When the gig's places are taken the bid waits on its waitlist. Raises OwnGig, AlreadyBid, BidsClosed, TooManyLive,
    or what `bid_fields.read` finds.
    """
    require_may_begin(freelancer)
    gig = board.lock(gig)
    _may_bid(gig, freelancer)
    values = bid_fields.read(
        gig, amount=amount, days=days, hours=hours, letter=letter, milestones=milestones, answers=answers,
        challenge_answer=challenge_answer,
    )  # fmt: skip
    full = Bid.objects.on_board().filter(gig=gig).count() >= rule("LIVE_BIDS_PER_GIG")
    bid = Bid.objects.create(
        gig=gig,
        freelancer=freelancer,
        currency=gig.currency,
        status=Bid.Status.WAITLISTED if full else Bid.Status.SUBMITTED,
        submitted_at=now(),
        **values,
    )
    _keep_version(bid)
    attachments.attach(bid, BidFile, "bid", files, limit=rule("FILES_PER_BID"))
    board.touch(gig)
    board.recount(gig)
    activity.record("bid.submitted", actor=freelancer, gig=gig)
    inbox.notify(
        gig.client,
        "bid.submitted",
        actor=freelancer,
        url=gig.get_absolute_url(),
        gig=gig.title,
        who=freelancer.get_short_name(),
    )
    return bid


@verb
def revise(
    bid: Any,
    *,
    by: Any,
    amount: int,
    letter: str,
    days: int | None = None,
    hours: int | None = None,
    milestones: Sequence[dict[str, Any]] = (),
    answers: Sequence[str] = (),
    challenge_answer: str = "",
    files: Sequence[Any] = (),
    version: int | None = None,
) -> Bid:
    """Change a bid, until an offer was made. The earlier version is kept."""
    bid = _own(bid, by)
    if version is not None and version != bid.version:
        raise board.Stale()
    if not bid.is_editable or bid.gig.status not in ("open", "paused"):
        raise NotNow(state=bid.get_status_display())
    values = bid_fields.read(
        bid.gig, amount=amount, days=days, hours=hours, letter=letter, milestones=milestones, answers=answers,
        challenge_answer=challenge_answer,
    )  # fmt: skip
    attachments.attach(bid, BidFile, "bid", files, limit=rule("FILES_PER_BID"))
    board.save(bid, revised_at=now(), **values)
    _keep_version(bid)
    board.touch(bid.gig)
    activity.record("bid.revised", actor=by, gig=bid.gig)
    _tell_client(bid, "bid.revised")
    return bid


@verb
def withdraw(bid: Any, *, by: Any) -> Bid:
    """Take a bid back, any time before it is accepted; its slot is free again. A waiting offer ends, its money returns."""
    bid = _own(bid, by)
    if not bid.is_live:
        raise NotNow(state=bid.get_status_display())
    offers.end_negotiation(bid, "declined")
    board.save(bid, status=Bid.Status.WITHDRAWN, ended_at=now())
    board.recount(bid.gig)
    activity.record("bid.withdrawn", actor=by, gig=bid.gig)
    _tell_client(bid, "bid.withdrawn")
    return bid


@verb
def shortlist(bid: Any, *, by: Any, on: bool = True) -> Bid:
    """Put a bid on the client's shortlist, or take it off. Only the client sees which are on it."""
    bid = _of_client(bid, by)
    wanted, other = ("shortlisted", "submitted") if on else ("submitted", "shortlisted")
    if bid.status == wanted:
        return bid
    if bid.status != other:
        raise NotNow(state=bid.get_status_display())
    _mark(bid, status=wanted, shortlisted_at=now() if on else None)
    _tell_tabs(bid, bid.gig.client_id)
    return bid


@verb
def archive(bid: Any, *, by: Any, on: bool = True) -> Bid:
    """Put a bid away from the client's list, or back. Its author isn't told; it stays live."""
    bid = _of_client(bid, by)
    if not bid.is_live:
        raise NotNow(state=bid.get_status_display())
    _mark(bid, archived_at=now() if on else None)
    _tell_tabs(bid, bid.gig.client_id)
    return bid


@verb
def decline(bid: Any, *, by: Any, reason: str) -> Bid:
    """Say no, with a reason that the freelancer reads. The slot returns."""
    bid = _of_client(bid, by)
    if bid.status not in ("submitted", "waitlisted", "shortlisted"):
        raise NotNow(state=bid.get_status_display())
    text = bid_fields.text_of(reason)
    if not 5 <= len(text) <= 1000:
        sentence = _("Give a reason of 5 to 1,000 characters; the freelancer reads it.")
        raise Unprocessable(sentence, fields={"reason": sentence})
    board.save(bid, status=Bid.Status.DECLINED, decline_reason=text, ended_at=now())
    board.touch(bid.gig)
    board.recount(bid.gig)
    activity.record("bid.declined", actor=by, gig=bid.gig)
    inbox.notify(bid.freelancer, "bid.declined", actor=by, url=bid.get_absolute_url(), gig=bid.gig.title, reason=text)
    return bid


@verb
def mark_viewed(bid: Any, *, by: Any) -> Bid:
    """Note that the client opened the bid for the first time; its author sees when."""
    bid = _of_client(bid, by)
    if bid.viewed_at is None:
        _mark(bid, viewed_at=now())
        _tell_tabs(bid, bid.gig.client_id, bid.freelancer_id)
    return bid


@verb
def open_room(bid: Any, *, by: Any) -> Any:
    """The room of a bid: opened when the client first writes; afterwards both come in here."""
    bid = _locked(bid)
    if by.pk not in (bid.gig.client_id, bid.freelancer_id):
        raise NotYours()
    require_active(by)
    return openings.for_bid(bid.pk, bid.gig.client, bid.freelancer, bid.gig.title)


def _may_bid(gig: Gig, freelancer: Any) -> None:
    if not Gig.objects.visible_to(freelancer).filter(pk=gig.pk).exists():
        raise Missing()
    if gig.client_id == freelancer.pk:
        raise OwnGig()
    if not freelancer.is_freelancer:
        raise NotAFreelancer()
    earlier = Bid.objects.filter(gig=gig, freelancer=freelancer).exclude(status="withdrawn")
    if earlier.exists():
        raise AlreadyBid()
    if not gig.is_open_for_bids:
        raise BidsClosed()
    limit = rule("LIVE_BIDS_PER_FREELANCER")
    # two bids of one person on two gigs at once must not both take the last slot
    get_user_model().objects.select_for_update(no_key=True).get(pk=freelancer.pk)
    if Bid.objects.filter(freelancer=freelancer, status__in=LIVE).count() >= limit:
        raise TooManyLive(limit=limit)


def _locked(bid: Any) -> Bid:
    pk = getattr(bid, "pk", bid)
    gig = board.lock(Bid.objects.values_list("gig_id", flat=True).get(pk=pk))
    row = Bid.objects.select_for_update(of=("self",)).select_related("freelancer").get(pk=pk)
    row.gig = gig
    return row


def _own(bid: Any, by: Any) -> Bid:
    require_active(by)
    bid = _locked(bid)
    if bid.freelancer_id != by.pk:
        raise NotYours()
    return bid


def _of_client(bid: Any, by: Any) -> Bid:
    require_active(by)
    bid = _locked(bid)
    if bid.gig.client_id != by.pk:
        raise NotYours()
    return bid


def _mark(bid: Bid, **fields: Any) -> None:
    """A mark of the client's on a locked bid: what was bid stays, and so does the version, which its author sees."""
    for name, value in fields.items():
        setattr(bid, name, value)
    bid.save(update_fields=list(fields))


def _keep_version(bid: Bid) -> None:
    BidVersion.objects.create(
        bid=bid,
        version=bid.version,
        amount=bid.amount,
        days=bid.days,
        hours=bid.hours,
        letter=bid.letter,
        milestones=bid.milestones,
        answers=bid.answers,
        challenge_answer=bid.challenge_answer,
        at=now(),
    )


def _tell_client(bid: Bid, event: str) -> None:
    who = bid.freelancer
    inbox.notify(
        bid.gig.client, event, actor=who, url=bid.gig.get_absolute_url(), gig=bid.gig.title, who=who.get_short_name()
    )


def _tell_tabs(bid: Bid, *people: Any) -> None:
    """These people's open pages fetch the board anew. A shortlist isn't even hinted at to the author."""
    for person in people:
        push(f"user:{person}", {"type": "bid.changed", "gig": str(bid.gig_id), "id": str(bid.pk)})
