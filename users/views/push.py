"""A browser asks to be told, and to be told no more."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from users import push


@login_required
@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """The subscription that the browser made, for as long as this session lasts."""
    person: Any = request.user
    given = {name: request.POST.get(name, "") for name in ("endpoint", "key", "secret")}
    push.subscribe(person, request.session.session_key or "", **given)
    return HttpResponse(status=204)


@login_required
@require_POST
def unsubscribe(request: HttpRequest) -> HttpResponse:
    person: Any = request.user
    push.unsubscribe(person, request.POST.get("endpoint", ""))
    return HttpResponse(status=204)
