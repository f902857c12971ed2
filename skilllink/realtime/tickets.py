"""Tickets: a program with an API token opens one socket within 30 seconds."""

import functools
from typing import Any

from django.core import signing
from django.core.cache import cache

from skilllink.ids import uuid7

SECONDS = 30


def issue(user: Any, *, key: str = "") -> str:
    """A ticket for one connection of this person, that ends with the token whose `key` it is (sessions.token_key)."""
    return _signer().sign_object([str(user.pk), key, uuid7().hex])


def redeem(ticket: str) -> tuple[str | None, str]:
    """The person's id and the token's key, once and within 30 seconds; else no id."""
    try:
        user_id, key, nonce = _signer().unsign_object(ticket, max_age=SECONDS)
    except (signing.BadSignature, ValueError):
        return None, ""
    return (user_id, key) if cache.add(f"ticket:{nonce}", 1, SECONDS * 2) else (None, "")


@functools.cache
def _signer() -> signing.TimestampSigner:
    """Not at import: a production without its secret must be refused by name first."""
    return signing.TimestampSigner(salt="realtime.ticket")
