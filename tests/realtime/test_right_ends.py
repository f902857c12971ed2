"""When the right to a socket ends, so does the socket: at once by a push, with the next pulse where none arrives."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.test import Client

from chat import groups
from chat.models import Message
from skilllink import clocks
from skilllink.realtime import push
from tests import cast
from tests.cast import PASSWORD
from tests.sockets import Open, closed_with, tell
from users import sessions, tokens
from users.models import User
from users.moderation import sanctions

NEVER, SOON = timedelta(hours=1), timedelta(seconds=0.2)


def sign_out(user: User, browser: Client) -> None:
    browser.post("/accounts/logout/")


def change_password(user: User, browser: Client) -> None:
    given = {"oldpassword": PASSWORD, "password1": "another-long-password", "password2": "another-long-password"}
    answer = browser.post("/accounts/password/change/", given)
    assert answer.status_code == 302, answer.content


def change_password_elsewhere(user: User, browser: Client) -> None:
    """The session that the socket rests on stays a row; only the password says that it has ended."""
    other = Client()
    other.force_login(user)
    change_password(user, other)


def suspend(user: User, browser: Client) -> None:
    until = clocks.now() + timedelta(days=7)
    sanctions.suspend(user, by=cast.staff("Mira Moder", "Moderator"), reason="Spam", rule="§ 4", until=until)


def end_all_sessions(user: User, browser: Client) -> None:
    """As when a session is ended by hand in the database."""
    Session.objects.all().delete()


ENDS = [(sign_out, 4401), (change_password, 4401), (change_password_elsewhere, 4401), (suspend, 4403)]


@pytest.fixture
def ines(committed_db: None) -> User:
    return cast.make("Ines Varga", client=True)


@pytest.fixture
def pulse_every(settings: Any) -> Callable[[timedelta], None]:
    def every(span: timedelta) -> None:
        settings.SKILLLINK = {**settings.SKILLLINK, "PULSE_EVERY": span}

    return every


async def opened_by(open_socket: Open, user: User) -> tuple[Any, Client]:
    """A socket, and the browser whose session it rests on."""
    browser = Client()
    await sync_to_async(browser.force_login)(user)
    cookie = (b"cookie", f"sessionid={browser.cookies['sessionid'].value}".encode())
    return await open_socket(None, headers=[(b"origin", b"http://localhost"), cookie]), browser


async def run(function: Any, *given: Any, **more: Any) -> Any:
    return await sync_to_async(function, thread_sensitive=False)(*given, **more)


@pytest.mark.parametrize(("end", "code"), ENDS)
async def test_a_push_closes_it_before_any_pulse(
    ines: User, open_socket: Open, pulse_every: Any, end: Any, code: int
) -> None:
    pulse_every(NEVER)
    socket, browser = await opened_by(open_socket, ines)
    await run(end, ines, browser)
    assert await closed_with(socket) == code


@pytest.mark.parametrize(("end", "code"), [*ENDS, (end_all_sessions, 4401)])
async def test_the_next_pulse_closes_it_where_no_push_arrives(
    ines: User, open_socket: Open, pulse_every: Any, monkeypatch: pytest.MonkeyPatch, end: Any, code: int
) -> None:
    monkeypatch.setattr(push, "_send_all", lambda hints: None)  # as without Redis
    pulse_every(SOON)
    socket, browser = await opened_by(open_socket, ines)
    staying, _browser = await opened_by(open_socket, await run(cast.make, "Tomasz Okoro"))
    await run(end, ines, browser)
    assert await closed_with(socket) == code
    if end is not end_all_sessions:
        assert (await tell(staying, type="ping"))["type"] == "ack"


async def test_ending_one_session_closes_its_sockets_alone(ines: User, open_socket: Open, pulse_every: Any) -> None:
    pulse_every(SOON)
    ending, browser = await opened_by(open_socket, ines)
    staying, _other = await opened_by(open_socket, ines)
    await run(sessions.close, ines.pk, browser.session.session_key)
    assert await closed_with(ending) == 4401
    assert (await tell(staying, type="ping"))["type"] == "ack"


@pytest.mark.parametrize("told", [True, False])
async def test_a_programs_socket_ends_with_its_token_and_with_no_other(
    ines: User, open_socket: Open, pulse_every: Any, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    pulse_every(NEVER if told else SOON)
    if not told:
        monkeypatch.setattr(push, "_send_all", lambda hints: None)
    rows, opened = [], []
    for name in ("ending", "staying"):
        row, token = await run(tokens.create, ines, name=name, scopes=["read", "write"])
        headers = {"Authorization": f"Token {token}"}
        ticket = (await run(Client().post, "/api/v1/ws-tickets/", headers=headers)).json()["ticket"]
        rows.append(row)
        opened.append(await open_socket(None, headers=[], query=f"?ticket={ticket}"))
    await run(tokens.end, ines, rows[0].pk)
    assert await closed_with(opened[0]) == 4401
    assert (await tell(opened[1], type="ping"))["type"] == "ack"


async def test_what_is_said_after_the_close_is_not_done(ines: User, open_socket: Open, pulse_every: Any) -> None:
    pulse_every(NEVER)
    room = await run(groups.create, ines, "Glaze talk")
    socket, browser = await opened_by(open_socket, ines)
    await run(sign_out, ines, browser)
    assert await closed_with(socket) == 4401
    frame = {"type": "message.send", "room": str(room.pk), "client_id": "late-0002", "body": "One more"}
    await socket.send_json_to(frame)
    assert await socket.receive_nothing(0.5)
    assert not await Message.objects.aexists()


async def test_who_was_suspended_and_is_still_connected_is_refused_at_once(
    ines: User, open_socket: Open, pulse_every: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "_send_all", lambda hints: None)
    pulse_every(NEVER)
    room = await run(groups.create, ines, "Glaze talk")
    socket, browser = await opened_by(open_socket, ines)
    await run(suspend, ines, browser)
    frame = {"type": "message.send", "room": str(room.pk), "client_id": "late-0001", "body": "One more"}
    assert (await tell(socket, **frame))["code"] == "person.suspended"
    assert not await Message.objects.aexists()
