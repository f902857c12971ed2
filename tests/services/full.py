"""The product as docker-compose.yml starts it: the very commands of its services, on this machine's addresses."""

import os
import re
import secrets
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import threading
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import yaml

from tests.services import made
from tests.services.mail import Mailbox
from tests.services.postgres import Postgres
from tests.services.processes import ROOT, answers, binary, end, free_port, wait_until
from tests.services.redis import Redis
from tests.services.servers import SHORT_CLOCKS, Site

BALANCER = """
worker_processes 1; pid {folder}/balancer.pid; error_log stderr warn;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxied;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_upgrade $connection_upgrade {{ default upgrade; "" close; }}
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    client_max_body_size 0;
    location / {{
      proxy_pass http://127.0.0.1:{proxy}; proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
    }}
  }}
}}
"""


class Full(Site):
    """web, worker, beat and proxy as processes, PostgreSQL and Redis as fixtures, and TLS in front as a company has it."""

    def __init__(self, folder: Path, **rules: str) -> None:
        self.folder = folder
        self.postgres, self.redis, self.mailbox = Postgres(), Redis(), Mailbox()
        self.web, self.proxy, self.port = free_port(), free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.changing, self.ended = threading.Lock(), threading.Event()
        (folder / "data").mkdir()
        (folder / "tmp").mkdir()
        self.compose = self._compose(rules)
        try:
            shutil.copytree(made.static(self._collect_static), folder / "static")
            self._write_proxies()
            self.trust = ssl.create_default_context(cafile=f"{self.folder}/cert.pem")
            made.into_postgres(self.postgres.url)
            self.run_to_the_end("migrate")
            threading.Thread(target=self._restart_what_ended, daemon=True).start()
            self.start()
        except BaseException:
            self.end()
            raise

    # docker-compose.yml, with the names and ports of its network read as addresses of this machine

    def _compose(self, rules: dict[str, str]) -> dict[str, Any]:
        values = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "ALLOWED_HOSTS": "127.0.0.1",
            "SITE_URL": self.url,
            "EMAIL_URL": self.mailbox.url,
            "POSTGRES_PASSWORD": secrets.token_urlsafe(16),
            "TRUSTED_PROXY_COUNT": "2",
            **SHORT_CLOCKS,
            **rules,
        }
        path = self.folder / "production.env"
        path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        printed = subprocess.run(
            [binary("docker-compose"), "--env-file", str(path), "config"],
            cwd=ROOT, env={"PATH": os.environ["PATH"], "ENV_FILE": str(path)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return dict(yaml.safe_load(printed.stdout)["services"])

    def _here(self, text: str) -> str:
        places = {
            "postgres:5432": f"127.0.0.1:{self.postgres.port}",
            "redis:6379": f"127.0.0.1:{self.redis.port}",
            "web:8000": f"127.0.0.1:{self.web}",
            "-p 8000": f"-p {self.web}",
            "0.0.0.0": "127.0.0.1",  # noqa: S104  what the file says
            "listen 8080": f"listen 127.0.0.1:{self.proxy}",
            "/etc/skilllink/": f"{self.folder}/",
            "/tmp/": f"{self.folder}/tmp/",  # noqa: S108  what the file says
        }
        here = re.sub("|".join(map(re.escape, places)), lambda found: places[found[0]], text)
        return re.sub(r"^/data\b", f"{self.folder}/data", here)

    def environment_of(self, service: str) -> dict[str, str]:
        """What the service's container would be given, and the programs' path."""
        given = self.compose[service].get("environment", {})
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"])
        here = {name: self._here(str(value)) for name, value in given.items()}
        return {"PATH": programs, "DATA_DIR": f"{self.folder}/data", "STATIC_ROOT": f"{self.folder}/static", **here}

    def command_of(self, service: str) -> list[str]:
        command = self.compose[service]["command"]
        return shlex.split(self._here(command if isinstance(command, str) else shlex.join(command)))

    def _collect_static(self, folder: Path) -> None:
        """As the image's build does."""
        build = next(
            line
            for line in (ROOT / "Dockerfile").read_text().splitlines()
            if line.startswith("RUN ") and "collectstatic" in line
        )
        without = {"DATABASE_URL": "", "REDIS_URL": "", "STATIC_ROOT": str(folder)}
        subprocess.run(
            ["bash", "-c", self._here(build.removeprefix("RUN "))],
            cwd=ROOT, env={**self.environment_of("migrate"), **without}, capture_output=True, check=True,
        )  # fmt: skip

    def _write_proxies(self) -> None:
        (self.folder / "nginx.conf").write_text(self._here((ROOT / "deploy/nginx.conf").read_text()))
        (self.folder / "balancer.conf").write_text(
            BALANCER.format(folder=self.folder, port=self.port, proxy=self.proxy)
        )
        certificate = ["-keyout", f"{self.folder}/key.pem", "-out", f"{self.folder}/cert.pem"]
        subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run(
            [binary("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *certificate, *subject],
            capture_output=True, check=True,
        )  # fmt: skip

    # its services

    def run_to_the_end(self, service: str) -> None:
        done = subprocess.run(
            self.command_of(service), cwd=ROOT, env=self.environment_of(service), capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def begin(self, service: str) -> None:
        """Start one service with its own command."""
        self._popen(service, self.command_of(service), self.environment_of(service))

    def _popen(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )

    def _restart_what_ended(self) -> None:
        """What the file's `restart: unless-stopped` asks of a container engine."""
        while not self.ended.wait(0.5):
            with self.changing:
                for name, process in self.processes.items():
                    kept = self.compose.get(name, {}).get("restart") == "unless-stopped"
                    if kept and process.poll() is not None:
                        self.begin(name)

    def _taken(self, service: str) -> "subprocess.Popen[bytes]":
        with self.changing:
            return self.processes.pop(service)

    def finish(self, service: str) -> None:
        """End one service with SIGTERM, as its container would be; it stays ended."""
        end(self._taken(service))

    def kill(self, service: str) -> None:
        """End one service and its children with SIGKILL, as a lost machine does; it stays ended."""
        process = self._taken(service)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def start(self) -> None:
        for service in ("web", "worker", "beat", "proxy"):
            self.begin(service)
        self._popen(
            "balancer", [binary("nginx"), "-c", f"{self.folder}/balancer.conf", "-g", "daemon off;"], dict(os.environ)
        )
        wait_until(lambda: answers(self.port), what="the balancer's start")
        wait_until(self.ready, seconds=240, what="readiness in full mode")

    def stop(self) -> None:
        with self.changing:
            running, self.processes = self.processes, {}
        end(*running.values())

    def end(self) -> None:
        """Stop everything, PostgreSQL and Redis too."""
        self.ended.set()
        self.stop()
        self.redis.stop()
        self.postgres.stop()
        self.mailbox.stop()

    def manage(self, *arguments: str, **environment: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env={**self.environment_of("web"), **environment}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def mails(self) -> list[EmailMessage]:
        return list(self.mailbox.messages)

    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))
