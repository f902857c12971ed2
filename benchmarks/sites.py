"""Servers that are measured: each a process pinned to one core, everything else on the others."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.services.processes import ROOT, answers, end, free_port, wait_until

CORES = sorted(os.sched_getaffinity(0))
OF_SERVER, OF_OTHERS = CORES[:1], CORES[1:] or CORES


class Site:
    """A running server."""

    def __init__(self, process: "subprocess.Popen[Any]", port: int) -> None:
        self.process, self.port, self.pid = process, port, process.pid

    def memory(self) -> float:
        """KiB that this process alone holds."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return sum(float(line.split()[1]) for line in lines if line.startswith("Pss:"))


def pin_others(*pids: int) -> None:
    """Databases and this process with all it starts leave the server's core alone."""
    for pid in (0, *pids):
        for task in Path(f"/proc/{pid or 'self'}/task").iterdir():
            os.sched_setaffinity(int(task.name), OF_OTHERS)


def uvicorn(application: str, *, prepared: bool = False, **environment: str) -> contextlib.AbstractContextManager[Site]:
    port = free_port()
    protocol = "skilllink.realtime.uvicorn_protocol:PreparedProtocol" if prepared else "websockets-sansio"
    arguments = ["--port", str(port), "--ws", protocol, "--ws-per-message-deflate", "false", "--lifespan", "off"]
    return _running(port, ["-m", "uvicorn", *arguments, "--log-level", "warning", application], environment)


def daphne(application: str, **environment: str) -> contextlib.AbstractContextManager[Site]:
    port = free_port()
    # its own backlog of 50 refuses connections that come in a bunch
    where = f"tcp:port={port}:interface=127.0.0.1:backlog=1024"
    return _running(port, ["-m", "daphne", "-e", where, "-v", "0", application], environment)


@contextlib.contextmanager
def _running(port: int, command: list[str], environment: dict[str, str]) -> Iterator[Site]:
    process = subprocess.Popen(
        ["taskset", "-c", ",".join(map(str, OF_SERVER)), sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: process.poll() is not None or answers(port), what="the server's start")
        if process.poll() is not None:
            raise RuntimeError(f"The server ended at once: {' '.join(command)}")
        yield Site(process, port)
    finally:
        end(process)
