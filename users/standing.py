"""Whether a person may act at all. Every verb that acts for a person asks here, inside its transaction."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from skilllink.errors import Forbidden
from skilllink.moments import written
from users.models import Sanction, User


class Suspended(Forbidden):
    code = "person.suspended"
    sentence = _(
        "Your account is suspended until {until}: {reason} You can read everything, and money already in escrow "
        "follows its clocks. You can object within 14 days by answering the e-mail about it."
    )


class Banned(Forbidden):
    code = "person.banned"
    sentence = _("Your account is closed: {reason} Money already in escrow follows its clocks.")


def stop(user: Any) -> Sanction | None:
    """The sanction that stops this person from acting now, if any."""
    return Sanction.objects.in_force().filter(user=user, kind__in=Sanction.STOPPING).order_by("kind").first()


def require_active(user: Any) -> None:
    """Raise Suspended or Banned when a sanction is in force, Forbidden for an account that was closed."""
    if not User.objects.filter(pk=user.pk, is_active=True).exists():
        raise Forbidden(_("This account is closed. Nothing was changed."))
    sanction = stop(user)
    if sanction is None:
        return
    if sanction.kind == Sanction.Kind.BAN:
        raise Banned(reason=sanction.reason)
    raise Suspended(until=written(sanction.until), reason=sanction.reason)


def close_code(user: Any) -> int | None:
    """The code to close the sockets of a person with who may not act, else None."""
    return 4403 if stop(user) else None
