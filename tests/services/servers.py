"""The product as processes: what any running installation can do for a test, and embedded mode, as `make run` starts it."""

import logging
import re
import shutil
import ssl
import subprocess
import sys
from abc import ABC, abstractmethod
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import httpx

from tests.services import made
from tests.services.processes import ROOT, end, environment, free_port, wait_until
from tests.services.shell import Shell

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per question for readiness helps nobody
SHORT_CLOCKS = {
    "SKILLLINK_SWEEP_EVERY": "1s",
    "SKILLLINK_PULSE_EVERY": "2s",
}


class Site(ABC):
    """A running installation at `url`, with its data in `folder`."""

    url: str
    folder: Path
    trust: ssl.SSLContext | bool = True

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Ask for a page, as nobody."""
        return httpx.get(f"{self.url}{path}", verify=self.trust, timeout=30, **options)

    @abstractmethod
    def start(self) -> None:
        """Start the processes and wait until `/readyz` says so."""

    @abstractmethod
    def stop(self) -> None:
        """End the processes with SIGTERM; the data stays."""

    @abstractmethod
    def manage(self, *arguments: str, **environment: str) -> str:
        """Run a manage.py command beside the running site; returns what it printed, fails when it fails."""

    @abstractmethod
    def mails(self) -> list[EmailMessage]:
        """Every mail that the site sent, oldest first."""

    def end(self) -> None:
        """Stop for good, with everything that was started for it."""
        self.stop()

    def restart(self) -> None:
        self.stop()
        self.start()

    def ready(self) -> bool:
        try:
            return self.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def code_for(self, email: str) -> str:
        """The newest verification code that was mailed to an address."""

        def newest() -> str | None:
            for mail in reversed(self.mails()):
                body = mail.get_body(("plain",))
                text = body.get_content() if body else ""
                found = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", text, re.MULTILINE)
                if email in str(mail["To"]) and found:
                    return found[1]
            return None

        return str(wait_until(newest, what=f"the mail to {email}"))


class Embedded(Site):
    """One process on SQLite in a folder of its own; may be ended and started again on the same data and port."""

    def __init__(self, folder: Path, *, demo: bool = False, **rules: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment(folder, **{"PORT": str(self.port), **SHORT_CLOCKS, **rules})
        self.shell: Shell | None = None
        shutil.copy(made.sqlite(), folder / "db.sqlite3")
        if demo:
            self.manage("demo")
        self.start()

    def manage(self, *arguments: str, **environment: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env={**self.environment, **environment}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, code: str) -> str:
        """What Python code prints that runs beside the running site; fails when it fails."""
        if self.shell is None:
            self.shell = Shell(self.environment)
        return self.shell.run(code)

    def start(self) -> None:
        log = (self.folder / "server.log").open("ab")
        command = [sys.executable, "manage.py", "up", "--empty", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        wait_until(self.ready, what="the server's readiness")

    def stop(self) -> None:
        end(self.process)
        if self.shell is not None:
            self.shell.end()
            self.shell = None

    def mails(self) -> list[EmailMessage]:
        files = sorted((self.folder / "mail").glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
        return [
            cast(EmailMessage, message_from_bytes(mail, policy=policy.default))
            for path in files
            for mail in path.read_bytes().split(b"\n" + b"-" * 79 + b"\n")
            if mail.strip()
        ]

    def log(self) -> str:
        return (self.folder / "server.log").read_text()
