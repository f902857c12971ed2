"""What takes the better part of a minute to make and is the same for many tests: made once, kept, and copied from then on."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.services.processes import ROOT, binary, environment

DAY = 24 * 60 * 60  # seconds


def sqlite() -> Path:
    """A migrated, empty database: a file to copy; nobody may open it."""
    return _kept("db.sqlite3", _migrations(), _make_sqlite)


def into_postgres(url: str) -> None:
    """Make the empty PostgreSQL database at `url` a migrated one."""
    dump = _kept("db.sql", _migrations(), lambda path: _make_dump(path, url))
    if not _has_tables(url):
        _run("psql", url, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump))


def static(build: Callable[[Path], None]) -> Path:
    """A folder to copy: what `build(folder)` collects there, for these files and what is done with them."""
    sources = [
        *(path for path in (ROOT / "static").rglob("*") if path.is_file()),
        ROOT / "Dockerfile",
        ROOT / "skilllink" / "settings.py",
    ]
    return _kept("static", sources, build)


def _kept(name: str, sources: Iterable[Path], make: Callable[[Path], None]) -> Path:
    """What `make(path)` makes of these files and the packages, beside which it is kept; made by the first who asks."""
    folder = Path(sys.prefix) / "made"
    folder.mkdir(exist_ok=True)
    path = folder / f"{_digest([ROOT / 'requirements.txt', *sources])}-{name}"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for older in folder.glob(f"*-{name}"):
                if time.time() - older.stat().st_mtime > DAY:  # another run may be copying a younger one
                    shutil.rmtree(older) if older.is_dir() else older.unlink()
            with tempfile.TemporaryDirectory(dir=folder) as unfinished:
                make(Path(unfinished) / name)
                (Path(unfinished) / name).rename(path)
    return path


def _digest(sources: Iterable[Path]) -> str:
    content = b"".join(str(path.relative_to(ROOT)).encode() + path.read_bytes() for path in sorted(sources))
    return hashlib.sha256(content).hexdigest()[:16]


def _migrations() -> list[Path]:
    """What a database is made of: migrations, and whatever else says that it runs after them (triggers, indexes, groups)."""
    packages = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"]
    modules = [path for package in packages for path in package.rglob("*.py")]
    return [path for path in modules if path.parent.name == "migrations" or "post_migrate" in path.read_text()]


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
