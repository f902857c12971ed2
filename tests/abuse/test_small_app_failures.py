"""What broke the small apps this grew from, by name; each over the doors that people really use."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import Client

from chat import groups, members, reading
from chat.models import Message, Room
from projects import milestones
from tests import cast
from tests.abuse.proof import everything, nothing_changes
from tests.abuse.routes import Route, all_routes
from tests.abuse.world import World, say, signed_in
from tests.services.processes import ROOT
from tests.sockets import Open, closed_with, next_frame, tell, until_quiet
from users.models import User

Group = tuple[User, User, Room]


@pytest.fixture
def group(committed_db: None) -> Group:
    """A group room behind a key, its owner and one other member."""
    cache.clear()
    owner, other = cast.make("Ines Varga", client=True), cast.make("Tomasz Okoro", freelancer=True)
    room = groups.create(owner, "Glaze talk", public=False, key="a key of some length")
    members.join(room, other, key="a key of some length")
    return owner, other, room


def outside(function: Any) -> Any:
    """Run a verb as a view would: in a thread of its own."""
    return sync_to_async(function, thread_sensitive=False)


async def rows() -> Any:
    return await sync_to_async(everything)()


async def test_anonymous_socket(committed_db: None, open_socket: Open) -> None:
    """It is closed before it is told anything, and what it sends meanwhile does nothing."""
    socket = await open_socket(None, hello=False)
    assert await closed_with(socket) == 4401


async def test_forged_author(group: Group, open_socket: Open) -> None:
    owner, other, room = group
    socket = await open_socket(other)
    before = await rows()
    send = {"type": "message.send", "room": str(room.pk), "client_id": "forged-0001", "body": "I am Ines"}
    for field in ("author", "user", "user_id", "sender", "as", "author_id"):
        answer = await tell(socket, **send, **{field: str(owner.pk)})
        assert (answer["type"], answer["code"]) == ("error", "frame.unknown_field")
    browser = await sync_to_async(signed_in)(other)
    api = {"client_id": "forged-0002", "body": "I am Ines", "author": str(owner.pk)}
    given = await outside(browser.post)(f"/api/v1/rooms/{room.pk}/messages/", api, content_type="application/json")
    assert given.status_code == 400
    assert await rows() == before
    page = {"client_id": "forged-0003", "body": "Whoever I say", "author": str(owner.pk), "user": str(owner.pk)}
    await outside(browser.post)(f"/messages/{room.pk}/post/", page)
    assert (await Message.objects.aget(client_id="forged-0003")).author_id == other.pk


async def test_stranger_in_a_private_room(group: Group, open_socket: Open) -> None:
    owner, _other, room = group
    olga = await sync_to_async(cast.make)("Olga Stranger")
    await outside(say)(room, owner, "Only between us")
    before = await rows()
    socket = await open_socket(olga)
    assert (await tell(socket, type="subscribe", topic=f"room:{room.pk}", after=0))["code"] == "missing"
    send = {"type": "message.send", "room": str(room.pk), "client_id": "olga-00001", "body": "Let me in"}
    assert (await tell(socket, **send))["code"] == "missing"
    assert (await tell(socket, type="typing", room=str(room.pk)))["code"] == "missing"
    browser = await sync_to_async(signed_in)(olga)
    for address in (f"/messages/{room.pk}/", f"/api/v1/rooms/{room.pk}/messages/"):
        given = await outside(browser.get)(address)
        assert given.status_code == 404
        assert b"Only between us" not in given.content
    assert (await outside(browser.post)(f"/messages/{room.pk}/join/", {"key": "a guess"})).status_code == 404
    assert await rows() == before
    await outside(say)(room, owner, "Still only between us")
    assert await socket.receive_nothing(0.3)


async def test_banned_but_still_connected(group: Group, open_socket: Open) -> None:
    owner, other, room = group
    socket = await open_socket(other)
    await tell(socket, type="subscribe", topic=f"room:{room.pk}")
    await outside(members.ban)(room, other, by=owner)
    assert (await next_frame(socket, "revoked"))["topic"] == f"room:{room.pk}"
    await outside(say)(room, owner, "Now we are alone")
    assert await until_quiet(socket, f"room:{room.pk}") == []
    before = await rows()
    send = {"type": "message.send", "room": str(room.pk), "client_id": "banned-001", "body": "Let me in"}
    assert (await tell(socket, **send))["code"] == "missing"
    assert (await tell(socket, type="subscribe", topic=f"room:{room.pk}", after=0))["code"] == "missing"
    browser = await sync_to_async(signed_in)(other)
    for address in (f"/messages/{room.pk}/", f"/api/v1/rooms/{room.pk}/messages/"):
        assert (await outside(browser.get)(address)).status_code == 404
    assert (await outside(browser.post)(f"/messages/{room.pk}/post/", {"body": "x"})).status_code == 404
    assert (
        await outside(browser.post)(f"/messages/{room.pk}/join/", {"key": "a key of some length"})
    ).status_code == 403
    assert await rows() == before


async def test_message_sent_over_http_not_reaching_sockets(group: Group, open_socket: Open) -> None:
    owner, other, room = group
    socket = await open_socket(other)
    await tell(socket, type="subscribe", topic=f"room:{room.pk}")
    browser = await sync_to_async(signed_in)(owner)
    await outside(browser.post)(f"/messages/{room.pk}/post/", {"body": "From the form"})
    assert (await next_frame(socket, "message.posted"))["event"]["message"]["body"] == "From the form"
    api = {"client_id": "over-api-1", "body": "From the API"}
    await outside(browser.post)(f"/api/v1/rooms/{room.pk}/messages/", api, content_type="application/json")
    assert (await next_frame(socket, "message.posted"))["event"]["message"]["body"] == "From the API"


async def test_message_sent_over_a_socket_not_reaching_http(group: Group, open_socket: Open) -> None:
    owner, other, room = group
    socket = await open_socket(other)
    send = {"type": "message.send", "room": str(room.pk), "client_id": "socket-001", "body": "From the socket"}
    assert (await tell(socket, **send))["type"] == "ack"
    browser = await sync_to_async(signed_in)(owner)
    for address in (f"/messages/{room.pk}/", f"/api/v1/rooms/{room.pk}/messages/"):
        assert "From the socket" in (await outside(browser.get)(address)).content.decode()


def test_history_lost_on_reload(world: World) -> None:
    """Two hundred messages later, a new page and its older pages still have every word once and in order."""
    words = [f"word {number:03}" for number in range(200)]
    for word in words:
        say(world.room, world.client, word)
    browser = signed_in(world.freelancer)
    page = browser.get(f"/messages/{world.room.pk}/").content.decode()
    seq, seen = world.room.messages.order_by("-seq")[49].seq, [word for word in words if word in page]
    while seq > 1:
        older = browser.get(f"/messages/{world.room.pk}/older/?before={seq}").content.decode()
        seen = [word for word in words if word in older] + seen
        seq = max(1, seq - 50)
    assert seen == words


def test_double_release(world: World) -> None:
    browser, step = signed_in(world.client), world.milestone(1)
    address = f"/milestones/{step.pk}/release/"
    assert browser.post(address, {"version": step.version}).status_code == 303
    with nothing_changes():
        for data in ({"version": step.version}, {"version": world.milestone(1).version}, {}):
            assert browser.post(address, data).status_code in (409, 422)
        again = browser.post(f"/api/v1{address}", {}, content_type="application/json")
        assert again.status_code == 409
        assert again.json()["sentence"]


def test_payee_marking_an_own_payment(world: World) -> None:
    browser, step = signed_in(world.freelancer), world.milestone(1)
    with nothing_changes():
        given = browser.post(f"/milestones/{step.pk}/release/", {"version": step.version})
        assert given.status_code == 403
        for body in ({"version": step.version}, {"status": "released"}, {"paid": True}):
            given = browser.post(f"/api/v1/milestones/{step.pk}/release/", body, content_type="application/json")
            assert given.status_code in (400, 403)
        for method in ("put", "patch", "delete"):
            body = {"status": "released", "released": step.amount}
            given = getattr(browser, method)(f"/api/v1/milestones/{step.pk}/", body, content_type="application/json")
            assert given.status_code == 405
        for act in ("paid", "mark-paid", "settle", "status"):
            assert browser.post(f"/milestones/{step.pk}/{act}/").status_code == 404
        with pytest.raises(milestones.NotYours):
            milestones.release(step, by=world.freelancer)


# pages that only act: asked for with GET, they say 405 and do nothing; whatever comes later may change no row either
POST_ONLY = {
    "appearance", "session_end", "token_end", "notifications_read", "with", "message_delete", "post",
    "upload", "read", "join", "decline", "note", "mute", "send_invitation", "appoint", "silence", "ban", "unban",
    "hand_over", "withdraw", "message_edit", "message_react", "message_pin", "gig_questions", "gig_draft",
    "gig_preview", "gig_pause", "gig_resume", "gig_renew", "gig_invite",
    "gig_file_removal", "bid_withdraw", "bid_shortlist", "bid_archive", "bid_room", "offer_decline",
    "offer_withdraw",
}  # fmt: skip


def test_state_change_by_get(world: World) -> None:
    """Both parties ask for every address of the site with the ids of all they have: no row changes by it."""
    routes = [route for route in all_routes() if not route.text.startswith("/accounts/")]
    refused: set[str] = set()
    _read_receipts(world)
    for person in (world.client, world.freelancer):
        browser = signed_in(person)
        with nothing_changes():
            for route in routes:
                answers = {browser.get(address).status_code for address in _addresses(route, world)}
                assert 500 not in answers, route
                if 405 in answers:
                    assert answers == {405}, route
                    refused.add(route.pattern.name)
    assert refused >= POST_ONLY | {r.pattern.name for r in routes if r.text.startswith("/api/") and not _has_get(r)}


def test_signing_out_by_get_asks_first(world: World) -> None:
    browser = signed_in(world.client)
    assert browser.get("/accounts/logout/").status_code == 200
    assert browser.get("/contracts/").status_code == 200


def test_asgi_module_that_imports_only_under_runserver(tmp_path: Path) -> None:
    """As `daphne skilllink.asgi:application` imports it: no settings named, nothing set, from a bare environment."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATA_DIR": str(tmp_path)}
    code = "from skilllink.asgi import application; print(sorted(application.application_mapping))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=bare, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['http', 'websocket']"


