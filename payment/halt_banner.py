"""What every page of someone signed in says while money stands still: a context processor, one cheap read."""

from typing import Any

from django.http import HttpRequest

from payment import halt


def banner(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    return {"HALT": halt.in_force()} if user is not None and user.is_authenticated else {}
