"""Questions about a gig: one room for all who may see it, with its client as the owner."""

from typing import Any

from chat import openings
from chat.models import Room
from projects.models import Gig
from skilllink.errors import Missing
from skilllink.transactions import verb
from users.standing import require_active


@verb
def open_room(gig: Any, *, by: Any) -> Room:
    """The room of a posted gig's questions, opened by whoever asks first; `by` is in it and reads all of it.

    Raises Missing for who may not see the gig, BannedHere, Full.
    """
    require_active(by)
    found = Gig.objects.visible_to(by).filter(pk=gig.pk, posted_at__isnull=False).select_related("client").first()
    if found is None:
        raise Missing()
    return openings.for_gig(found.pk, found.client, by, found.title)
