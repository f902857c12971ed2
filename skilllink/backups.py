"""Backups: one tar file with the database, the uploads and a manifest of their hashes.

Made beside a running site: SQLite's own online copy, or one snapshot by `pg_dump`. A file is named a backup only after it
was read back. Uploads are copied after the database, so that what its rows name is there.
"""

import hashlib
import io
import json
import os
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.models import FileField
from django.utils import timezone

FORMAT = 1
MANIFEST, DATABASE, UPLOADS = "manifest.json", "database", "media/"
PIECE = 1024 * 1024


class BadBackup(Exception):
    """This file is no backup that can be restored here; nothing was changed."""


class NotEmpty(Exception):
    """There are people in this database, who would be lost."""


def write(target: Path) -> dict[str, Any]:
    """Write and verify a backup at `target`; returns its manifest. Raises BadBackup when it doesn't read back."""
    part = target.with_name(f"{target.name}.part")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        database = Path(folder) / DATABASE
        _dump(database)
        sources = {DATABASE: database, **{f"{UPLOADS}{name}": path for name, path in _uploads()}}
        manifest = {
            "format": FORMAT,
            "made_at": timezone.now().isoformat(),
            "engine": connection.vendor,
            "migrations": sorted(map(list, MigrationLoader(connection).applied_migrations)),
            "files": {name: _hash_of(path) for name, path in sources.items()},
        }
        try:
            with tarfile.open(part, "w") as archive:
                _add(archive, MANIFEST, json.dumps(manifest, indent=1).encode())
                for name, path in sources.items():
                    archive.add(path, arcname=name, recursive=False)
            read(part)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    return manifest


def read(source: Path) -> dict[str, Any]:
    """The manifest of a backup, every hash checked. Raises BadBackup."""
    try:
        with tarfile.open(source) as archive:
            manifest: dict[str, Any] = json.load(_member(archive, MANIFEST))
            if manifest["format"] != FORMAT:
                raise BadBackup(f"It has format {manifest['format']}; this version reads {FORMAT}.")
            for name, expected in manifest["files"].items():
                if _hash(_member(archive, name)) != expected:
                    raise BadBackup(f"{name} is damaged.")
    except (tarfile.TarError, OSError, KeyError, TypeError, ValueError) as error:
        raise BadBackup(f"{source} is no whole backup ({error}).") from error
    return manifest


def restore(source: Path, *, replace: bool = False) -> dict[str, Any]:
    """Put the database and the uploads back as they were; returns the manifest.

    Everything is checked before anything is touched; the database changes in one transaction. Uploads that are newer stay.
    Raises BadBackup, and NotEmpty unless `replace`.
    """
    manifest = read(source)
    if manifest["engine"] != connection.vendor:
        raise BadBackup(f"It is of a {manifest['engine']} database; this one is {connection.vendor}.")
    unknown = {tuple(name) for name in manifest["migrations"]} - set(MigrationLoader(connection).disk_migrations)
    if unknown:
        raise BadBackup(f"It was made by a newer version, which has {'.'.join(min(unknown))}.")
    uploads = {name: _inside(name.removeprefix(UPLOADS)) for name in manifest["files"] if name.startswith(UPLOADS)}
    if not replace and _has_people():
        raise NotEmpty("This database has people in it. Say --replace to lose what it holds.")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(source) as archive:
        database = Path(folder) / DATABASE
        _extract(archive, DATABASE, database)
        _load(database)
        for name, path in uploads.items():
            _extract(archive, name, path)
    return manifest


def missing_uploads() -> list[str]:
    """Files that rows name and that aren't there, such as one deleted while the backup ran."""
    return sorted(name for name in _named() if not (Path(settings.MEDIA_ROOT) / name).is_file())


# --- the database ---------------------------------------------------------------------------------


def _dump(target: Path) -> None:
    if connection.vendor == "postgresql":
        _postgres("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        _postgres("pg_restore", "--list", str(target))
        return
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        _examine(copy)


def _load(source: Path) -> None:
    connections.close_all()
    if connection.vendor == "postgresql":
        _postgres(
            "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction",
            "--exit-on-error", f"--dbname={connection.settings_dict['NAME']}", str(source),
        )  # fmt: skip
        return
    with closing(sqlite3.connect(source)) as copy, closing(sqlite3.connect(connection.settings_dict["NAME"])) as target:
        _examine(copy)
        copy.backup(target)


def _examine(database: sqlite3.Connection) -> None:
    found = [row[0] for row in database.execute("PRAGMA integrity_check")]
    if found != ["ok"] or database.execute("PRAGMA foreign_key_check").fetchone():
        raise BadBackup(f"The database is damaged: {found[0]}.")


def _postgres(program: str, *arguments: str) -> None:
    facts = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    given = {variable: str(facts[name]) for variable, name in names.items() if facts.get(name)}
    try:
        done = subprocess.run([program, *arguments], env={**os.environ, **given}, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise BadBackup(f"{program} is missing. Install it with: apt-get install postgresql-client") from error
    if done.returncode:
        raise BadBackup(f"{program}: {done.stderr.strip()}")


def _has_people() -> bool:
    table = apps.get_model(settings.AUTH_USER_MODEL)._meta.db_table
    if table not in connection.introspection.table_names():
        return False
    return apps.get_model(settings.AUTH_USER_MODEL)._base_manager.exists()


# --- files ----------------------------------------------------------------------------------------


def _uploads() -> Iterator[tuple[str, Path]]:
    root = Path(settings.MEDIA_ROOT)
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield path.relative_to(root).as_posix(), path


def _named() -> set[str]:
    fields = (
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField)
    )
    return {name for model, field in fields for name in model._base_manager.values_list(field, flat=True) if name}


def _inside(name: str) -> Path:
    """Where an upload goes. Raises BadBackup for a name that leaves the folder."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise BadBackup(f"{name} lies outside of the uploads.")
    return Path(settings.MEDIA_ROOT).joinpath(*parts)


def _member(archive: tarfile.TarFile, name: str) -> Any:
    found = archive.extractfile(name)
    if found is None:
        raise BadBackup(f"{name} is no file.")
    return found


def _extract(archive: tarfile.TarFile, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with _member(archive, name) as source, target.open("wb") as copy:
        while piece := source.read(PIECE):
            copy.write(piece)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return _hash(file)


def _hash(file: Any) -> str:
    digest = hashlib.sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()
