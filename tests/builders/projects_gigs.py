"""People, gigs, bids and offers for tests, made through the verbs."""

from typing import Any

from django.db import transaction

from payment import accounts, ledger
from projects import bids, gigs, offers
from projects.models import Bid, Gig, Offer
from skilllink.ids import uuid7
from users.models import Profile, User

BRIEF = "The garden has grown faster than its signs. Visitors miss the fern house, and nobody can fold the map."
LETTER = "I would begin with the fern house and test three signs with visitors on a Sunday."


def person(name: str, **roles: Any) -> User:
    """A person with a profile, both roles unless said otherwise."""
    roles = {"is_client": True, "is_freelancer": True} | roles
    user = User.objects.create_user(
        f"{name}@example.test", "a-long-enough-password", name=f"{name.title()} Test", **roles
    )
    Profile.objects.get_or_create(user=user, defaults={"slug": name})
    return user


def fund(user: User, amount: int, currency: str = "USD") -> None:
    """Put `amount` minor units into a wallet, as a settled deposit does."""
    entries = [(accounts.gateway(currency), -amount), (accounts.wallet(user, currency), amount)]
    with transaction.atomic():
        ledger.post.within(f"test:{uuid7()}", "deposit", entries)


def open_gig(client: User, **changes: Any) -> Gig:
    fields = {
        "title": "Wayfinding for a garden", "brief": BRIEF, "category": "design", "skills": ["Wayfinding", "Typography"],
        "budget_min": 250_000, "budget_max": 400_000, "currency": "USD",
    }  # fmt: skip
    return gigs.post(client, **fields | changes)


def live_bid(gig: Gig, freelancer: User, **changes: Any) -> Bid:
    return bids.submit(gig, freelancer, **{"amount": 295_000, "days": 25, "letter": LETTER} | changes)


def sent_offer(bid: Bid, **changes: Any) -> Offer:
    """An offer by the gig's client, whose wallet is filled for it first."""
    fund(bid.gig.client, bid.amount)
    return offers.make(bid, by=bid.gig.client, **changes)


def hourly_gig(client: User, **changes: Any) -> Gig:
    """Up to 10 hours a week, $40 to $60 each."""
    fields = {"kind": "hourly", "budget_min": 4_000, "budget_max": 6_000, "hours_per_week": 10, "duration_weeks": 6}
    return open_gig(client, **fields | changes)


def hourly_bid(gig: Gig, freelancer: User, **changes: Any) -> Bid:
    """$50 an hour, 10 hours a week at most."""
    return bids.submit(gig, freelancer, **{"amount": 5_000, "hours": 10, "letter": LETTER} | changes)
