"""A room over real sockets: both doors reach everyone, who is here shows, and who was put out hears nothing more."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import Client

from chat import groups, invitations, members, messages, presence, roles
from chat.models import Membership, Message, Room
from skilllink import clocks
from skilllink.realtime import push as realtime
from skilllink.transactions import verb
from tests import cast
from tests.sockets import Open, next_frame, tell, until_quiet
from users.models import User

Group = tuple[User, User, Room]


@pytest.fixture
def group(committed_db: None) -> Group:
    """A client, a freelancer and a group room that both are in; the client owns it."""
    cache.clear()
    owner, other = cast.make("Ines Varga", client=True), cast.make("Tomasz Okoro", freelancer=True)
    room = groups.create(owner, "Glaze talk")
    members.join(room, other)
    return owner, other, room


def outside(function: Any) -> Any:
    """Run a verb as a view would: in a thread of its own."""
    return sync_to_async(function, thread_sensitive=False)


async def entered(open_socket: Open, user: User, room: Room) -> Any:
    communicator = await open_socket(user)
    await tell(communicator, type="subscribe", topic=f"room:{room.pk}")
    return communicator


async def test_a_message_posted_over_http_reaches_sockets_and_one_sent_over_a_socket_is_read_over_http(
    group: Group, open_socket: Open
) -> None:
    owner, other, room = group
    socket = await entered(open_socket, other, room)
    browser = Client()
    await sync_to_async(browser.force_login)(owner)
    posted = await outside(browser.post)(
        f"/messages/{room.pk}/post/", {"body": "over HTTP", "client_id": "http-0001"}, headers={"accept": "application/json"}
    )  # fmt: skip
    assert posted.status_code in (200, 201, 302), posted.content
    assert (await next_frame(socket, "message.posted"))["event"]["message"]["body"] == "over HTTP"
    ack = await tell(socket, type="message.send", room=str(room.pk), client_id="socket-01", body="over a socket")
    assert ack["type"] == "ack"
    page = await outside(browser.get)(f"/api/v1/rooms/{room.pk}/messages/?after={ack['seq'] - 1}")
    assert [event["message"]["body"] for event in page.json()["events"]] == ["over a socket"]


async def test_who_looks_at_a_room_is_told_to_the_others_and_to_who_comes_later(
    group: Group, open_socket: Open
) -> None:
    owner, other, room = group
    first = await entered(open_socket, owner, room)
    second = await open_socket(other)
    assert (await tell(second, type="subscribe", topic=f"room:{room.pk}"))["here"] == []
    assert (await tell(first, type="room.here", room=str(room.pk)))["type"] == "ack"
    event = (await next_frame(second, "room.here"))["event"]
    assert (event["user"], event["seconds"]) == (str(owner.pk), 60)
    third = await open_socket(other)
    assert (await tell(third, type="subscribe", topic=f"room:{room.pk}"))["here"] == [str(owner.pk)]


async def test_a_stranger_can_not_say_that_they_are_here(group: Group, open_socket: Open) -> None:
    _owner, _other, room = group
    stranger = await open_socket(await sync_to_async(cast.make)("Mallory Webb"))
    assert (await tell(stranger, type="room.here", room=str(room.pk)))["code"] == "missing"
    assert await sync_to_async(presence.here)(room.pk) == []


async def test_the_banned_but_still_connected_hear_nothing_later(group: Group, open_socket: Open) -> None:
    owner, other, room = group
    banned = await entered(open_socket, other, room)
    await outside(members.ban)(room, other, by=owner)
    assert (await next_frame(banned, "revoked"))["topic"] == f"room:{room.pk}"
    await outside(messages.post)(room, owner, "Now we are alone", client_id="alone-0001")
    assert await until_quiet(banned, f"room:{room.pk}") == []
    answer = await tell(banned, type="message.send", room=str(room.pk), client_id="back-0001", body="Let me in")
    assert answer["code"] == "missing"
    assert (await tell(banned, type="subscribe", topic=f"room:{room.pk}", after=0))["code"] == "missing"
    assert not await Message.objects.filter(body="Let me in").aexists()


async def test_a_ban_holds_even_when_its_own_hint_was_lost(
    group: Group, open_socket: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, other, room = group
    banned, staying = await entered(open_socket, other, room), await entered(open_socket, owner, room)
    with monkeypatch.context() as lost:
        lost.setattr(realtime, "revoke", lambda *_: None)
        await outside(members.ban)(room, other, by=owner)
    await outside(messages.post)(room, owner, "Now we are alone", client_id="alone-0001")
    assert (await next_frame(staying, "message.posted"))["event"]["message"]["body"] == "Now we are alone"
    assert (await next_frame(banned, "revoked"))["topic"] == f"room:{room.pk}"
    assert await until_quiet(banned, f"room:{room.pk}") == []


async def test_typing_reaches_the_room_and_is_kept_nowhere(group: Group, open_socket: Open) -> None:
    owner, other, room = group
    socket = await entered(open_socket, owner, room)
    typist = await open_socket(other)
    before = await Room.objects.aget(pk=room.pk)
    assert (await tell(typist, type="typing", room=str(room.pk)))["type"] == "ack"
    assert (await next_frame(socket, "typing"))["event"]["user"] == str(other.pk)
    assert (await Room.objects.aget(pk=room.pk)).seq == before.seq


async def test_a_read_mark_goes_forward_only_and_the_others_see_it(group: Group, open_socket: Open) -> None:
    owner, other, room = group
    await outside(messages.post)(room, owner, "Read me", client_id="read-0001")
    watcher, reader = await entered(open_socket, owner, room), await open_socket(other)
    await tell(watcher, type="subscribe", topic=f"reads:{room.pk}")
    head = (await Room.objects.aget(pk=room.pk)).seq
    assert (await tell(reader, type="room.read", room=str(room.pk), upto=head + 1))["code"] == "topic.ahead"
    assert (await tell(reader, type="room.read", room=str(room.pk), upto=head))["upto"] == head
    assert (await next_frame(watcher, "room.read"))["event"]["upto"] == head
    assert (await tell(reader, type="room.read", room=str(room.pk), upto=1))["upto"] == head
    assert (await Membership.objects.aget(room=room, user=other)).read_seq == head


async def test_no_frame_that_may_be_lost_fills_the_queue_of_a_reader_who_is_behind(
    group: Group, open_socket: Open
) -> None:
    from skilllink.realtime.hub import get_hub
    from skilllink.realtime.members import BACKLOG

    owner, _other, room = group
    await entered(open_socket, owner, room)
    member = (await get_hub()).of_user(owner.pk)[0]
    sent: list[dict[str, Any]] = []
    reads = asyncio.Event()  # not yet

    async def send(message: dict[str, Any]) -> None:
        await reads.wait()
        sent.append(message)

    member.send = send
    member.text('{"type":"event"}')
    for number in range(BACKLOG * 2):
        member.text(f'{{"type":"typing","n":{number}}}', lossy=True)
    assert not member.closed
    assert len(member.backlog) == BACKLOG // 2
    for _ in range(BACKLOG // 2):
        member.text('{"type":"event"}')
    assert not member.closed
    member.text('{"type":"event"}')
    assert member.closed
    reads.set()
    await member.finished()
    assert sent == [{"type": "websocket.close", "code": 4408}]  # the close alone


async def test_what_a_rolled_back_verb_would_have_told_is_told_to_nobody(group: Group, open_socket: Open) -> None:
    owner, other, room = group
    socket = await entered(open_socket, other, room)

    @verb
    def fails() -> None:
        messages.post.within(room, owner, "Never said", client_id="never-0001")
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await outside(fails)()
    assert await socket.receive_nothing(0.3)
    assert not await Message.objects.filter(body="Never said").aexists()


async def test_every_change_of_a_room_is_told_with_the_next_number_and_read_again_alike(
    group: Group, open_socket: Open
) -> None:
    owner, other, room = group
    third = await outside(cast.make)("Olga Stranger")
    socket = await entered(open_socket, owner, room)
    before = (await Room.objects.aget(pk=room.pk)).seq
    until = clocks.now() + timedelta(hours=1)
    for act in (
        lambda: invitations.invite(room, third, by=owner),
        lambda: members.join(room, third),
        lambda: roles.appoint(room, third, "moderator", by=owner),
        lambda: roles.silence(room, other, by=third, until=until),
        lambda: groups.change(room, by=owner, name="Glazes", public=True, capacity=9),
        lambda: members.ban(room, other, by=third),
        lambda: roles.hand_over(room, third, by=owner),
    ):
        await outside(act)()
    heard = [frame["event"] for frame in await until_quiet(socket, f"room:{room.pk}")]
    assert [event["seq"] for event in heard] == list(range(before + 1, before + len(heard) + 1))
    assert [(event["type"], event.get("role")) for event in heard] == [
        ("member.invited", None),
        ("member.joined", "member"),
        ("member.changed", "moderator"),
        ("member.changed", "member"),
        ("room.changed", None),
        ("member.left", None),
        ("member.changed", "moderator"),
        ("member.changed", "owner"),
    ]
    assert heard[3]["silenced_until"] == until.isoformat()
    assert (heard[4]["title"], heard[4]["capacity"]) == ("Glazes", 9)
    again = (await tell(socket, type="subscribe", topic=f"room:{room.pk}", after=before))["events"]
    assert [(event["type"], event["seq"]) for event in again] == [(event["type"], event["seq"]) for event in heard]
    state = {event["user"]["id"]: event["role"] for event in again if "user" in event}
    assert state == {str(third.pk): "owner", str(other.pk): None, str(owner.pk): "moderator"}


async def test_a_deleted_room_ends_on_every_open_page(group: Group, open_socket: Open) -> None:
    owner, other, room = group
    sockets = [await entered(open_socket, who, room) for who in (owner, other)]
    await outside(groups.delete)(room, by=owner, title="Glaze talk")
    for socket in sockets:
        assert (await next_frame(socket, "revoked"))["topic"] == f"room:{room.pk}"
        assert (await tell(socket, type="subscribe", topic=f"room:{room.pk}"))["code"] == "missing"


async def test_a_silenced_person_is_refused_by_the_socket_too_and_types_unseen(group: Group, open_socket: Open) -> None:
    owner, other, room = group
    until = clocks.now() + timedelta(hours=1)
    await outside(roles.silence)(room, other, by=owner, until=until)
    watcher, silent = await entered(open_socket, owner, room), await entered(open_socket, other, room)
    said = await tell(silent, type="message.send", room=str(room.pk), client_id="silent-001", body="Hello")
    assert (said["type"], said["code"]) == ("error", "room.silenced")
    assert (await tell(silent, type="typing", room=str(room.pk)))["code"] == "room.silenced"
    assert await until_quiet(watcher, f"room:{room.pk}") == []
    assert not await Message.objects.filter(room=room).aexists()
