"""Messages can be reported by whoever reads them."""

from typing import Any

from chat import hiding, messages
from users.moderation.subjects import Subject, register


def message(reporter: Any, pk: Any) -> Subject | None:
    rows = messages.open_to(reporter).filter(author__isnull=False)
    row = rows.select_related("author", "room").filter(pk=pk, deleted_at__isnull=True).first()
    if row is None:
        return None
    return Subject(
        hiding.words(row.body, row.room)[:80] or str(row.author),
        f"{row.room.get_absolute_url()}#m-{row.pk}",
        row.author,
    )


def register_kinds() -> None:
    register("message", message)
