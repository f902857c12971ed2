"""How news reaches a person, changed by its owner: per group of events the bell, push messages and e-mail, and quiet hours."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from skilllink.errors import Malformed, Unprocessable
from skilllink.moments import span
from skilllink.transactions import verb
from users import read_marks
from users.models import Preference, QuietHours, User
from users.notifications.sentences import ALWAYS, GROUPS
from users.notifications.timing import Quiet, after_quiet
from users.standing import require_active
from users.zones import zone_of

OPTIONAL = tuple(group for group in GROUPS if group not in ALWAYS)


class Wanted(TypedDict, total=False):
    """What a person changes: see `choose`, `keep_quiet` and `read_marks.show`."""

    groups: Mapping[str, Mapping[str, Any]]
    quiet_hours: Quiet | None
    shows_reading: bool


class UnknownChoice(Malformed):
    code, sentence = "preference.unknown", _("Choose one of the offered times for e-mail.")


class TooQuiet(Unprocessable):
    code = "quiet_hours.too_long"
    sentence = _("Quiet hours end where they don’t begin, and last up to {most}. Nothing was changed.")


@verb
def change(user: User, wanted: Wanted) -> None:
    """All that is named at once, or nothing; what isn't named stays."""
    choose.within(user, wanted.get("groups", {}))
    if "quiet_hours" in wanted:
        keep_quiet.within(user, wanted["quiet_hours"])
    if "shows_reading" in wanted:
        read_marks.show.within(user, wanted["shows_reading"])


@verb
def choose(user: User, wanted: Mapping[str, Mapping[str, Any]]) -> None:
    """Save `{group: {"bell": bool, "push": bool, "mail": Preference.Mail}}`; money and security stay on whatever is asked.

    A group that isn't named keeps what it had.
    """
    require_active(user)
    for group in OPTIONAL:
        if group in wanted:
            fields = {name: wanted[group][name] for name in ("bell", "push", "mail") if name in wanted[group]}
            if fields.get("mail", Preference.Mail.AT_ONCE) not in Preference.Mail.values:
                raise UnknownChoice()
            Preference.objects.update_or_create(user=user, group=group, defaults=fields)


@verb
def unsubscribe(user: User) -> None:
    """Turn off every e-mail that may be turned off; also for who may not act otherwise."""
    for group in OPTIONAL:
        Preference.objects.update_or_create(user=user, group=group, defaults={"mail": Preference.Mail.NEVER})


@verb
def keep_quiet(user: User, hours: Quiet | None) -> None:
    """Send nothing between these two times of the person's day but what must not wait; None: send at any time."""
    require_active(user)
    if hours is None:
        QuietHours.objects.filter(user=user).delete()
        return
    begins, ends = hours
    most = settings.SKILLLINK["QUIET_HOURS_MOST"]
    if begins == ends or (_on_a_day(ends) - _on_a_day(begins)) % timedelta(days=1) > most:
        raise TooQuiet(most=span(most))
    QuietHours.objects.update_or_create(user=user, defaults={"begins": begins, "ends": ends})


def of(people: Iterable[Any], groups: Iterable[str]) -> dict[tuple[Any, str], Preference]:
    """(person's id, group) → what they chose, with the person; absent where they chose nothing or may not."""
    wanted = set(groups) - set(ALWAYS)
    if not wanted:
        return {}
    rows = Preference.objects.filter(user__in=set(people), group__in=wanted).select_related("user")
    return {(row.user_id, row.group): row for row in rows}


def quiet_until(user: User, at: datetime) -> datetime:
    """`at`, or the end of the person's quiet hours if it lies in them."""
    hours = QuietHours.objects.filter(user=user).first()
    return after_quiet(at, zone_of(user.timezone), (hours.begins, hours.ends) if hours else None)


def _on_a_day(at: time) -> datetime:
    return datetime.combine(date.min, at)
