"""Leaving e-mails in one click (RFC 8058): a signed address that needs no sign-in and does nothing until it is posted to."""

from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from users.models import User

_signer = Signer(salt="unsubscribe")


def address(person: User) -> str:
    """Where this person's e-mails are stopped; the link stays good for ever, as their mails do."""
    return settings.SITE_URL + reverse("users:unsubscribe", args=[_signer.sign(str(person.pk))])


def headers(leave: str) -> dict[str, str]:
    """What lets a mail program offer its own button."""
    return {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def whose(token: str) -> Any:
    """The person's id, or None for a token that isn't ours."""
    try:
        return _signer.unsign(token)
    except BadSignature:
        return None
