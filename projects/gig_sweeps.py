"""The clocks of gigs and offers: what the sweep does when their time is over."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from projects import gigs, offers
from projects.models import Gig, Offer
from projects.rules import rule
from skilllink import clocks
from skilllink.transactions import verb
from users.notifications import inbox

WARNINGS = (timedelta(days=5), timedelta(days=1))  # before a gig ends for idleness


def register() -> None:
    """Tell the sweep about these clocks. Called from the app's `ready()`."""
    clocks.register("gig.expire", expire_gigs)
    clocks.register("gig.warn", warn_clients)
    clocks.register("offer.expire", expire_offers)


@verb
def expire_gigs() -> int:
    """End gigs on which nothing happened for GIG_IDLE_EXPIRY; one with an offer waiting is not idle."""
    due = Gig.objects.idle(clocks.now()).exclude(bids__offers__status="sent")
    done = 0
    for gig in clocks.claim(due):
        with transaction.atomic():
            gigs.expire.within(gig)
        done += 1
    return done


@verb
def warn_clients() -> int:
    """Warn the client five days and one day before the end; a warning that would lie before the start is skipped."""
    done = 0
    for number, ahead in enumerate(WARNINGS, 1):
        if ahead >= rule("GIG_IDLE_EXPIRY"):
            continue
        moment = clocks.now()
        due = Gig.objects.filter(
            status__in=["open", "paused"],
            warnings_sent__lt=number,
            expires_at__lte=moment + ahead,
            expires_at__gt=moment,
        ).order_by("expires_at", "id")
        for gig in clocks.claim(due):
            with transaction.atomic():
                _warn(gig, number)
            done += 1
    return done


@verb
def expire_offers() -> int:
    """End offers that nobody answered in OFFER_WINDOW; their money goes back."""
    done = 0
    due = Offer.objects.due(clocks.now())
    for offer in list(due[:50]):  # the verb locks in the order gig, bid, offer and judges again
        with transaction.atomic():
            done += offers.expire.within(offer) is not None
    return done


def _warn(gig: Any, number: int) -> None:
    Gig.objects.filter(pk=gig.pk).update(warnings_sent=number)
    inbox.notify(
        gig.client,
        "gig.expiring",
        url=gig.get_absolute_url(),
        gig=gig.title,
        days=max(1, (gig.expires_at - clocks.now()).days),
    )
