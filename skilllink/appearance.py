"""Light, dark or as the system has it: kept in a cookie, so that the first byte already has the right colours."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST

from skilllink.errors import Malformed

COOKIE = "theme"
YEAR = 365 * 24 * 3600
THEMES = (
    ("system", pgettext_lazy("appearance", "As my system")),
    ("light", pgettext_lazy("appearance", "Light")),
    ("dark", pgettext_lazy("appearance", "Dark")),
)


class NoSuchTheme(Malformed):
    code, sentence = "appearance.unknown", _("Choose light, dark or as your system has it.")


def theme_of(request: HttpRequest) -> str:
    """The chosen theme, `system` if none (or something else) is in the cookie."""
    value = request.COOKIES.get(COOKIE, "system")
    return value if value in dict(THEMES) else "system"


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the choice and go back. Raises NoSuchTheme (400)."""
    theme = request.POST.get("theme", "")
    if theme not in dict(THEMES):
        raise NoSuchTheme
    back = request.headers.get("Referer", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back, status=303)
    response.set_cookie(COOKIE, theme, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    return response


def offline(request: HttpRequest) -> HttpResponse:
    """What an installed page shows without a connection."""
    return render(request, "offline.html")


def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: at the root, so that it may answer for every page."""
    response = render(request, "worker.js", content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response
