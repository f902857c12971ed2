"""The names of rooms."""

import unicodedata
from typing import Any

from django.utils.translation import gettext_lazy as _

from skilllink.errors import Malformed

JOINERS = "\u200c\u200d"  # Persian and emoji need them; every other invisible sign only deceives
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs that show nothing


class BadTitle(Malformed):
    code = "room.bad_title"
    sentence = _("Give the room a name of 1 to 120 characters, without control characters or invisible ones.")


def clean(text: Any) -> str:
    """NFC, one line, 1 to 120 characters of which something shows; no control, no direction marks. Raises BadTitle."""
    title = unicodedata.normalize("NFC", text).strip() if isinstance(text, str) else ""
    hidden = [sign for sign in title if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    shows = any(unicodedata.category(sign)[0] in "LNPS" and sign not in BLANKS for sign in title)
    if not shows or len(title) > 120 or set(hidden) - set(JOINERS):
        raise BadTitle(fields={"title": BadTitle.sentence})
    return title
