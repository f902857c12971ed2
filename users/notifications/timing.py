"""When a piece of news is sent: at once after a while unread, with the hour, with the day's digest; never in quiet hours."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from users.models import Preference

Quiet = tuple[time, time]  # from, until, on the person's own clock


def mail_due(choice: str, at: datetime, zone: ZoneInfo, *, delay: timedelta) -> datetime | None:
    """When what happened at `at` is mailed if it is still unread; None for never."""
    if choice == Preference.Mail.NEVER:
        return None
    ready = at + delay
    if choice == Preference.Mail.HOURLY:
        local = ready.astimezone(zone)
        return ready + timedelta(hours=1) - (local - local.replace(minute=0, second=0, microsecond=0))
    if choice == Preference.Mail.DAILY:
        return next_digest(ready, zone)
    return ready


def next_digest(after: datetime, zone: ZoneInfo) -> datetime:
    """The next DIGEST_AT after midnight on the person's clock, later than `after`."""
    day = after.astimezone(zone).date()
    today = _instant(datetime.combine(day, digest_time()), zone)
    return today if today > after else _instant(datetime.combine(day + timedelta(days=1), digest_time()), zone)


def digest_time() -> time:
    """When the day's digest comes, on its reader's clock."""
    return (datetime.min + settings.SKILLLINK["DIGEST_AT"]).time()


def after_quiet(at: datetime, zone: ZoneInfo, quiet: Quiet | None) -> datetime:
    """`at`, or the end of the quiet hours in which it lies."""
    if quiet is None:
        return at
    begins, ends = quiet
    local = at.astimezone(zone)
    clock = local.time()
    is_quiet = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not is_quiet:
        return at
    day = local.date() if clock < ends else local.date() + timedelta(days=1)
    return _instant(datetime.combine(day, ends), zone)


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The later of the two readings where clocks are put back; past the gap where they are put forward."""
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
