"""A private PostgreSQL cluster in a throw-away folder."""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.services import made
from tests.services.processes import answers, binary, end, free_port, wait_until

NAME = "skilllink"


def _as_unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root: drop to the user that Debian's package made."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


class Postgres:
    """One cluster; `url` for DATABASE_URL. Durable only when asked: tests that cut power ask."""

    def __init__(self, *, durable: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="skilllink-postgres-"))
        self.port = free_port()
        self.url = f"postgres://skilllink@127.0.0.1:{self.port}/{NAME}"
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        quiet = {"check": True, "cwd": self.folder, "stdout": subprocess.DEVNULL}
        drop = _as_unprivileged()
        cluster = str(self.folder / "data")
        subprocess.run([*drop, binary("initdb"), "-D", cluster, "-A", "trust", "-U", "skilllink", "--no-sync"], **quiet)
        fast = [] if durable else ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        self.process = subprocess.Popen(
            [
                *drop, binary("postgres"), "-D", cluster, "-p", str(self.port), "-k", str(self.folder),
                "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", *fast,
            ],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=(self.folder / "log").open("wb"),
        )  # fmt: skip
        wait_until(lambda: answers(self.port), what="PostgreSQL's start")
        wait_until(self._made, what="the database")

    def _made(self) -> bool:
        command = [binary("createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "skilllink", NAME]
        return subprocess.run(command, capture_output=True).returncode == 0

    def stop(self) -> None:
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


def start_for_session() -> str:
    """Start the cluster of this test run, migrated; returns its URL. It ends with the process."""
    server = Postgres()
    atexit.register(server.stop)
    made.into_postgres(server.url)
    return server.url
