"""The rules of the marketplace, as they are set now."""

from typing import Any

from django.conf import settings


def rule(name: str) -> Any:
    """A duration, a share or a number of `settings.SKILLLINK`, read when it is asked for."""
    return settings.SKILLLINK[name]
