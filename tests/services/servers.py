"""The product as processes: embedded mode, as `make run` starts it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

from tests.services.processes import ROOT, end, free_port, wait_until

SHORT_CLOCKS = {
    "SKILLLINK_SWEEP_EVERY": "1s",
    "SKILLLINK_PULSE_EVERY": "2s",
}


class Embedded:
    """One process on SQLite in a folder of its own; may be ended and started again on the same data and port."""

    def __init__(self, folder: Path, *, demo: bool = False, **rules: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        dropped = ("SKILLLINK_", "DATABASE_URL", "REDIS_URL", "DJANGO_", "DATA_DIR", "DEBUG")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        self.environment = {**clean, "DATA_DIR": str(folder), "PORT": str(self.port), **SHORT_CLOCKS, **rules}
        self.manage("migrate", "--verbosity", "0")
        if demo:
            self.manage("demo")
        self.start()

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        log = (self.folder / "server.log").open("ab")
        command = [sys.executable, "manage.py", "up", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        wait_until(self._ready, seconds=40, what="the server's readiness")

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        end(self.process)

    def restart(self) -> None:
        self.stop()
        self.start()

    def code_for(self, email: str) -> str:
        """The newest verification code that was mailed to an address."""

        def newest() -> str | None:
            files = sorted((self.folder / "mail").glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
            for path in reversed(files):
                text = path.read_text()
                found = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", text, re.MULTILINE)
                if f"To: {email}" in text and found:
                    return found[1]
            return None

        return str(wait_until(newest, seconds=15, what=f"the mail to {email}"))

    def log(self) -> str:
        return (self.folder / "server.log").read_text()
