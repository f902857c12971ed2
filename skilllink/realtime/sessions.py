"""When the right to a socket ends: at once by a push, within a minute without one."""

from collections.abc import Callable, Collection
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user, get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.http.cookie import parse_cookie
from django.utils.crypto import constant_time_compare

from skilllink.clocks import now
from skilllink.prepared import prepared
from skilllink.realtime import tickets
from skilllink.realtime.push import push

NOT_SIGNED_IN = 4401
TOKEN = "token:"
Right = tuple[Any, str, str]  # a person's id, the key of their session or token, the password's hash of that moment
Judge = Callable[[Collection[Any]], dict[Any, int]]
Valid = Callable[[Collection[str]], set[str]]
_judges: list[Judge] = []
_valid: list[Valid] = []


def close_sockets(user_id: Any, *, session_key: str | None = None, code: int = 4401) -> None:
    """After the open transaction commits, close the person's sockets (or those of one session or token) everywhere."""
    push(f"user:{user_id}", {"type": "socket.close", "session": session_key or "", "code": code})


def register_judge(judge: Judge) -> None:
    """`judge(ids)` gives, of these people, the close code of each who may not be connected any more."""
    _judges.append(judge)


def register_tokens(valid: Valid) -> None:
    """`valid(ids)` gives those of these API tokens that haven't ended."""
    _valid.append(valid)


def token_key(pk: Any) -> str:
    """What stands for a session where a program's token opens a socket."""
    return f"{TOKEN}{pk}"


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


def signed_in(session: Any, ticket: str) -> tuple[Any, str, int | None]:
    """The person of the ticket or else of the session, None without either, their key, and the code to close with, if any."""
    if ticket:
        user_id, key = tickets.redeem(ticket)
        user: Any = get_user_model().objects.filter(pk=user_id, is_active=True).first() if user_id else None
    else:
        user = _of_session(session) or get_user(SimpleNamespace(session=session))  # type: ignore[arg-type]
        key = session.session_key or ""
    if user is None or not user.is_authenticated:
        return None, key, NOT_SIGNED_IN
    return user, key, verdict(user)


def _of_session(session: Any) -> Any:
    """The person of a session, with two prepared statements; None where Django's own way has to look closer."""
    rows = _kept(key=session.session_key, moment=now()) if session.session_key else []
    if not rows:
        return None
    session._session_cache = session.decode(rows[0])  # as its first reader would
    known = session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
    people = _active(pk=session[SESSION_KEY]) if known and SESSION_KEY in session else []
    mine = people and constant_time_compare(session.get(HASH_SESSION_KEY, ""), people[0].get_session_auth_hash())
    return people[0] if mine else None


@prepared
def _kept(key: str, moment: Any) -> "QuerySet[Any]":
    rows = _store().get_model_class().objects.filter(session_key=key, expire_date__gt=moment)
    return rows.values_list("session_data", flat=True)  # type: ignore[no-any-return]


@prepared
def _active(pk: Any) -> "QuerySet[Any]":
    return get_user_model().objects.filter(pk=pk, is_active=True)


def ended(rights: Collection[Right]) -> dict[Right, int]:
    """Of what sockets rest on, the close code of each that has ended; a changed password ends them all."""
    people = {person for person, _key, _password in rights}
    active = get_user_model().objects.filter(pk__in=people, is_active=True)
    passwords = dict(active.values_list("pk", "password"))
    known = _known({key for _person, key, _password in rights})
    stopped = verdicts(people)
    found = {}
    for right in rights:
        person, key, password = right
        is_good = passwords.get(person) == password and key in known
        code = stopped.get(person, None if is_good else NOT_SIGNED_IN)
        if code is not None:
            found[right] = code
    return found


def _known(keys: set[str]) -> set[str]:
    """Those of these keys whose session or token is still there, and "", which stands for neither."""
    ids = {key.removeprefix(TOKEN) for key in keys if key.startswith(TOKEN)}
    of_tokens = {token_key(pk) for valid in _valid for pk in valid(ids)} if ids else set()
    of_sessions = {key for key in keys if key and not key.startswith(TOKEN)}
    rows = _store().get_model_class().objects.filter(pk__in=of_sessions)
    return {"", *of_tokens, *(rows.values_list("pk", flat=True) if of_sessions else ())}


def _store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore
