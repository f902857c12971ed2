import hashlib
from collections.abc import Callable

import structlog
from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.usersessions.middleware import UserSessionsMiddleware
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from users.zones import zone_of

log = structlog.get_logger(__name__)

SEEN_EVERY = 60  # seconds; "last seen" in the list of sessions is read by people


class TimezoneMiddleware:
    """Shows times in the reader's own zone, or in UTC when that zone is unknown here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(zone_of(request.user.timezone if request.user.is_authenticated else "UTC")):
            return self.get_response(request)


class SessionSeenMiddleware(UserSessionsMiddleware):
    """Notes when and from where a session was last seen, at most once a minute: reading pages writes no rows."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request) if _just_seen(request) else super().__call__(request)
        return response


def _just_seen(request: HttpRequest) -> bool:
    """Whether this session was noted a moment ago, from the same place. While the cache is away nothing is known."""
    place = "|".join(
        str(part)
        for part in (
            request.session.session_key,
            request.META.get("REMOTE_ADDR"),
            request.META.get("HTTP_X_FORWARDED_FOR"),
            request.META.get("HTTP_USER_AGENT"),
            request.session.get("_auth_user_id"),
        )
    )
    try:
        return not cache.add(f"session-seen:{hashlib.sha256(place.encode()).hexdigest()}", True, SEEN_EVERY)
    except RedisError as error:
        log.warning("session_seen.unknown", error=str(error))
        return False


class StaffSecondFactorMiddleware:
    """The administration opens only to a session that was signed in with a second factor (STAFF_SECOND_FACTOR)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._must_prove(request):
            return self._ask(request)
        return self.get_response(request)

    def _must_prove(self, request: HttpRequest) -> bool:
        if not settings.STAFF_SECOND_FACTOR or not request.path.startswith(reverse("admin:index")):
            return False
        if not (request.user.is_authenticated and request.user.is_staff) or request.path == reverse("admin:logout"):
            return False
        return not any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))

    def _ask(self, request: HttpRequest) -> HttpResponse:
        """For the factor there is, or for making one."""
        kinds = set(Authenticator.objects.filter(user_id=request.user.pk).values_list("type", flat=True))
        if Authenticator.Type.TOTP in kinds:
            page = "mfa_reauthenticate"
        elif Authenticator.Type.WEBAUTHN in kinds:
            page = "mfa_reauthenticate_webauthn"
        else:
            messages.warning(request, _("The administration opens with a second factor only. Turn one on here first."))
            return redirect("mfa_index")
        return redirect(f"{reverse(page)}?{urlencode({'next': request.get_full_path()})}")
