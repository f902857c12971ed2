"""One dictionary for a message, wherever it goes: frames, API and the template `chat/message/_message.html`."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from chat import cards, hiding
from chat.models import Attachment, Membership, Message, RoomEvent
from skilllink.markdown import render
from skilllink.money import format_money
from users.notifications.sentences import sentence


def serialize(message: Message, *, since: int, reader: Any = None) -> dict[str, Any]:
    """The public state of a message; a deleted one carries no words. Expects the joins of `reading.shown`.

    `since` is the number under which its reader came: of a quoted message from before it says only which one it is.
    Before hire contact data is masked for everyone but its author, if that is the `reader`.
    """
    own = _is_own(message, reader)
    # a notice says nothing itself, and its room isn't asked for
    body, masked = hiding.judged(message.body, message.room, own=own) if message.body else ("", False)
    files = [(file, *hiding.judged(file.name, message.room, own=own)) for file in _joined(message, "attachments")]
    deleted = message.deleted_at is not None
    reactions: dict[str, list[str]] = {}
    for reaction in _joined(message, "reactions"):
        reactions.setdefault(reaction.sign, []).append(str(reaction.user_id))
    html = render(body, _addresses(message)) if body else ""
    return {
        "id": str(message.pk),
        "seq": message.seq,
        "room": str(message.room_id),
        "author": {"id": str(message.author_id), "name": message.author.name} if message.author else None,
        "client_id": message.client_id,
        "body": body,
        "html": html,
        "links": cards.links(html),
        "masked": masked or any(hidden for _file, _name, hidden in files),
        "at": message.at.isoformat(),
        "edited": message.edited_at is not None,
        "deleted": deleted,
        "deleted_by": _remover(message),
        "reply_to": _quote(message, since, reader),
        "attachments": [
            {
                "id": str(file.pk),
                "name": name,
                "size": file.size,
                "mime": file.mime,
                "url": reverse("chat:attachment", args=[file.pk]),
                "preview": _preview(file),
            }
            for file, name, _hidden in files
        ],
        "reactions": reactions,
        "mentions": [{"id": str(row.user_id), "name": row.user.name} for row in _joined(message, "mentions")],
        "pinned": message.pinned_at is not None,
        "notice": _notice(message),
    }


def as_read(messages: Iterable[Message], *, since: int, reader: Any) -> list[dict[str, Any]]:
    """The same of several for their reader, each with the `cards` of what it links to."""
    return cards.put([serialize(message, since=since, reader=reader) for message in messages], reader)


def event_of(
    row: RoomEvent, message: Message | None = None, *, since: int = 0, state: Membership | None = None
) -> dict[str, Any]:
    """An event as it is told; of a message from before `since`, also of a quoted one, only which one it was.

    One about a person says what they are in the room by now, `state`; their `role` is null when they aren't in it.
    """
    event: dict[str, Any] = {"type": row.kind, "seq": row.seq, "room": str(row.room_id)}
    if message is not None and message.seq <= since:
        event["message"] = {"id": str(message.pk), "seq": message.seq}
    elif message is not None:
        event["message"] = serialize(message, since=since)
    elif row.user_id:
        here = state is not None and state.left_at is None
        silent = state.silenced_until if state and here else None
        event["user"] = {"id": str(row.user_id), "name": str(row.user)}
        event["role"] = state.role if state and here else None
        event["silenced_until"] = silent.isoformat() if silent else None
    elif row.kind == RoomEvent.Kind.SETTLED:
        event |= {"title": row.room.title, "public": row.room.public, "capacity": row.room.capacity}
    return event


def _joined(message: Message, name: str) -> Iterable[Any]:
    """What hangs on a message, as `reading.shown` has joined it: a manager for each kind would cost more than the rest."""
    there: dict[str, Iterable[Any]] = getattr(message, "_prefetched_objects_cache", {})
    return there[name] if name in there else getattr(message, name).all()


def _addresses(message: Message) -> dict[str, str]:
    """Where each `@name` of a message leads; nowhere for people whose profile is theirs alone."""
    found = {}
    for mention in _joined(message, "mentions"):
        profile = getattr(mention.user, "profile", None)
        shown = profile is not None and profile.visibility != profile.Visibility.PRIVATE
        found[f"@{mention.words}"] = profile.get_absolute_url() if shown and profile else ""
    return found


def _preview(file: Attachment) -> dict[str, Any] | None:
    if not file.preview:
        return None
    address = reverse("chat:attachment_preview", args=[file.pk])
    return {"url": address, "width": file.preview_width, "height": file.preview_height}


def _remover(message: Message) -> dict[str, str] | None:
    who = message.deleted_by or (message.author if message.deleted_at else None)
    return {"id": str(who.pk), "name": who.name} if who else None


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
        "author": str(quoted.author_id or ""),
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
