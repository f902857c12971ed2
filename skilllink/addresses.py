"""Addresses of things that are named by their id. Django walks its patterns for each; here once for each name."""

from functools import cache
from uuid import UUID

from django.urls import get_script_prefix, reverse

from skilllink.ids import NOBODY


def address(name: str, pk: UUID) -> str:
    """What `reverse(name, args=[pk])` gives."""
    return _of_nobody(name, get_script_prefix()).replace(str(NOBODY), str(pk))


@cache
def _of_nobody(name: str, _prefix: str) -> str:
    return reverse(name, args=[NOBODY])