def _read_receipts(world: World) -> None:
    """Opening a bid leaves a receipt for its author, once; that is what it is for."""
    browser = signed_in(world.client)
    for gig in ("invited gig", "contract's gig"):
        browser.get(f"/gigs/{world.ids[gig]}/compare/")
    browser.get(f"/bids/{world.ids['bid']}/")


def _addresses(route: Route, world: World) -> list[str]:
    if not route.has_id:
        return route.addresses(0)
    return [address for name in route.kinds(world.ids) for address in route.addresses(world.ids[name])]


def _has_get(route: Route) -> bool:
    view: Any = route.callback
    actions = getattr(view, "actions", None)
    return "get" in actions if actions else hasattr(getattr(view, "cls", None) or view.view_class, "get")


def test_the_parties_do_meet_their_pages(world: World) -> None:
    """The walk above proves nothing if every address of it were missing."""
    browser: Client = signed_in(world.client)
    for name, address in {"contract": "/contracts/{}/", "room": "/messages/{}/", "bid": "/bids/{}/"}.items():
        assert browser.get(address.format(world.ids[name])).status_code == 200, name


def test_what_the_two_said_is_in_the_log_once(world: World) -> None:
    events = reading.after(world.room, world.freelancer, 0)["events"]
    assert [event["message"]["body"] for event in events if event.get("message")].count("Only between us") == 1
