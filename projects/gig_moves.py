"""What waits in gigs, bids and offers for a person, and what they wait for: the home page's "Your moves"."""

from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from projects.models import Bid, Gig, Offer
from skilllink import money
from skilllink.moves import Move


def moves(user: Any) -> list[Move]:
    """Offers to answer or waited for, gigs with bids not opened yet, own bids that are live. Three queries."""
    return [*_offers(user), *_gigs(user), *_bids(user)]


def _offers(user: Any) -> list[Move]:
    found = []
    rows = Offer.objects.visible_to(user).filter(status="sent")
    for offer in rows.select_related("bid__gig__client", "bid__freelancer"):
        mine = offer.made_by_id != user.pk
        other = offer.bid.freelancer if user.pk == offer.bid.gig.client_id else offer.bid.gig.client
        facts = {
            "name": other.get_short_name(),
            "gig": offer.bid.gig.title,
            "amount": money.format_money(offer.amount, offer.currency),
        }
        free = offer.bid.gig.is_pro_bono
        offered = _("{name} offers you {gig}, pro bono.") if free else _("{name} offers {amount} for {gig}.")
        if offer.hours:
            offered = _("{name} offers {amount} an hour for {gig}.")
        sentence = offered if mine else _("Waiting for {name}: your offer for {gig}.")
        found.append(
            Move(
                due_at=offer.due_at,
                sentence=sentence.format(**facts),
                consequence=_("If nobody acts, the offer expires then.")
                if free
                else _("If nobody acts, the offer expires then and what is held goes back."),
                url=offer.get_absolute_url(),
                act_label=_("Answer") if mine else _("Look"),
                mine=mine,
            )
        )
    return found


def _gigs(user: Any) -> list[Move]:
    unseen = Count("bids", filter=Q(bids__status="submitted", bids__viewed_at__isnull=True))
    rows = Gig.objects.filter(client=user, status__in=["open", "paused"]).annotate(unseen=unseen)
    found = []
    for gig in rows:
        if gig.unseen:
            sentence = ngettext("{n} new bid on {gig}.", "{n} new bids on {gig}.", gig.unseen)
        else:
            sentence = (
                _("{gig} is open for bids.") if gig.is_open_for_bids else _("{gig} waits for you to pick someone.")
            )
        found.append(
            Move(
                due_at=gig.expires_at,
                sentence=sentence.format(n=gig.unseen, gig=gig.title),
                consequence=_("If nothing happens, the gig ends by itself then."),
                url=gig.get_absolute_url(),
                act_label=_("Look at the bids") if gig.unseen else _("Look"),
                mine=bool(gig.unseen) or not gig.is_open_for_bids,
            )
        )
    return found


def _bids(user: Any) -> list[Move]:
    rows = Bid.objects.filter(freelancer=user, status__in=["submitted", "waitlisted", "shortlisted"])
    return [
        Move(
            due_at=bid.gig.expires_at,
            sentence=_("Waiting for {name}: your bid on {gig}.").format(
                name=bid.gig.client.get_short_name(), gig=bid.gig.title
            ),
            consequence=_("If nobody is picked, the gig ends then and your slot comes back."),
            url=bid.get_absolute_url(),
            act_label=_("Look"),
            mine=False,
        )
        for bid in rows.select_related("gig__client")
    ]
