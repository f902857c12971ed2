"""What gigs, bids and offers share: the locked gig, its idle clock, its places and its waitlist."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from projects import activity
from projects.models import Bid, Gig
from projects.models.bid import ON_BOARD
from projects.rules import rule
from skilllink.clocks import now
from skilllink.errors import Conflict
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction
from users.notifications import inbox


class Stale(Conflict):
    code = "page.stale"
    sentence = _("This changed since you opened the page. Nothing was done; look again and decide.")


@inside_transaction
def lock(gig: Any) -> Gig:
    """Lock a gig and read it afresh: the first lock of every verb about gigs, bids and offers."""
    return Gig.objects.locked().select_related("client", "category").get(pk=getattr(gig, "pk", gig))


@inside_transaction
def save(row: Any, **fields: Any) -> None:
    """Write the named fields of a locked row and raise its version."""
    row.version += 1
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=[*fields, "version"])


@inside_transaction
def touch(gig: Gig) -> None:
    """Something happened: the idle clock starts again."""
    if gig.status in ("open", "paused"):
        gig.expires_at, gig.warnings_sent = now() + rule("GIG_IDLE_EXPIRY"), 0
        gig.save(update_fields=["expires_at", "warnings_sent"])


@inside_transaction
def recount(gig: Gig) -> None:
    """Count the live bids anew and let the waitlist move up into free places."""
    live = Bid.objects.filter(gig=gig, status__in=ON_BOARD).count()
    free = rule("LIVE_BIDS_PER_GIG") - live
    if gig.status in ("open", "paused") and free > 0:
        waiting = Bid.objects.filter(gig=gig, status="waitlisted").select_related("freelancer")
        for bid in waiting.order_by("submitted_at", "id")[:free]:
            save(bid, status=Bid.Status.SUBMITTED)
            live += 1
            activity.record("bid.moved_up", actor=None, gig=gig)
            inbox.notify(bid.freelancer, "bid.moved_up", url=gig.get_absolute_url(), gig=gig.title)
    if gig.live_bids != live:
        gig.live_bids = live
        gig.save(update_fields=["live_bids"])
        if gig.status == "open" and gig.visibility == Gig.Visibility.PUBLIC:
            push("gigs:board", {"type": "gig.bids_changed", "id": str(gig.pk)})


@inside_transaction
def end_bids(gig: Gig, status: str, event: str) -> None:
    """End every live bid of a gig that is over; each author is told and has the slot back."""
    for bid in Bid.objects.live().filter(gig=gig).select_related("freelancer").order_by("freelancer_id"):
        save(bid, status=status, ended_at=now())
        inbox.notify(bid.freelancer, event, url=gig.get_absolute_url(), gig=gig.title)
    recount(gig)
