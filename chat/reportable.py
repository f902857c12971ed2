"""Messages can be reported by whoever reads them; what stood around them then goes with the report."""

from functools import partial
from typing import Any

from chat import hiding, reading
from chat.models import Message
from users.moderation.subjects import Subject, register

AROUND = 5  # messages before it, and as many after


def message(reporter: Any, pk: Any) -> Subject | None:
    rows = reading.open_to(reporter).filter(author__isnull=False)
    row = rows.select_related("author", "room").filter(pk=pk, deleted_at__isnull=True).first()
    if row is None:
        return None
    return Subject(
        hiding.words(row.body, row.room)[:80] or str(row.author),
        row.get_absolute_url(),
        row.author,
        partial(frozen, reporter, row),
    )


def frozen(reporter: Any, reported: Message) -> list[dict[str, Any]]:
    """The message and its neighbours that the reporter can read, in the words they were written in, also earlier ones."""
    rows = reading.open_to(reporter).filter(room=reported.room_id).prefetch_related("versions")
    before = rows.filter(seq__lt=reported.seq).order_by("-seq")[:AROUND]
    after = rows.filter(seq__gte=reported.seq).order_by("seq")[: AROUND + 1]
    return [_piece(row, reported) for row in [*reversed(before), *after]]


def _piece(row: Message, reported: Message) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "at": row.at.isoformat(),
        "who": str(row.author or row.notice),
        "who_id": str(row.author_id or ""),
        "words": row.body,
        "earlier": [{"until": version.at.isoformat(), "words": version.body} for version in row.versions.all()],
        "files": [file.name for file in row.attachments.all()],
        "reported": row.pk == reported.pk,
    }


def register_kinds() -> None:
    register("message", message)
