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
    return text if own or not room.hides_contact else contact_data.mask(text, own=_hosts())


def hides(text: str, room: Room) -> bool:
    """Whether something of the text is masked for the others."""
    return room.hides_contact and bool(contact_data.find(text, own=_hosts()))


def preview(text: str, room: Room) -> dict[str, Any]:
    """What of a text that is being written would be masked, and why; an empty list where nothing is."""
    spans = contact_data.find(text, own=_hosts()) if room.hides_contact else []
    found = [
        {"text": text[span.start : span.end].strip(), "kind": span.kind, "name": str(KINDS[span.kind])}
        for span in spans
    ]
    return {"found": found, "why": str(WHY).format(mask=contact_data.MASK) if found else ""}


def _hosts() -> tuple[str, ...]:
    return (urlsplit(settings.SITE_URL).netloc,)
