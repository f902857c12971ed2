"""The one place where a Refusal becomes a page, a fragment or JSON."""

import functools
from collections.abc import Callable
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFilesSent
from django.db import OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import exception_handler

from skilllink.errors import Forbidden, Malformed, Missing, Refusal, TooLarge, TooMany, Unavailable

log = structlog.get_logger(__name__)


class RefusalMiddleware:
    """Translates what a verb or a lookup raised; pages catch nothing one by one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code in (429, 503):
            response.headers.setdefault("Retry-After", str(Refusal.retry_after))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        refusal = as_refusal(error)
        return answer(request, refusal) if refusal else None


def as_refusal(error: Exception) -> Refusal | None:
    """The Refusal that an exception of Django stands for, or None for a real failure."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Http404):
        return Missing()
    if isinstance(error, PermissionDenied):
        return Forbidden()
    if isinstance(error, RequestDataTooBig | TooManyFilesSent):
        return TooLarge()
    if isinstance(error, RedisError):
        log.error("redis.away", error=str(error))
        return Unavailable()
    if isinstance(error, OperationalError) and isinstance(error.__cause__, PoolTimeout):
        log.error("database.away", error=str(error))
        return Unavailable()
    return None


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal in the form the request asked for."""
    if wants_json(request):
        response: HttpResponse = JsonResponse(refusal.as_dict(), status=refusal.status)
    else:
        fragment = bool(getattr(request, "htmx", False))
        template = "errors/_refusal.html" if fragment else "errors/refusal.html"
        response = render(request, template, {"refusal": refusal}, status=refusal.status)
        if fragment:
            response["HX-Retarget"], response["HX-Reswap"] = "#refusal", "innerHTML"
    if refusal.status in (429, 503):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith("application/json")


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exceptions and ours in one shape: `{"code", "sentence", "fields"?}`."""
    refusal = as_refusal(error) or _from_drf(error)
    if refusal is None:
        return None
    response = exception_handler(error, context) or Response()
    response.data, response.status_code = refusal.as_dict(), refusal.status
    if refusal.status in (429, 503):
        response.setdefault("Retry-After", str(refusal.retry_after))
    return response


def _from_drf(error: Exception) -> Refusal | None:
    if isinstance(error, drf.ValidationError):
        return Malformed(fields=_field_sentences(error.detail))
    if isinstance(error, drf.NotFound):
        return Missing()
    if isinstance(error, drf.Throttled):
        return TooMany()
    if isinstance(error, drf.APIException):
        refusal = Refusal(error.detail if isinstance(error.detail, str) else str(error.default_detail))
        refusal.code, refusal.status = error.default_code, error.status_code
        return refusal
    return None


def _field_sentences(detail: Any) -> dict[str, Any]:
    if isinstance(detail, dict):
        return {name: _first(value) for name, value in detail.items()}
    return {"": _first(detail)}


def _first(value: Any) -> str:
    while isinstance(value, list | tuple | dict) and value:
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]
    return str(value)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.warning("csrf.refused", reason=reason, path=request.path)
    return answer(request, Forbidden())


def _keeping_nothing(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Django may make these pages in a thread that no request cleans up after: what they open goes back at once."""

    @functools.wraps(page)
    def make(*given: Any, **more: Any) -> HttpResponse:
        before = connection.connection
        try:
            return page(*given, **more)
        finally:
            if before is None:
                connection.close()

    return make


@_keeping_nothing
def page_400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, Malformed())


@_keeping_nothing
def page_403(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, Forbidden())


@_keeping_nothing
def page_404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, Missing())


def page_500(request: HttpRequest) -> HttpResponse:
    """No context processors here: whatever failed may fail again."""
    if wants_json(request):
        return JsonResponse(Unavailable().as_dict(), status=500)
    return render(None, "errors/500.html", status=500)  # type: ignore[arg-type]
