"""Ending sockets when the right to them ends."""

from typing import Any

from skilllink.realtime.push import push


def close_sockets(user_id: Any, *, session_key: str | None = None, code: int = 4401) -> None:
    """After the open transaction commits, close the person's sockets (or those of one session) on every process."""
    push(f"user:{user_id}", {"type": "socket.close", "session": session_key or "", "code": code})
