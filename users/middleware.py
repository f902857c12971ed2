from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils import timezone


class TimezoneMiddleware:
    """Shows times in the reader's own zone, or in UTC when that zone is unknown here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(zone_of(request.user.timezone if request.user.is_authenticated else "UTC")):
            return self.get_response(request)


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; UTC for a name this machine's zone data does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown; empty or a path; a folder such as "America"
        return ZoneInfo("UTC")
