"""Files for messages: taken before the message is sent, judged by what they contain."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chat import blocked, hiding, reading, rooms
from chat.models import Attachment, Room
from skilllink import clocks, files
from skilllink.errors import TooMany
from skilllink.transactions import after_commit, inside_transaction, verb
from users.standing import require_active

AT_ONCE = 100  # rows of a sweep


class TooManyUnsent(TooMany):
    code = "attachment.too_many_unsent"
    sentence = _("{most} of your files wait for their message. Send some, or wait; this one was not kept.")


def keep(room: Any, uploader: Any, file: Any) -> Attachment:
    """Keep one file for a message that is still being written; pictures are written anew without hidden data.

    Raises TooLarge, UnsupportedFile, TooManyUnsent, or Missing for everyone who isn't a member.
    """
    _require_welcome(room, uploader)  # before anything is decoded, which takes its time outside of the transaction
    taken = files.take(file, max_bytes=settings.SKILLLINK["FILE_BYTES"])
    return _keep(room, uploader, taken, files.preview(taken) if taken.facts.kind == "image" else None)


@verb
def _keep(room: Any, uploader: Any, taken: files.Taken, preview: files.Preview | None) -> Attachment:
    _require_welcome(room, uploader)
    facts = taken.facts
    kept = {"file": taken, "name": facts.name, "mime": facts.mime, "size": taken.size}
    if preview:
        kept |= {"preview": preview.content, "preview_width": preview.width, "preview_height": preview.height}
    return Attachment.objects.create(room=room, uploader=uploader, **kept)


def _require_welcome(room: Any, uploader: Any) -> None:
    require_active(uploader)
    rooms.speaker(room, uploader)
    blocked.require_open(room, uploader)
    most = settings.SKILLLINK["FILES_UNSENT"]
    if Attachment.objects.filter(uploader=uploader, message__isnull=True).count() >= most:
        raise TooManyUnsent(most=most)


@inside_transaction
def drop(rows: Iterable[Attachment]) -> None:
    """These attachments go, after COMMIT their files too."""
    for row in rows:
        for file in filter(None, (row.file, row.preview)):
            after_commit(partial(file.delete, save=False))
        row.delete()


@verb
def sweep() -> int:
    """Drop what waits for its message longer than FILES_UNSENT_KEPT. Returns how many files."""
    before = clocks.now() - settings.SKILLLINK["FILES_UNSENT_KEPT"]
    rows = Attachment.objects.filter(message__isnull=True, created_at__lt=before).order_by("created_at")
    found = clocks.claim(rows, AT_ONCE)
    drop(found)
    return len(found)


def visible_to(user: Any) -> Any:
    """Files of rooms the person is in; one that isn't sent yet is its uploader's alone."""
    rows = Attachment.objects.filter(room__in=Room.objects.visible_to(user))
    return rows.filter(Q(message__isnull=True, uploader=user) | Q(message__in=reading.open_to(user)))


def name_for(attachment: Attachment, reader: Any) -> str:
    """What a file is called for somebody: before hire without contact data, as in its message."""
    return hiding.words(attachment.name, attachment.room, own=attachment.uploader_id == reader.pk)
