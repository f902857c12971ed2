"""One socket: a send costs no task unless it waits, order holds however it goes, a reader that is behind is cut off."""

import asyncio
import json
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from skilllink.realtime.encoding import framed
from skilllink.realtime.hub import AT_ONCE, Hub
from skilllink.realtime.members import BACKLOG, Member, Told, tell_each


class Reader:
    """A server's `send` with a reader behind it that may stop reading."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.prepared: list[bytes] = []

    async def send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self.sent.append(message.get("text", message.get("code")))

    def write(self, frames: bytes) -> bool:
        if self.reads.is_set():
            self.prepared.append(frames)
        return self.reads.is_set()

    def scope(self) -> dict[str, Any]:
        return {"extensions": {"skilllink.prepared": {"write": self.write}}}


async def test_a_reader_that_keeps_up_costs_no_task() -> None:
    reader = Reader()
    member = Member(None, "", reader.send)
    for number in range(1000):
        member.text(str(number))
    assert member.writer is None
    assert reader.sent == [str(number) for number in range(1000)]


async def test_what_waits_leaves_in_order_once_the_reader_reads_again() -> None:
    reader = Reader()
    member = Member(None, "", reader.send)
    member.text("0")
    reader.reads.clear()
    member.tell(Told([(str(number), False) for number in range(1, 40)]))
    member.text("40")
    assert reader.sent == ["0"]
    reader.reads.set()
    await member.finished()
    member.text("41")
    assert reader.sent == [str(number) for number in range(42)]


async def test_of_many_only_those_wait_who_do_not_read_and_whoever_fails_is_cut_off_alone() -> None:
    readers = [Reader() for _number in range(6)]
    members = [Member(None, "", reader.send) for reader in readers]
    fast, slow, failing, prepared, behind, last = readers

    async def fail(message: dict[str, Any]) -> None:
        if message.get("text") == "2":
            raise RuntimeError("It won't take this.")
        failing.sent.append(message.get("text", message.get("code")))

    members[2].send = fail
    members[3].write = prepared.write
    slow.reads.clear()
    behind.reads.clear()
    members[4].text("0")
    tell_each(members, Told([("1", False), ("2", False), ("3", True)]))
    assert fast.sent == last.sent == ["1", "2", "3"]
    assert prepared.prepared == [b"".join(framed(text) for text in "123")]
    assert (slow.sent, behind.sent, failing.sent) == ([], [], ["1"])
    assert [member.writer is None for member in members] == [True, False, False, True, False, True]
    for reader in (slow, behind):
        reader.reads.set()
    for member in members:
        await member.finished()
    assert (slow.sent, behind.sent, failing.sent) == (["1", "2", "3"], ["0", "1", "2", "3"], ["1", 4500])
    tell_each(members, Told([("4", False)]))
    assert [reader.sent[-1] for reader in (fast, slow, behind, last)] == ["4"] * 4
    assert failing.sent[-1] == 4500


async def test_an_answer_waits_until_the_one_before_has_left() -> None:
    reader = Reader()
    member = Member(None, "", reader.send)
    reader.reads.clear()
    await member.answer({"n": 1})
    second = asyncio.ensure_future(member.answer({"n": 2}))
    await asyncio.sleep(0)
    assert not second.done()
    reader.reads.set()
    await second
    await member.finished()
    assert reader.sent == ['{"n":1}', '{"n":2}']


async def test_a_full_backlog_closes_and_forgets_what_waited() -> None:
    reader = Reader()
    member = Member(None, "", reader.send)
    reader.reads.clear()
    for number in range(BACKLOG + 2):
        member.text(str(number))
    assert member.closed
    assert not member.backlog
    reader.reads.set()
    await member.finished()
    assert reader.sent == [4408]


async def test_a_server_that_refuses_a_send_ends_the_socket() -> None:
    codes = []

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            raise OSError("gone")
        codes.append(message["code"])

    member = Member(None, "", send)
    member.text("x")
    await member.finished()
    assert (member.closed, codes) == (True, [4500])


async def test_a_reader_that_does_not_even_take_the_close_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skilllink.realtime.members.CLOSE_SECONDS", 0.05)
    reader, ended = Reader(), []
    scope = {"extensions": {"skilllink.abort": {"abort": lambda: ended.append(True)}}}
    member = Member(None, "", reader.send, scope)
    reader.reads.clear()
    member.text("x")
    member.close(4408)
    await member.finished()
    assert ended == [True]


async def test_prepared_frames_are_what_a_websocket_library_writes() -> None:
    for size in (0, 1, 125, 126, 4000, 65_535, 65_536, 70_000):
        text = "é" * (size // 2) + "x" * (size % 2)
        assert framed(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


async def test_where_prepared_frames_are_taken_they_go_first_and_otherwise_send_does_it_in_the_same_order() -> None:
    reader = Reader()
    member = Member(None, "", reader.send, reader.scope())
    member.tell(Told([("1", False), ("2", False)]))
    assert (reader.prepared, reader.sent) == ([framed("1") + framed("2")], [])
    reader.reads.clear()
    member.text("3")
    reader.reads.set()
    member.text("4")  # behind what waits, though the server would take it at once
    await member.finished()
    member.text("5")
    assert (reader.prepared[1:], reader.sent) == ([framed("5")], ["3", "4"])


async def test_hints_of_a_kind_are_told_at_once_and_once_more_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skilllink.realtime.hub.HINTS_EVERY", 0.05)
    hub, reader = Hub(), Reader()
    member = Member(None, "", reader.send)
    member.topics["user:1"] = 0
    hub.listeners["user:1"] = {member}
    for number in range(5):
        hub.hear({"topics": ["user:1", "user:2"], "event": {"type": "messages.unread", "n": number}})
    hub.hear({"topic": "user:1", "event": {"type": "rooms.changed"}})
    assert "user:2" not in hub.heard  # nobody listens to it here
    while hub.hinted:
        await asyncio.sleep(0.01)
    assert [json.loads(text)["event"].get("n", "changed") for text in reader.sent] == [0, "changed", 4]


async def test_who_was_let_in_under_an_older_version_is_judged_before_hearing_also_after_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub, stays, goes, new = Hub(), Reader(), Reader(), Reader()
    for reader, version in ((stays, 1), (goes, 1), (new, 2)):
        await hub.subscribe(Member(reader, "", reader.send), "room:1", version)
    answers: list[Any] = [OSError("the database is away")]

    def judge(user: Any, topic: str) -> int | None:
        if answers:
            raise answers.pop()
        return None if user is goes else 0

    monkeypatch.setattr("skilllink.realtime.topics.still_since", judge)
    for number in (1, 2):
        hub.hear({"topic": "room:1", "event": {"type": "said", "n": number}, "version": 2})
        await asyncio.wait([hub.telling])
    assert [[json.loads(text).get("event", {}).get("n") for text in one.sent] for one in (stays, goes, new)] == [
        [2], [None], [2],
    ]  # fmt: skip
    assert json.loads(goes.sent[0])["type"] == "revoked"


async def test_who_leaves_while_the_first_of_many_are_told_hears_no_more() -> None:
    hub, readers = Hub(), [Reader() for _ in range(AT_ONCE + 50)]
    members = [Member(reader, "", reader.send) for reader in readers]
    for member in members:
        await hub.subscribe(member, "room:1")
    hub.hear({"topic": "room:1", "event": {"type": "said"}})
    told = hub.telling
    assert told is not None
    await asyncio.sleep(0)  # the first are told
    for reader, member in zip(readers, members, strict=True):
        if not reader.sent:
            await hub.unsubscribe(member, "room:1")
    await told
    assert sum(len(reader.sent) for reader in readers) == AT_ONCE == len(hub.listeners["room:1"])


async def test_what_is_told_late_is_not_heard_by_who_came_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, stayed, came, came_again = Hub(), Reader(), Reader(), Reader()
    for reader, version, since in ((stayed, 1, 0), (came, 3, 2), (came_again, 1, 0)):
        await hub.subscribe(Member(reader, "", reader.send), "room:1", version, since)
    monkeypatch.setattr("skilllink.realtime.topics.still_since", lambda user, topic: 3 if user is came_again else 0)
    for seq in (1, 2, 3, 4):
        hub.hear({"topic": "room:1", "event": {"type": "said", "seq": seq}, "version": 3})
    hub.hear({"topic": "room:1", "event": {"type": "typing"}, "version": 3})
    await asyncio.wait([hub.telling])
    heard = [[json.loads(text)["event"].get("seq") for text in one.sent] for one in (stayed, came, came_again)]
    assert heard == [[1, 2, 3, 4, None], [3, 4, None], [4, None]]
