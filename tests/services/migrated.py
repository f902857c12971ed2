"""A migrated, empty database, made once for a set of migrations and copied from then on: making one takes half a minute."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.services.processes import ROOT, binary, environment


def sqlite() -> Path:
    """A file to copy; nobody may open it."""
    return _kept("sqlite3", _make_sqlite)


def into_postgres(url: str) -> None:
    """Fill the empty PostgreSQL database at `url`."""
    dump = _kept("sql", lambda path: _make_dump(path, url))
    if not _has_tables(url):
        _run("psql", url, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump))


def _kept(suffix: str, make: Callable[[Path], None]) -> Path:
    """The file for these migrations, beside the packages that belong to them; made by the first who asks."""
    folder = Path(sys.prefix) / "migrated"
    folder.mkdir(exist_ok=True)
    path = folder / f"{_digest()}.{suffix}"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for older in folder.glob(f"*.{suffix}"):
                older.unlink()
            with tempfile.TemporaryDirectory() as scratch:
                made = Path(scratch) / path.name
                make(made)
                shutil.copy(made, folder / "unfinished")
                (folder / "unfinished").rename(path)
    return path


@cache
def _digest() -> str:
    """Other migrations, other packages or other code that runs after a migration are another database."""
    sources = [ROOT / "requirements.txt", *ROOT.glob("*/migrations/*.py"), *ROOT.glob("*/apps.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(sources))).hexdigest()[:16]


def _make_sqlite(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _migrate(environment(folder))
        shutil.copy(f"{folder}/db.sqlite3", path)


def _make_dump(path: Path, url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _migrate(environment(folder, DATABASE_URL=url, SKILLLINK_PRODUCTION="0"))
    _run("pg_dump", url, "--no-owner", "-f", str(path))


def _migrate(given: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _has_tables(url: str) -> bool:
    found = _run("psql", url, "-At", "-c", "SELECT to_regclass('django_migrations') IS NOT NULL")
    return found.strip() == "t"


def _run(program: str, url: str, *arguments: str) -> str:
    done = subprocess.run([binary(program), url, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
