"""Two web processes of one production: Daphne with the very command of docker-compose.yml, and Uvicorn as the docs have it."""

import os
import secrets
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from skilllink.realtime import uvicorn_protocol
from tests.services import made
from tests.services.postgres import Postgres
from tests.services.processes import ROOT, answers, end, environment, free_port, wait_until
from tests.services.redis import Redis

PROTOCOL = f"{uvicorn_protocol.__name__}:{uvicorn_protocol.PreparedProtocol.__name__}"
UVICORN = (
    f"uvicorn skilllink.asgi:application --host 127.0.0.1 --port 8000 --proxy-headers --lifespan off --ws {PROTOCOL} "
    "--ws-ping-interval 10 --ws-ping-timeout 15 --ws-max-size 1048576 --ws-per-message-deflate false "
    "--log-level warning"
)
BEHIND_TLS = {"X-Forwarded-Proto": "https"}  # what the proxy in front of them says


class Web:
    """One of the two. `step` sets its clock, `kill` ends it as a lost machine does."""

    def __init__(self, name: str, command: str, folder: Path, given: dict[str, str]) -> None:
        self.name, self.folder, self.environment = name, folder, given
        self.port = free_port()
        self.clock = folder / f"{name}.clock"
        self.clock.write_text("0")
        here = command.replace("8000", str(self.port)).replace("0.0.0.0", "127.0.0.1")  # noqa: S104  what the file says
        self.command = [sys.executable, "-m", "tests.services.stepped", str(self.clock), *shlex.split(here)]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        wait_until(lambda: self._lives() and answers(self.port), what=f"the start of {self.name}")

    def _lives(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        return True

    def step(self, seconds: int) -> None:
        """Set its clock so far off the others', at once: never is half a number read."""
        new = self.clock.with_suffix(".new")
        new.write_text(str(seconds))
        os.replace(new, self.clock)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)

    def log(self) -> str:
        return (self.folder / f"{self.name}.log").read_text()


class Pair:
    """PostgreSQL and Redis of their own, migrated; `prepare` fills the database before the two start."""

    def __init__(self, folder: Path, **rules: str) -> None:
        self.postgres, self.redis = Postgres(), Redis()
        given = {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "SECRET_KEY": secrets.token_urlsafe(64),
            "ALLOWED_HOSTS": "127.0.0.1",
            "SITE_URL": "https://127.0.0.1",
            "EMAIL_URL": "smtp://127.0.0.1:9",  # nothing is mailed: there is no worker
            "STATICFILES_MANIFEST": "0",
            "LOG_LEVEL": "WARNING",
            **rules,
        }
        self.environment = environment(folder, **given)
        daphne = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["web"]["command"]
        self.webs = [
            Web(name, command, folder, self.environment) for name, command in (("daphne", daphne), ("uvicorn", UVICORN))
        ]
        try:
            made.into_postgres(self.postgres.url)
        except BaseException:
            self.stop()
            raise

    def manage(self, *arguments: str) -> str:
        """A manage.py command with the tests' settings: passwords are hashed cheaply there."""
        own = {"DJANGO_SETTINGS_MODULE": "tests.settings", "SKILLLINK_PRODUCTION": "0", "REDIS_URL": ""}
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env={**self.environment, **own}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        with ThreadPoolExecutor() as pool:
            for begun in [pool.submit(web.start) for web in self.webs]:
                begun.result()

    def stop(self) -> None:
        for web in self.webs:
            web.stop()
        self.redis.stop()
        self.postgres.stop()
