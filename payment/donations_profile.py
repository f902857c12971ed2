"""What donations add to a freelancer's profile: the way to support them, and who did, as each chose to be seen."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from payment import donations
from payment.models import Donation

TITLE = _("Support")
SHOWN = 5


def section(request: Any, person: Any) -> str:
    """The profile's section as HTML; nothing for who takes no donations."""
    if not donations.receives(person):
        return ""
    rows = donations.to_person(person).filter(kind=Donation.Kind.SUPPORT)
    context = {"person": person, "mine": request.user.pk == person.pk, "rows": rows[:SHOWN], "count": rows.count()}
    return render_to_string("payment/donation/_profile.html", context, request=request)
