"""What an offer must say: every rule of its terms in one place."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from projects import bid_fields, pro_bono
from projects.models import Bid, Offer
from skilllink import money
from skilllink.errors import Unprocessable


class BadTerms(Unprocessable):
    code, sentence = "offer.bad_terms", _("These terms can't be offered. What you wrote is kept.")


def read(
    bid: Bid, source: Any, *, amount: Any, days: Any, hours: Any, milestones: Any, review_days: Any, hold: Any
) -> dict[str, Any]:
    """Terms as model values; what isn't given is taken from `source`, a bid or the offer that is answered.

    Amounts in minor units of the bid's currency. Raises BadTerms with a sentence per field, money.BadAmount, or what
    `bid_fields.steps` finds.
    """
    if hold not in Offer.Hold.values:
        raise BadTerms(fields={"hold": _("Hold the first milestone or everything.")})
    if bid.gig.is_pro_bono:
        amount = pro_bono.nothing(amount)
    else:
        amount = source.amount if amount is None else money.check_minor(amount)
    days, hours = source.days if days is None else days, source.hours if hours is None else hours
    milestones = source.milestones if milestones is None else milestones
    faults = bid_fields.time(bid.hours is not None, amount, days, hours, milestones)
    if bid.hours and hold != Offer.Hold.FIRST:
        faults["hold"] = _("By the hour the first week is held.")
    if faults:
        raise BadTerms(fields=faults)
    if review_days not in (None, 0) and (type(review_days) is not int or not 3 <= review_days <= 30):
        raise BadTerms(fields={"review_days": _("Time to review is 3 to 30 days.")})
    steps = bid_fields.steps(milestones, amount, bid.currency)
    whole = [] if hours else [{"title": bid.gig.title, "amount": amount, "days": days}]
    return {
        "amount": amount,
        "days": days or 0,
        "hours": hours,
        "milestones": steps or whole,
        "review_days": review_days or 0,
        "hold": hold,
    }
