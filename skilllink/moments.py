"""How an instant is written: short in the reader's zone, exactly in the popover, as a distance from now."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext


def now() -> datetime:
    return timezone.now()


def span(length: timedelta) -> str:
    """How long a rule lasts: "14 days", "48 hours", "20 seconds"; hours below three days, always whole units."""
    seconds = round(length.total_seconds())
    if seconds % 86400 == 0 and seconds >= 3 * 86400:
        n = seconds // 86400
        return ngettext("%d day", "%d days", n) % n
    if seconds % 3600 == 0:
        n = seconds // 3600
        return ngettext("%d hour", "%d hours", n) % n
    if seconds % 60 == 0:
        n = seconds // 60
        return ngettext("%d minute", "%d minutes", n) % n
    return ngettext("%d second", "%d seconds", seconds) % seconds


def stamp(at: datetime) -> str:
    """The machine's form, UTC to the second: `2026-12-04T13:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def written(at: datetime, part: str = "both") -> str:
    """`Fri 4 Dec, 14:00` in the active zone; the year is said when it isn't this one. `part`: both, day, hour."""
    local = timezone.localtime(at)
    if part == "hour":
        return date_format(local, pgettext("hour", "H:i"))
    same_year = local.year == timezone.localtime(now()).year
    day = date_format(local, pgettext("day", "D j M") if same_year else pgettext("day of another year", "D j M Y"))
    if part == "day":
        return day
    return _("%(day)s, %(hour)s") % {"day": day, "hour": date_format(local, pgettext("hour", "H:i"))}


def exact(at: datetime, other: Any = None) -> str:
    """The full instant with its zone, UTC, and the local time of `other` (a person) if theirs differs."""
    local = timezone.localtime(at)
    lines = [_in_zone(local)]
    if local.utcoffset() != timedelta(0):
        lines.append(_in_zone(at.astimezone(UTC)))
    theirs = at.astimezone(ZoneInfo(other.timezone)) if other is not None else None
    if theirs is not None and theirs.utcoffset() != local.utcoffset():
        hour = date_format(theirs, pgettext("day and hour", "D H:i"))
        lines.append(_("%(hour)s for %(name)s") % {"hour": hour, "name": other.get_short_name()})
    return "\n".join(lines)


def _in_zone(at: datetime) -> str:
    zone = str(at.tzinfo).replace("_", " ")
    return date_format(at, pgettext("exact instant", "l j F Y, H:i")) + f" {zone}"


def distance(at: datetime) -> str:
    """`in 12 days`, `in 3 hours`, `5 minutes ago`, `now`: the largest unit of which there are at least two, or one."""
    seconds = (at - now()).total_seconds()
    ahead, size = seconds > 0, abs(seconds)
    if size < 45:
        return _("now")
    if size >= 36 * 3600:
        n = round(size / 86400)
        return ngettext("in %d day", "in %d days", n) % n if ahead else ngettext("%d day ago", "%d days ago", n) % n
    if size >= 5400:
        n = round(size / 3600)
        return ngettext("in %d hour", "in %d hours", n) % n if ahead else ngettext("%d hour ago", "%d hours ago", n) % n
    n = max(round(size / 60), 1)
    if ahead:
        return ngettext("in %d minute", "in %d minutes", n) % n
    return ngettext("%d minute ago", "%d minutes ago", n) % n
