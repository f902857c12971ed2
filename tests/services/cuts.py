"""Cutting a flow at a COMMIT: the process dies there, or the connection to the database breaks there."""

import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

from django.db import DEFAULT_DB_ALIAS, connections

from tests.conftest import leave

# as libpq sends it: alone, or parsed behind the statements that waited for it
COMMIT = re.compile(rb"Q\x00\x00\x00\x0bCOMMIT\x00|P\x00\x00\x00\x0e\x00COMMIT\x00\x00\x00")


@contextmanager
def counted_commits(at: Callable[[int, str], None]) -> Iterator[None]:
    """Call `at(number, "before" | "after")` around each COMMIT of this process, counted from 1."""
    kind: Any = type(connections[DEFAULT_DB_ALIAS])
    commit, number = kind._commit, 0

    def counting(connection: Any) -> Any:
        nonlocal number
        number += 1
        at(number, "before")
        answer = commit(connection)
        at(number, "after")
        return answer

    with patch.object(kind, "_commit", counting):
        yield


def die_at(number: int, when: str) -> Callable[[int, str], None]:
    """For `counted_commits`: SIGKILL to oneself."""

    def at(reached: int, side: str) -> None:
        if (reached, side) == (number, when):
            os.kill(os.getpid(), signal.SIGKILL)

    return at


class Proxy:
    """Between Django and PostgreSQL; `arm` it to break the connection at one COMMIT, once.

    Before: the COMMIT never reaches the server. After: the server carries it out, its reply is swallowed.
    """

    def __init__(self, port: int) -> None:
        self.server = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.left, self.when, self.cuts = 0, "", 0
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, number: int, when: str) -> None:
        self.left, self.when = number, when

    def close(self) -> None:
        self.listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self.listener.accept()
                far = socket.create_connection(self.server)
                cut, answered = threading.Event(), threading.Event()
                for way in ((self._forward, near, far), (self._back, far, near)):
                    threading.Thread(target=way[0], args=(*way[1:], cut, answered), daemon=True).start()

    def _forward(self, near: Any, far: Any, cut: threading.Event, answered: threading.Event) -> None:
        with suppress(OSError), near, far:
            while data := near.recv(65536):
                if self._cuts(data):
                    cut.set()
                    if self.when == "after":
                        far.sendall(data)
                        answered.wait(10)
                    near.shutdown(socket.SHUT_RDWR)
                    break
                far.sendall(data)
            far.shutdown(socket.SHUT_RDWR)  # closing alone tells the server nothing while `_back` reads

    def _back(self, far: Any, near: Any, cut: threading.Event, answered: threading.Event) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                if cut.is_set():
                    answered.set()  # the server has carried it out; its reply goes nowhere
                else:
                    near.sendall(data)
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)

    def _cuts(self, data: bytes) -> bool:
        found = len(COMMIT.findall(data))
        self.left -= found if self.left else 0
        if not found or self.left or not self.when or self.cuts:
            return False
        self.cuts += 1
        return True


@contextmanager
def through_proxy() -> Iterator[Proxy]:
    """Django's connections go through a Proxy while the block lasts."""
    settings = connections["default"].settings_dict
    port = settings["PORT"]
    proxy = Proxy(int(port))
    leave()
    settings["PORT"] = proxy.port
    try:
        yield proxy
    finally:
        leave()
        settings["PORT"] = port
        proxy.close()
