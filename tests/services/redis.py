"""A private Redis in a throw-away folder, that tests may stop and start again on the same port."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.services.processes import answers, binary, end, free_port, wait_until


class Redis:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="skilllink-redis-"))
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                binary("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1",
                "--dir", str(self.folder), "--save", "", "--appendonly", "no",
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(lambda: answers(self.port), what="Redis's start")

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def restart(self) -> None:
        """End it and start it empty, as a crash without persistence does."""
        self.halt()
        self.start()

    def halt(self) -> None:
        """End it, to be started again on the same port."""
        end(self.process)

    def stop(self) -> None:
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)
