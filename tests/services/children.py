"""Processes of the product beside the test's own, that may be killed at any instant. Forked, so that they start at once."""

import contextlib
import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.conftest import leave


@dataclass
class Child:
    """A running process; `said` is the read end of a pipe with its lines."""

    pid: int
    said: int

    def kill(self) -> None:
        """End it as a lost machine does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> tuple[int, list[str]]:
        """Its exit code (negative: the signal that ended it) and every line it wrote."""
        pieces = []
        while piece := os.read(self.said, 65536):
            pieces.append(piece)
        os.close(self.said)
        _pid, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status), b"".join(pieces).decode().splitlines()


def fork(act: Callable[[Callable[[str], None]], Any]) -> Child:
    """Run `act(say)` in a process of its own, on its own connections; `say` writes a line that survives its death."""
    leave()
    said, mouth = os.pipe()
    pid = os.fork()
    if pid:
        os.close(mouth)
        return Child(pid, said)
    code = 1
    try:
        os.close(said)
        act(lambda line: os.write(mouth, f"{line}\n".encode()) and None)
        code = 0
    except BaseException:
        os.write(mouth, f"broke: {traceback.format_exc()[-1500:]!r}\n".encode())
    finally:
        os._exit(code)  # nothing of the test run is to be tidied up here
    raise AssertionError("unreachable")
