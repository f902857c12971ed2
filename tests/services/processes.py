"""Programs that tests start: in throw-away folders, on free ports, ended by their own process id."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEBIAN_PACKAGES = {
    "postgres": "postgresql",
    "psql": "postgresql",
    "pg_dump": "postgresql",
    "redis-server": "redis-server",
    "chromium": "chromium",
    "chromium-headless-shell": "chromium-headless-shell",
    "nginx": "nginx",
    "openssl": "openssl",
    "docker-compose": "docker-compose",
}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def environment(folder: Path | str, **more: str) -> dict[str, str]:
    """What a process with its data in `folder` is given: nothing of the tests' own settings."""
    own = ("SKILLLINK_", "DATABASE_URL", "REDIS_URL", "DJANGO_", "DATA_DIR", "DEBUG")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**clean, "DATA_DIR": str(folder), **more}


def binary(name: str) -> str:
    """The path of a program, PostgreSQL's versioned folders included. Fails with what to install."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        raise RuntimeError(f"{name} is missing. Install it with: apt-get install {DEBIAN_PACKAGES.get(name, name)}")
    return found


def wait_until(true: Callable[[], Any], *, seconds: float = 120, what: str = "it") -> Any:
    """Poll until `true()` is truthy and return that; fail with `what` after `seconds`.

    The default is for a start on a busy machine; a calm one doesn't wait longer for it.
    """
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if value := true():
                return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {seconds} s.")
        time.sleep(0.05)


def kept(seconds: float, measure: Callable[[], float], shortest: Callable[[], Any]) -> bool:
    """Whether what `measure` times takes at most `seconds`, a promise for a calm machine, once in three times.

    There the shortest command of all takes two seconds; a machine that is busy with other things is slow at both.
    """
    for _time in range(3):
        took = measure()
        if took <= seconds:
            return True
        began = time.monotonic()
        shortest()
        if took <= seconds * (time.monotonic() - began) / 2:
            return True
    return False


def answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


@contextlib.contextmanager
def running(command: list[str], *, log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its output in `log`; ended with SIGTERM, then SIGKILL, when the block is left."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **options)
    try:
        yield process
    finally:
        end(process)


def end(*processes: "subprocess.Popen[bytes]", seconds: float = 15) -> None:
    """SIGTERM to all of them at once, and SIGKILL to what is still there after that time."""
    running = [process for process in processes if process.poll() is None]
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
