"""What every page says while money stands still: a context processor, one cheap read."""

from typing import Any

from django.http import HttpRequest

from payment import halt


def banner(request: HttpRequest) -> dict[str, Any]:
    return {"HALT": halt.in_force()}
