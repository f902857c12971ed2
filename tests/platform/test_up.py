"""Embedded mode as a process: it starts, says what it is, and ends when asked."""

import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.services import made
from tests.services.processes import ROOT, end, environment, free_port, kept, wait_until


def manage(folder: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(folder, **more), capture_output=True, text=True, timeout=600, check=False
    )


def migrated_in(folder: Path) -> Path:
    """The same folder, with a migrated, empty database in it."""
    shutil.copy(made.sqlite(), folder / "db.sqlite3")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrated_in(tmp_path_factory.mktemp("data"))


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    log = (folder / "log").open("ab")
    command = [sys.executable, "manage.py", "up", "--empty", "--port", str(port)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment(folder, SKILLLINK_SWEEP_EVERY="1s"), stdout=log, stderr=log
    )


def ready(port: int) -> dict[str, object] | None:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=30)
    except httpx.TransportError:
        return None
    return answer.json() if answer.status_code == 200 else None


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_becomes_ready_and_a_signal_ends_it_cleanly_within_ten_seconds(folder: Path, by: signal.Signals) -> None:
    assert kept(10, lambda: start_and_end(folder, by), lambda: manage(folder, "check"))


def start_and_end(folder: Path, by: signal.Signals) -> float:
    """The seconds from the signal to the end."""
    port = free_port()
    process = start(folder, port)
    try:
        facts = wait_until(lambda: ready(port), what="readiness")
        assert facts["worker_and_beat_age_seconds"] < 30
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30).json() == {"status": "alive"}
        assert b"skilllink_heartbeat_age_seconds" in httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).content
        began = time.monotonic()
        process.send_signal(by)
        assert process.wait(60) == 0
        return time.monotonic() - began
    finally:
        end(process)


def test_a_taken_port_is_said_and_the_exit_is_not_zero(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = manage(folder, "up", "--port", str(other.getsockname()[1]))
    assert done.returncode == 1
    assert "is taken" in done.stderr


def test_the_asgi_module_imports_with_nothing_else_set(tmp_path: Path) -> None:
    code = "import skilllink.asgi as a; print(type(a.application).__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "ProtocolTypeRouter", done.stderr


UNSAFE = {
    "SECRET_KEY": ("short", "SECRET_KEY needs"),
    "SECRET_KEY that is missing": ("", "SECRET_KEY needs"),
    "SECRET_KEY of one letter": ("k" * 80, "SECRET_KEY needs"),
    "ALLOWED_HOSTS": ("*", "ALLOWED_HOSTS must name"),
    "ALLOWED_HOSTS without its own": ("elsewhere.example", "ALLOWED_HOSTS must contain"),
    "STAFF_SECOND_FACTOR": ("0", "STAFF_SECOND_FACTOR must be on"),
    "DEBUG": ("1", "DEBUG must be off"),
    "SITE_URL": ("http://skilllink.example", "SITE_URL must be"),
    "REDIS_URL": ("", "REDIS_URL must name"),
    "DATABASE_URL": ("", "DATABASE_URL must name"),
    "EMAIL_URL": ("", "EMAIL_URL must name"),
    "VAPID_PRIVATE_KEY": ("c2hvcnQ", "VAPID_PRIVATE_KEY must be"),
    "PUSH_HOSTS": ("fcm.googleapis.com,localhost", "PUSH_HOSTS must name"),
    "SKILLLINK_DEMO": ("1", "SKILLLINK_DEMO must be off"),
}
SAFE = {
    "SKILLLINK_PRODUCTION": "1",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "skilllink.example",
    "SITE_URL": "https://skilllink.example",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DATABASE_URL": "postgres://skilllink@127.0.0.1:1/skilllink",
    "EMAIL_URL": "smtp://mail.example:25",
}


@pytest.mark.parametrize("what", UNSAFE)
def test_an_unsafe_production_does_not_start_and_says_why(what: str, tmp_path: Path) -> None:
    value, sentence = UNSAFE[what]
    command = [sys.executable, "-c", "import skilllink.asgi"]
    unsafe = environment(tmp_path, **{**SAFE, what.split(maxsplit=1)[0]: value})
    done = subprocess.run(command, cwd=ROOT, env=unsafe, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    refused = [line for line in done.stderr.splitlines() if line.startswith("SkillLink does not start: ")]
    assert [line for line in refused if sentence in line]


def test_a_safe_production_loads(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import skilllink.asgi"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(tmp_path, **SAFE), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
