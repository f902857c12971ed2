"""When a person last proved who they are: what may only follow a fresh sign-in asks here."""

from datetime import UTC, datetime
from typing import Any

from allauth.account.authentication import get_authentication_records

from users.models import ApiToken


def signed_in_at(request: Any) -> datetime | None:
    """In this session; or when the API token was made, which takes a sign-in too. None: nobody knows."""
    token = getattr(request, "auth", None)
    if isinstance(token, ApiToken):
        made: datetime = token.created
        return made
    moments = [record["at"] for record in get_authentication_records(request, request.user)]
    return datetime.fromtimestamp(max(moments), UTC) if moments else None
