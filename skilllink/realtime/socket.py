"""The one WebSocket, `/ws/`. Every frame is documented in docs/realtime.md."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from django.conf import settings
from django.http.request import validate_host
from django.utils.translation import gettext as _

from skilllink.answers import as_refusal
from skilllink.errors import Malformed, Refusal, TooLarge, TooMany, Unavailable
from skilllink.realtime import frames, sessions, topics
from skilllink.realtime.hub import Hub, get_hub
from skilllink.realtime.members import FAILED, Member
from skilllink.realtime.threads import in_thread, in_turn

log = structlog.get_logger(__name__)
# not 1009 and 1003: an application may only close with codes of its own range
FORBIDDEN, FLOODED, TOO_BIG, NOT_TEXT = 4403, 4429, 4413, 4415
DEEPEST = 16
LARGEST = 10**15  # a number of a log; the databases' own end lies further


async def socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application. Its database work is done by a few threads that all sockets share."""
    if (await receive())["type"] != "websocket.connect":
        return
    ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [""])[0]
    if not _origin_allowed(scope, with_ticket=bool(ticket)):
        await send({"type": "websocket.close", "code": FORBIDDEN})
        return
    session = sessions.session_of(scope)
    try:
        user, key, code = await in_thread(sessions.signed_in)(session, ticket)
    except Exception:  # the database, or the cache that knows the used tickets, is away
        log.exception("socket.not_opened")
        user, key, code = None, "", FAILED
    await send({"type": "websocket.accept"})
    if code:
        await send({"type": "websocket.close", "code": code})
        return
    await _serve(Member(user, key, send, scope), receive)


async def _serve(member: Member, receive: Any) -> None:
    hub, user = await get_hub(), member.user
    if len(hub.of_user(user.pk)) >= settings.SKILLLINK["SOCKETS_PER_USER"]:
        member.frame(_error(TooMany(_("You have too many pages open.")), None))
        member.close(FLOODED)
        await member.finished()
        return
    hub.join(member)
    await hub.subscribe(member, f"user:{user.pk}")
    pulse = settings.SKILLLINK["PULSE_EVERY"].total_seconds()
    member.frame({"type": "hello", "user": str(user.pk), "pulse": pulse})
    try:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            if not member.closed:  # what a closed socket still says is read and not done
                await _take(hub, member, message)
    finally:
        await hub.leave(member)


async def _take(hub: Hub, member: Member, message: dict[str, Any]) -> None:
    text = message.get("text")
    if text is None:
        return member.close(NOT_TEXT)
    if len(text.encode()) > settings.SKILLLINK["FRAME_BYTES"]:
        member.frame(_error(TooLarge(_("A frame has at most 64 KiB.")), None))
        return member.close(TOO_BIG)
    frame: dict[str, Any] = {}
    try:
        frames.count(member.user.pk)
        frame = _parse(text)
        answer = await _handle(hub, member, frame)
        if answer is not None:
            await member.answer({"type": "ack", "ref": frame.get("ref"), **answer})
    except Exception as error:
        refusal = as_refusal(error)
        if refusal is None:
            log.exception("frame.failed", type=str(frame.get("type"))[:40])
            refusal = Unavailable()
        await member.answer(_error(refusal, frame.get("ref")))
        if isinstance(refusal, TooMany):
            member.close(FLOODED)
    return None


async def _handle(hub: Hub, member: Member, frame: dict[str, Any]) -> dict[str, Any] | None:
    kind = frame.get("type")
    if kind == "ping":
        return {}
    if kind == "subscribe":
        return await _subscribe(hub, member, frame)
    if kind == "unsubscribe":
        await hub.unsubscribe(member, str(frame.get("topic")))
        return {}
    async with in_turn(frames.subject_of(frame)):
        return await in_thread(frames.handler_of(kind))(member.user, frame) or {}


async def _subscribe(hub: Hub, member: Member, frame: dict[str, Any]) -> dict[str, Any]:
    """Authorise, listen, then read what was missed: nothing falls between the two."""
    topic, after = frame.get("topic"), frame.get("after")
    if after is not None and (type(after) is not int or not 0 <= after < LARGEST):
        raise Malformed(_("`after` is the last number you have."))
    kind, identifier, version, since = await in_thread(topics.admit)(member.user, topic)
    if len(member.topics) >= settings.SKILLLINK["TOPICS_PER_SOCKET"]:
        raise TooMany()
    await hub.subscribe(member, topic, version, since)
    await hub.confirmed(topic)
    try:
        answer = {"topic": topic} | await in_thread(topics.told)(member.user, kind, identifier, after)
    except Refusal:
        await hub.unsubscribe(member, topic)
        raise
    return answer if kind.pages_know else answer | {"quiet": hub.quiet.milliseconds(topic)}


def _origin_allowed(scope: dict[str, Any], *, with_ticket: bool) -> bool:
    """A browser always says where a page came from; only a program with a ticket may leave it out."""
    origin = dict(scope["headers"]).get(b"origin")
    if origin is None:
        return with_ticket
    host = urlsplit(origin.decode("latin-1")).hostname
    allowed = [name for name in settings.ALLOWED_HOSTS if name != "*"]
    return bool(host) and validate_host(host, allowed)


def _parse(text: str) -> dict[str, Any]:
    try:
        frame = json.loads(text)
        json.dumps(frame, ensure_ascii=False).encode()  # half a surrogate pair can be neither kept nor sent
    except (ValueError, RecursionError) as error:
        raise Malformed(_("A frame is a JSON object.")) from error
    if not isinstance(frame, dict) or _depth(frame) > DEEPEST:
        raise Malformed(_("A frame is a JSON object, at most 16 levels deep."))
    return frame


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level and deepest <= DEEPEST:
        deepest += 1
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return deepest


def _error(refusal: Refusal, ref: Any) -> dict[str, Any]:
    return {"type": "error", "ref": ref, **refusal.as_dict()}
