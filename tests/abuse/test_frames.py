"""Frames that are none, or wrong in one field: an error frame with a sentence, the socket stays, nothing changes."""

import itertools
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from chat import groups, messages
from tests import cast
from tests.abuse.proof import everything
from tests.sockets import PATIENCE, Open, closed_with

WRONG: list[Any] = [
    None,
    True,
    -1,
    1.5,
    10**30,
    "",
    "x" * 300,
    "\0",
    "\u202e",
    "'</script>\n\"",
    [],
    ["a"],
    {},
    {"a": 1},
]
NO_FRAMES = [
    "[]", "[1]", "5", "-0", "1e999", "NaN", "Infinity", '"text"', "null", "true", " ", "{", "{'a': 1}", "[" * 20_000,
    '{"type": "ping", "ref": "\\ud800"}', '{"type": "ping"}{"type": "ping"}', "\ufeff{}",
]  # fmt: skip


async def refused(socket: Any, text: str) -> dict[str, Any]:
    await socket.send_to(text_data=text)
    answer: dict[str, Any] = await socket.receive_json_from(PATIENCE)
    assert answer["type"] == "error", (text[:200], answer)
    assert answer["code"] != "unavailable", text[:200]
    assert len(answer["sentence"]) > 15
    return answer


async def test_lists_numbers_and_other_text_are_no_frames(committed_db: None, open_socket: Open) -> None:
    socket = await open_socket(await sync_to_async(cast.make)("Ines Varga"))
    before = await sync_to_async(everything)()
    for text in NO_FRAMES:
        assert (await refused(socket, text))["code"] == "malformed"
    assert await sync_to_async(everything)() == before
    await socket.send_json_to({"type": "ping", "ref": 1})
    assert (await socket.receive_json_from(PATIENCE))["type"] == "ack"


@pytest.mark.parametrize(
    "kind", ["nonsense", "websocket.disconnect", "hub.event", "topic.revoked", "x" * 500, 5, [], {}]
)
async def test_an_unknown_type_is_named_as_such(committed_db: None, open_socket: Open, kind: Any) -> None:
    socket = await open_socket(await sync_to_async(cast.make)("Ines Varga"))
    before = await sync_to_async(everything)()
    assert (await refused(socket, json.dumps({"type": kind, "room": "x"})))["code"] == "frame.unknown"
    assert await sync_to_async(everything)() == before


async def test_100_kb_are_refused_with_a_sentence_and_4413(committed_db: None, open_socket: Open) -> None:
    socket = await open_socket(await sync_to_async(cast.make)("Ines Varga"))
    before = await sync_to_async(everything)()
    frame = {"type": "message.send", "room": "x", "client_id": "large-0001", "body": "x" * 100_000}
    assert (await refused(socket, json.dumps(frame)))["code"] == "too_large"
    assert await closed_with(socket) == 4413
    assert await sync_to_async(everything)() == before


async def test_a_known_frame_with_any_one_field_wrong_changes_nothing(
    committed_db: None, open_socket: Open, settings: Any
) -> None:
    settings.SKILLLINK = {**settings.SKILLLINK, "FRAMES_PER_MINUTE": 10_000}
    ines = await sync_to_async(cast.make)("Ines Varga")
    room = await sync_to_async(groups.create)(ines, "Glaze talk")
    message = await sync_to_async(messages.post)(room, ines, "Hello", client_id="hello-0001")
    good: dict[str, dict[str, Any]] = {
        "message.send": {"room": str(room.pk), "client_id": "wrong-0001", "body": "Hello"},
        "message.edit": {"message": str(message.pk), "body": "Other"},
        "message.delete": {"message": str(message.pk)},
        "message.react": {"message": str(message.pk), "sign": "👍"},
        "message.pin": {"message": str(message.pk)},
        "room.read": {"room": str(room.pk), "upto": 1},
        "room.here": {"room": str(room.pk)},
        "typing": {"room": str(room.pk)},
        "subscribe": {"topic": f"room:{room.pk}"},
    }
    socket = await open_socket(ines)
    before = await sync_to_async(everything)()
    for kind, fields in good.items():
        for field, value in itertools.product(fields, WRONG):
            if field == "body" and isinstance(value, str) and value.strip("\0"):
                continue  # those are words like any others
            await refused(socket, json.dumps({"type": kind, **fields, field: value}))
        if kind != "subscribe":
            await refused(socket, json.dumps({"type": kind, **fields, "author": "somebody"}))
    for extra in (
        {"reply_to": "x"},
        {"reply_to": 5},
        {"attachments": ["x"]},
        {"attachments": "x"},
        {"attachments": [5]},
    ):
        await refused(socket, json.dumps({"type": "message.send", **good["message.send"], **extra}))
    for after in (-1, 1.5, "1", True, [], 10**30):
        await refused(socket, json.dumps({"type": "subscribe", **good["subscribe"], "after": after}))
    assert await sync_to_async(everything)() == before
