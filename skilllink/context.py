"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from skilllink.appearance import THEMES, theme_of

ACCOUNT_PAGES = (
    ("account_email", _("E-mail")),
    ("account_change_password", _("Password")),
    ("mfa_index", _("Second factor")),
    ("usersessions_list", _("Sessions")),
    ("users:tokens", _("API tokens")),
)


def site(request: HttpRequest) -> dict[str, Any]:
    return {
        "SITE_URL": settings.SITE_URL,
        "DEMO": settings.DEMO,
        "THEME": theme_of(request),
        "THEMES": THEMES,
        "ACCOUNT_PAGES": ACCOUNT_PAGES,
    }
