"""What a browser may say over the socket. Each is a door to the same verb as the forms and the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from chat import blocked, hiding, messages, pins, presence, reading, receipts, rooms
from chat.models import Membership, Room
from skilllink import ids
from skilllink.errors import Malformed, Missing
from skilllink.realtime import frames, topics
from skilllink.realtime.push import push_now


class UnknownField(Malformed):
    code, sentence = "frame.unknown_field", _("This frame has a field that isn't one of its own. Nothing was changed.")


def _only(frame: dict[str, Any], *names: str) -> None:
    if set(frame) - {"type", "ref", *names}:
        raise UnknownField()


def send(user: Any, frame: dict[str, Any]) -> dict[str, Any]:
    """The author is the socket's person; a frame that names one is refused."""
    _only(frame, "room", "body", "client_id", "reply_to", "attachments")
    files = frame.get("attachments") or []
    if not isinstance(files, list):
        raise Malformed()
    message = messages.post(
        ids.read(frame.get("room")),
        user,
        frame.get("body", ""),
        client_id=frame.get("client_id", ""),
        reply_to=ids.read(frame["reply_to"]) if frame.get("reply_to") else None,
        attachments=[ids.read(pk) for pk in files],
    )
    return {"client_id": message.client_id, "seq": message.seq, "id": str(message.pk)}


def edit(user: Any, frame: dict[str, Any]) -> dict[str, Any]:
    _only(frame, "message", "body")
    return {"id": str(messages.edit(ids.read(frame.get("message")), by=user, body=frame.get("body", "")).pk)}


def delete(user: Any, frame: dict[str, Any]) -> dict[str, Any]:
    _only(frame, "message")
    return {"id": str(messages.delete(ids.read(frame.get("message")), by=user).pk)}


def react(user: Any, frame: dict[str, Any]) -> dict[str, Any]:
    _only(frame, "message", "sign", "on")
    on = frame.get("on", True) is True
    return {"id": str(messages.react(ids.read(frame.get("message")), by=user, sign=str(frame.get("sign")), on=on).pk)}


def check(user: Any, frame: dict[str, Any]) -> dict[str, Any]:
    """What of the words that are being written the others won't see; kept nowhere."""
    _only(frame, "room", "body")
    return hiding.preview(messages.clean_body(frame.get("body")), find(user, frame.get("room")))


def pin(user: Any, frame: dict[str, Any]) -> dict[str, Any]:
    _only(frame, "message", "on")
    on = frame.get("on", True) is True
    return {"id": str(pins.pin(ids.read(frame.get("message")), by=user, on=on).pk)}


def read(user: Any, frame: dict[str, Any]) -> dict[str, Any]:
    _only(frame, "room", "upto")
    upto: Any = frame.get("upto")
    return {"upto": receipts.mark_read(ids.read(frame.get("room")), user, upto)}


def typing(user: Any, frame: dict[str, Any]) -> None:
    """Told at once and kept nowhere."""
    _only(frame, "room")
    room = find(user, frame.get("room"))
    rooms.speaker(room, user)
    blocked.require_open(room, user)
    event = {"type": "typing", "user": str(user.pk), "name": user.get_short_name()}
    push_now(f"room:{room.pk}", event, version=room.version)


def here(user: Any, frame: dict[str, Any]) -> None:
    """Sent by a tab while somebody looks at the room."""
    _only(frame, "room")
    presence.mark(find(user, frame.get("room")), user)


def find(user: Any, room_id: Any) -> Room:
    """A room the person is in. Raises Missing."""
    room = Room.objects.visible_to(user).filter(pk=ids.read(room_id)).first()
    if room is None:
        raise Missing()
    return room


def _may_listen(user: Any, room_id: str) -> bool:
    try:
        rooms.member(find(user, room_id), user)
    except Missing:
        return False
    return True


def _since(user: Any, room_id: str) -> int:
    rows = Membership.objects.filter(room=ids.read(room_id), user=user, left_at__isnull=True)
    return rows.values_list("joined_seq", flat=True).first() or 0


def _head(room_id: str) -> int:
    return Room.objects.filter(pk=ids.read(room_id)).values_list("seq", flat=True).first() or 0


def _resume(user: Any, room_id: str, seq: int) -> dict[str, Any] | None:
    try:
        return reading.after(find(user, room_id), user, seq)
    except Missing:
        return None


def register() -> None:
    topics.register(
        topics.TopicKind(
            "room",
            may_listen=_may_listen,
            head=_head,
            resume=_resume,
            version=rooms.version,
            since=_since,
            greeting=lambda room_id: {"here": presence.here(ids.read(room_id))},
            pages_know=True,
        )
    )
    for name, handler in {
        "message.send": send,
        "message.edit": edit,
        "message.delete": delete,
        "message.react": react,
        "message.check": check,
        "message.pin": pin,
        "room.read": read,
        "room.here": here,
        "typing": typing,
    }.items():
        frames.register(name, handler)
