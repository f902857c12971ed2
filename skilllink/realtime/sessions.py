"""When the right to a socket ends: at once by a push, within a minute without one."""

from collections.abc import Callable
from typing import Any

from skilllink.realtime.push import push

_judges: list[Callable[[Any], int | None]] = []


def close_sockets(user_id: Any, *, session_key: str | None = None, code: int = 4401) -> None:
    """After the open transaction commits, close the person's sockets (or those of one session) on every process."""
    push(f"user:{user_id}", {"type": "socket.close", "session": session_key or "", "code": code})


def register_judge(judge: Callable[[Any], int | None]) -> None:
    """`judge(user)` gives the close code when the person may not be connected any more, else None."""
    _judges.append(judge)


def verdict(user: Any) -> int | None:
    """The code to close this person's sockets with, or None."""
    return next((code for judge in _judges if (code := judge(user)) is not None), None)
