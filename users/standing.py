"""Whether a person may act at all, and begin new things. Every verb that acts for a person asks here."""

from collections.abc import Callable, Collection
from typing import Any

from django.conf import settings
from django.db.models import Exists, QuerySet
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.errors import Forbidden
from skilllink.moments import written
from skilllink.prepared import prepared
from users.models import Sanction, User

# what a measure says, in one sentence: why, until when, how to object
SENTENCES = {
    Sanction.Kind.LIMIT: _(
        "Until {until} you can’t post gigs, bid or open rooms, because of this: “{reason}”; running contracts go on, "
        "and you can object under Settings until {objections}."
    ),
    Sanction.Kind.SUSPEND: _(
        "Your account is suspended until {until} because of this: “{reason}”; money in escrow follows its clocks, you "
        "can read everything, and object under Settings until {objections}."
    ),
    Sanction.Kind.BAN: _(
        "Your account is closed for good because of this: “{reason}”; money in escrow follows its clocks, you can read "
        "everything, and object under Settings until {objections}."
    ),
}
GRAVEST_FIRST = (Sanction.Kind.BAN, Sanction.Kind.SUSPEND, Sanction.Kind.LIMIT)


class Limited(Forbidden):
    code = "person.limited"


class Suspended(Forbidden):
    code = "person.suspended"


class Banned(Forbidden):
    code = "person.banned"


REFUSALS = {Sanction.Kind.LIMIT: Limited, Sanction.Kind.SUSPEND: Suspended, Sanction.Kind.BAN: Banned}


def measure(user: Any) -> Sanction | None:
    """The gravest measure in force against this person: a ban, a suspension or a limit, if any."""
    found = Sanction.objects.in_force().filter(user=user, kind__in=Sanction.LIMITING)
    return min(found, key=lambda row: GRAVEST_FIRST.index(Sanction.Kind(row.kind)), default=None)


def stop(user: Any) -> Sanction | None:
    """The measure that stops this person from acting now, if any."""
    found = measure(user)
    return found if found and found.kind in Sanction.STOPPING else None


def sentence(sanction: Sanction) -> str:
    """What the person reads at sign-in and wherever an act is refused; times in the active zone."""
    facts = {
        "reason": sanction.reason,
        "until": written(sanction.until) if sanction.until else "",
        "objections": written(sanction.created_at + settings.SKILLLINK["APPEAL_WINDOW"], "day"),
    }
    return str(SENTENCES[Sanction.Kind(sanction.kind)]).format(**facts)


def require_active(user: Any) -> None:
    """Raise Suspended or Banned when such a measure is in force, Forbidden for an account that was closed."""
    _require(user, Sanction.STOPPING)()


def require_active_soon(user: Any) -> Callable[[], None]:
    """Ask, and don't wait: what is returned refuses."""
    return _require(user, Sanction.STOPPING)


def require_may_begin(user: Any) -> None:
    """Like require_active, and raise Limited while the person may not post gigs, bid or open rooms."""
    _require(user, Sanction.LIMITING)()


def _require(user: Any, kinds: tuple[Any, ...]) -> Callable[[], None]:
    asked = _STANDING[kinds].soon(user=user.pk, moment=now())

    def refuse() -> None:
        found = asked()
        if not found:
            raise Forbidden(_("This account is closed. Nothing was changed."))
        if found[0] and (sanction := measure(user)):
            raise REFUSALS[Sanction.Kind(sanction.kind)](sentence(sanction))

    return refuse


def _standing(kinds: tuple[Any, ...]) -> Any:
    """Whether a measure of one of these kinds stops a person; no row for an account that was closed."""

    @prepared
    def standing(user: Any, moment: Any) -> "QuerySet[Any]":
        stopped = Exists(Sanction.objects.in_force(moment).filter(user=user, kind__in=kinds))
        return User.objects.filter(pk=user, is_active=True).values_list(stopped, flat=True)

    return standing


_STANDING = {kinds: _standing(kinds) for kinds in (Sanction.STOPPING, Sanction.LIMITING)}


def close_codes(people: Collection[Any]) -> dict[Any, int]:
    """The code to close the sockets of those of these people (ids) with who may not act."""
    if len(people) == 1:  # every socket that opens asks this
        (person,) = people
        return {person: 4403} if _stopped(user=person, moment=now()) else {}
    stopped = Sanction.objects.in_force().filter(user__in=people, kind__in=Sanction.STOPPING)
    return dict.fromkeys(stopped.values_list("user_id", flat=True), 4403)


@prepared
def _stopped(user: Any, moment: Any) -> "QuerySet[Any]":
    return Sanction.objects.in_force(moment).filter(user=user, kind__in=Sanction.STOPPING).values_list("pk", flat=True)
