"""Messages that a person may read, found by words, sender, files and days, in one room or in all of theirs."""

from datetime import datetime
from typing import Any

from django.db.models import F, Q

from chat import message_index, reading
from chat.models import Room

NAME_WORDS = 6


def find(
    user: Any,
    *,
    text: str = "",
    room: Room | None = None,
    sender: Any = None,
    name: str = "",
    files: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Any:
    """The messages, the latest first; nothing while nothing is looked for.

    `sender` is a person's id, `name` a part of their name; `since` is included, `until` isn't. Each has as `since` the
    number under which the person came into its room.
    """
    # `since` is read from the same row of memberships that opens the message
    rows = reading.open_to(user).filter(deleted_at__isnull=True, notice="")
    rows = rows.annotate(since=F("room__memberships__joined_seq"))
    if not (text.strip() or sender or name.strip() or files or since or until):
        return rows.none()
    if room is not None:
        rows = rows.filter(room=room)
    rows = message_index.INDEX.matching(rows, text, key=message_index.word_of(room.pk) if room else "")
    if text.strip() and not message_index.has_words(text):
        return rows.none()
    if sender:
        rows = rows.filter(author=sender)
    for word in name.split()[:NAME_WORDS]:
        rows = rows.filter(author__name__icontains=word)
    if files:
        rows = rows.filter(attachments__isnull=False).distinct()
    within = (Q(at__gte=since) if since else Q()) & (Q(at__lt=until) if until else Q())
    return rows.filter(within).order_by("-id")
