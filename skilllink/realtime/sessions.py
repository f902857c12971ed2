"""When the right to a socket ends: at once by a push, within a minute without one."""

from collections.abc import Callable, Collection
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user, get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.http.cookie import parse_cookie

from skilllink.realtime import tickets
from skilllink.realtime.push import push

NOT_SIGNED_IN = 4401
Judge = Callable[[Collection[Any]], dict[Any, int]]
_judges: list[Judge] = []


def close_sockets(user_id: Any, *, session_key: str | None = None, code: int = 4401) -> None:
    """After the open transaction commits, close the person's sockets (or those of one session) on every process."""
    push(f"user:{user_id}", {"type": "socket.close", "session": session_key or "", "code": code})


def register_judge(judge: Judge) -> None:
    """`judge(ids)` gives, of these people, the close code of each who may not be connected any more."""
    _judges.append(judge)


def verdict(user: Any) -> int | None:
    """The code to close this person's sockets with, or None."""
    return verdicts([user.pk]).get(user.pk)


def verdicts(people: Collection[Any]) -> dict[Any, int]:
    """The code to close somebody's sockets with, by id, for those who may not be connected."""
    return {person: code for judge in reversed(_judges) for person, code in judge(people).items()}


def session_of(scope: dict[str, Any]) -> SessionBase:
    """The session that a connection's cookie names, not yet read."""
    header = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
    store: SessionBase = _store()(parse_cookie(header).get(settings.SESSION_COOKIE_NAME))
    return store


def signed_in(session: SessionBase, ticket: str) -> tuple[Any, int | None]:
    """The person of the ticket or else of the session, None without either, and the code to close with, if any."""
    if ticket:
        user_id = tickets.redeem(ticket)
        user: Any = get_user_model().objects.filter(pk=user_id, is_active=True).first() if user_id else None
    else:
        user = get_user(SimpleNamespace(session=session))  # type: ignore[arg-type]
    if user is None or not user.is_authenticated:
        return None, NOT_SIGNED_IN
    return user, verdict(user)


def ended(sockets: Collection[tuple[Any, str]]) -> dict[tuple[Any, str], int]:
    """Of these sockets, each its person's id and its session's key or "", the close code of those whose right has ended."""
    people = {person for person, _key in sockets}
    keys = {key for _person, key in sockets if key}
    there = set(get_user_model().objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True))
    known = set(_store().get_model_class().objects.filter(pk__in=keys).values_list("pk", flat=True)) if keys else set()
    stopped = verdicts(people)
    found = {}
    for person, key in sockets:
        code = NOT_SIGNED_IN if person not in there or (key and key not in known) else stopped.get(person)
        if code is not None:
            found[person, key] = code
    return found


def _store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore
