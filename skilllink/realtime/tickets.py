"""Tickets: a program with an API token opens one socket within 30 seconds."""

from typing import Any

from django.core import signing
from django.core.cache import cache

from skilllink.ids import uuid7

SECONDS = 30
_signer = signing.TimestampSigner(salt="realtime.ticket")


def issue(user: Any) -> str:
    """A ticket for one connection of this person."""
    return _signer.sign_object([str(user.pk), uuid7().hex])


def redeem(ticket: str) -> str | None:
    """The person's id, once and within 30 seconds; else None."""
    try:
        user_id, nonce = _signer.unsign_object(ticket, max_age=SECONDS)
    except signing.BadSignature:
        return None
    return user_id if cache.add(f"ticket:{nonce}", 1, SECONDS * 2) else None
