"""Eight clients, each a process with one connection, that do the same thing for some seconds."""

import os
import struct
import time
from collections.abc import Callable

from django.db import connection, connections

CLIENTS = 8
Act = Callable[[int], None]


def rate(begin: Callable[[int], Act], *, seconds: float, warm_up: float = 1.0, clients: int = CLIENTS) -> float:
    """How often all clients together did it in a second. `begin(client)` prepares one and returns its act.

    The first `warm_up` seconds don't count.
    """
    leave()
    start = time.monotonic() + warm_up + 0.5
    pipes = []
    for client in range(clients):
        told, mouth = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(told)
            _work(begin, client, mouth, start, seconds)
        os.close(mouth)
        pipes.append((pid, told))
    done, longest = 0, 0.0
    for pid, told in pipes:
        answer = os.read(told, 16)
        os.close(told)
        os.waitpid(pid, 0)
        if len(answer) != 16:
            raise RuntimeError("A client broke.")
        count, took = struct.unpack("qd", answer)
        done, longest = done + count, max(longest, took)
    return done / longest


def _work(begin: Callable[[int], Act], client: int, mouth: int, start: float, seconds: float) -> None:
    code = 1
    try:
        act, number, counted, first = begin(client), 0, 0, 0.0
        while time.monotonic() < start + seconds:
            act(number)
            number += 1
            if time.monotonic() >= start:
                first = first or time.monotonic()
                counted += 1
        os.write(mouth, struct.pack("qd", counted, time.monotonic() - start))
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def leave() -> None:
    """Close everything, so that a fork shares no connection."""
    connections.close_all()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
