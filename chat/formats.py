"""One dictionary for a message, wherever it goes: frames, API and the template `chat/message/_message.html`."""

from typing import Any

from django.urls import reverse

from chat import hiding
from chat.models import Message
from skilllink.markdown import render
from skilllink.money import format_money
from users.notifications.sentences import sentence


def serialize(message: Message, *, since: int, reader: Any = None) -> dict[str, Any]:
    """The public state of a message; a deleted one carries no words. Expects the joins of `messages.shown`.

    `since` is the number under which its reader came: of a quoted message from before it says only which one it is.
    Before hire contact data is masked for everyone but its author, if that is the `reader`.
    """
    body = hiding.words(message.body, message.room, own=_is_own(message, reader))
    deleted = message.deleted_at is not None
    reactions: dict[str, list[str]] = {}
    for reaction in message.reactions.all():
        reactions.setdefault(reaction.sign, []).append(str(reaction.user_id))
    return {
        "id": str(message.pk),
        "seq": message.seq,
        "room": str(message.room_id),
        "author": {"id": str(message.author_id), "name": message.author.name} if message.author else None,
        "client_id": message.client_id,
        "body": body,
        "html": render(body) if body else "",
        "masked": hiding.hides(message.body, message.room),
        "at": message.at.isoformat(),
        "edited": message.edited_at is not None,
        "deleted": deleted,
        "reply_to": _quote(message, since, reader),
        "attachments": [
            {
                "id": str(file.pk),
                "name": hiding.words(file.name, message.room, own=_is_own(message, reader)),
                "size": file.size,
                "mime": file.mime,
                "url": reverse("chat:attachment", args=[file.pk]),
            }
            for file in message.attachments.all()
        ],
        "reactions": reactions,
        "notice": _notice(message),
    }


def _is_own(message: Message, reader: Any) -> bool:
    return reader is not None and message.author_id == reader.pk


def _quote(message: Message, since: int, reader: Any) -> dict[str, Any] | None:
    quoted = message.reply_to
    if quoted is None or quoted.deleted_at:
        return None
    if quoted.seq <= since:
        return {"id": str(quoted.pk)}
    return {
        "id": str(quoted.pk),
        "name": str(quoted.author),
        "body": hiding.words(quoted.body, message.room, own=_is_own(quoted, reader))[:120],
    }


def _notice(message: Message) -> dict[str, Any] | None:
    if not message.notice:
        return None
    facts = message.facts
    return {
        "event": message.notice,
        "text": sentence(facts["text_key"], facts["params"] | {"amount": _figure(facts)}).rstrip("."),
        "amount": facts["amount"],
        "currency": facts["currency"],
        "url": facts["url"],
    }


def _figure(facts: dict[str, Any]) -> str:
    return format_money(facts["amount"], facts["currency"]) if facts["amount"] is not None else ""
