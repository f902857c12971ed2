"""What of this app can be reported to the moderators: gigs, bids and reviews, as their reporter sees them."""

from typing import Any

from projects.models import Bid, Gig, Review
from users.moderation.subjects import Subject, register


def gig(reporter: Any, pk: Any) -> Subject | None:
    row = Gig.objects.visible_to(reporter).select_related("client").filter(pk=pk).first()
    return Subject(row.title, row.get_absolute_url(), row.client) if row else None


def bid(reporter: Any, pk: Any) -> Subject | None:
    row = Bid.objects.visible_to(reporter).select_related("freelancer", "gig").filter(pk=pk).first()
    return Subject(f"{row.freelancer}: {row.gig.title}", row.get_absolute_url(), row.freelancer) if row else None


def review(reporter: Any, pk: Any) -> Subject | None:
    """A revealed one; it stands on the page of the person it is about."""
    rows = Review.objects.visible_to(reporter).filter(status=Review.Status.REVEALED)
    row = rows.select_related("author", "subject__profile", "contract").filter(pk=pk).first()
    if row is None:
        return None
    return Subject(row.contract.title, f"{row.subject.profile.get_absolute_url()}#review-{row.pk}", row.author)


def register_kinds() -> None:
    register("gig", gig)
    register("bid", bid)
    register("review", review)
