"""Contact data before hire: marked for its writer, masked for the others, kept as it was written. Nobody is punished."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from chat import contact_data
from chat.models import Room

KINDS = {
    "email": _("e-mail address"),
    "phone": _("phone number"),
    "handle": _("another messenger"),
    "link": _("link"),
    "payment": _("payment elsewhere"),
}
WHY = _(
    "The others see {mask} instead until you have a contract here: escrow, deadlines and disputes work only for what is "
    "agreed here. You can send it all the same; nothing happens to your account."
)


def words(text: str, room: Room, *, own: bool = False) -> str:
    """A text of a room as its reader gets it: masked before hire, unless it is their own."""
    return judged(text, room, own=own)[0]


def judged(text: str, room: Room, *, own: bool = False) -> tuple[str, bool]:
    """The same, and whether something of it is masked for the others."""
    spans = _spans(text, room)
    return (text if own else contact_data.cover(text, spans)), bool(spans)


def preview(text: str, room: Room) -> dict[str, Any]:
    """What of a text that is being written would be masked, and why; an empty list where nothing is."""
    found = [
        {"text": text[span.start : span.end].strip(), "kind": span.kind, "name": str(KINDS[span.kind])}
        for span in _spans(text, room)
    ]
    return {"found": found, "why": str(WHY).format(mask=contact_data.MASK) if found else ""}


def _spans(text: str, room: Room) -> list[contact_data.Span]:
    own = (urlsplit(settings.SITE_URL).netloc,)
    return contact_data.find(text, own=own) if room.hides_contact else []
