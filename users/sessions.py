"""Where a person is signed in, and ending that: the session goes, and its open pages hear of it at once."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _

from skilllink.errors import Missing
from skilllink.realtime.sessions import close_sockets
from skilllink.transactions import inside_transaction, verb
from users import push


class NoSession(Missing):
    code, sentence = "session.missing", _("This session has ended already.")


@verb
def end(user: Any, pk: Any) -> None:
    """End one of the person's own sessions. Raises NoSession for any other."""
    row = UserSession.objects.filter(user=user, pk=pk).first()
    if row is None:
        raise NoSession()
    _end(row)


@verb
def end_these(rows: list[UserSession]) -> None:
    for row in rows:
        _end(row)


@inside_transaction
def end_all(user: Any, *, code: int) -> None:
    """Sign a person out everywhere and close their sockets with `code`."""
    for row in UserSession.objects.filter(user=user):
        row.end()
    close_sockets(user.pk, code=code)


@verb
def close(user_id: Any, session_key: str = "") -> None:
    """Close the open sockets of one session, or of all."""
    close_sockets(user_id, session_key=session_key)


@verb
def distrust(user_id: Any) -> None:
    """After a changed password: no open socket goes on, and no browser is told by push until it asks again."""
    push.forget(user_id)
    close_sockets(user_id)


def _end(row: UserSession) -> None:
    row.end()
    close_sockets(row.user_id, session_key=row.session_key, code=4401)
