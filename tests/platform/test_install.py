"""A clean Linux: what is in git, a new environment with the runtime's packages alone, and the ways people try first.

The folder's name has spaces and an accent, the locale is C, no variable is set: what is missing there shows here.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.services.processes import ROOT, end, free_port, kept, wait_until


def bare(home: Path) -> dict[str, str]:
    """The environment of a new account on a machine without any locale."""
    return {"PATH": os.defpath, "HOME": str(home), "LC_ALL": "C"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that git knows, and nothing else, beside a new `.venv` with requirements.txt."""
    folder = tmp_path_factory.mktemp("clean") / "Skill Link à côté"
    # whoever checked it out may be somebody else
    ask = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(ask, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-m", "venv", ".venv"], cwd=folder, check=True)
    # pip keeps the machine's own settings: where packages come from, and its cache
    command = [".venv/bin/python", "-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def migrated(clone: Path) -> Path:
    command = [".venv/bin/python", "manage.py", "migrate"]
    done = subprocess.run(command, cwd=clone, env=bare(clone), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return clone


@contextmanager
def running(clone: Path, *command: str) -> Iterator["subprocess.Popen[str]"]:
    """A program of the clone in a session of its own, as a terminal starts it."""
    with (clone / "output").open("w+") as output:
        process = subprocess.Popen(
            command, cwd=clone, env=bare(clone), stdout=output, stderr=output, text=True, start_new_session=True
        )
        try:
            yield process
        finally:
            end(process)


def answer(port: int, path: str) -> httpx.Response | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=30)
    except httpx.TransportError:
        return None


def answers(port: int, path: str, status: int = 200) -> bool:
    got = answer(port, path)
    return got is not None and got.status_code == status


def test_no_development_package_is_there_and_what_is_there_fits(clone: Path) -> None:
    missing = [".venv/bin/python", "-c", "import pytest"]
    assert subprocess.run(missing, cwd=clone, capture_output=True, check=False).returncode == 1
    fits = subprocess.run([".venv/bin/python", "-m", "pip", "check"], cwd=clone, capture_output=True, check=False)
    assert fits.returncode == 0, fits.stdout


def test_runserver_answers_after_migrate(migrated: Path) -> None:
    port = free_port()
    with running(migrated, ".venv/bin/python", "manage.py", "runserver", f"127.0.0.1:{port}") as process:
        wait_until(lambda: answers(port, "/"), what="runserver's answer")
        assert answers(port, "/gigs/")
        assert answers(port, "/static/css/app.css")
        os.killpg(process.pid, signal.SIGINT)  # its reloader has a child
        process.wait(60)


def test_a_bare_daphne_answers_with_nothing_set(migrated: Path) -> None:
    port = free_port()
    with running(migrated, ".venv/bin/daphne", "-p", str(port), "skilllink.asgi:application"):
        wait_until(lambda: answers(port, "/healthz"), what="daphne's answer")
        assert answers(port, "/")
        # no worker runs beside it, and it says so
        ready = answer(port, "/readyz")
        assert ready is not None
        assert ready.status_code == 503
        assert ready.json()["worker_and_beat"] is False
        assert ready.json()["database"] is True


def test_make_run_writes_the_demo_once_and_is_ready_again_within_eight_seconds(migrated: Path) -> None:
    first = make_run(migrated)
    assert "Writing the demo" in first[1]

    def again() -> float:
        took, printed = make_run(migrated)
        assert "Writing the demo" not in printed
        return took

    check = [".venv/bin/python", "manage.py", "check"]
    assert kept(8, again, lambda: subprocess.run(check, cwd=migrated, check=True, capture_output=True))


def make_run(clone: Path) -> tuple[float, str]:
    """`make run` until it is ready, ended as Ctrl-C does; seconds until then and what it printed."""
    port, began = free_port(), time.monotonic()
    with running(clone, "make", "run", f"PORT={port}") as process:
        wait_until(lambda: answers(port, "/readyz"), what="readiness")
        took = time.monotonic() - began
        assert answers(port, "/demo/mail/")
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    printed = (clone / "output").read_text()
    assert f"http://127.0.0.1:{port}/" in printed
    assert "client@demo.skilllink.test" in printed
    assert "SkillLink has stopped." in printed
    return took, printed


def test_git_knows_everything_that_was_needed_and_ignores_what_was_made(migrated: Path) -> None:
    """Nothing that a start makes lies among the sources."""
    made = {path.name for path in migrated.iterdir()} - {path.name for path in ROOT.iterdir()}
    assert made <= {"var", "output"}
