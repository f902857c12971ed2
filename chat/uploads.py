"""Files for messages: taken before the message is sent, judged by what they contain."""

from typing import Any

from django.conf import settings
from django.db.models import Q

from chat import blocked, hiding, reading, rooms
from chat.models import Attachment, Room
from skilllink import files
from skilllink.transactions import verb
from users.standing import require_active


@verb
def keep(room: Any, uploader: Any, file: Any) -> Attachment:
    """Keep one file for a message that is still being written; pictures are written anew without hidden data.

    Raises TooLarge, UnsupportedFile, or Missing for everyone who isn't a member.
    """
    require_active(uploader)
    rooms.speaker(room, uploader)
    blocked.require_open(room, uploader)
    facts = files.check_upload(file, max_bytes=settings.SKILLLINK["FILE_BYTES"])
    kept = files.reencode_image(file) if facts.kind == "image" else file
    return Attachment.objects.create(
        room=room, uploader=uploader, file=kept, name=facts.name, mime=facts.mime, size=facts.size
    )


def visible_to(user: Any) -> Any:
    """Files of rooms the person is in; one that isn't sent yet is its uploader's alone."""
    rows = Attachment.objects.filter(room__in=Room.objects.visible_to(user))
    return rows.filter(Q(message__isnull=True, uploader=user) | Q(message__in=reading.open_to(user)))


def name_for(attachment: Attachment, reader: Any) -> str:
    """What a file is called for somebody: before hire without contact data, as in its message."""
    return hiding.words(attachment.name, attachment.room, own=attachment.uploader_id == reader.pk)
