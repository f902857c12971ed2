"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from skilllink.appearance import THEMES, theme_of


def site(request: HttpRequest) -> dict[str, Any]:
    return {"SITE_URL": settings.SITE_URL, "DEMO": settings.DEMO, "THEME": theme_of(request), "THEMES": THEMES}
