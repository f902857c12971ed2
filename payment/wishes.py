"""A token names one wish of a person: asked for twice, on a page or over the API, it is one."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from skilllink.errors import Malformed

LONGEST = 120


class BadToken(Malformed):
    code = "token.malformed"
    sentence = _("A token has 1 to 120 printable characters. Nothing was moved.")


def require_token(token: Any) -> None:
    """Raise BadToken unless `token` can name a wish."""
    if not (isinstance(token, str) and 1 <= len(token) <= LONGEST and token.isprintable() and token.strip()):
        raise BadToken(fields={"token": BadToken.sentence})
