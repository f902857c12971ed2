"""`manage.py backup` and `restore`: everything comes back, and a bad file changes nothing."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from payment import accounts, audit, deposits
from payment.gateways.sandbox import Sandbox
from payment.gateways.sandbox.cards import GOOD
from payment.models import Deposit, Entry, GatewayEvent, SandboxObject
from skilllink import backups
from tests.builders.gateway import dispute_of, settle_down
from tests.builders.payment import put_in_wallet
from tests.cast import make
from users.models import User


@pytest.fixture
def site(committed_db: None, settings: Any, tmp_path: Path) -> Path:
    """A person with money and an upload; returns where uploads lie."""
    settings.MEDIA_ROOT = tmp_path / "media"
    put_in_wallet(make("Ines Varga", client=True), 5000)
    upload = settings.MEDIA_ROOT / "chat" / "glaze.txt"
    upload.parent.mkdir(parents=True)
    upload.write_text("celadon")
    return Path(settings.MEDIA_ROOT)


@pytest.fixture
def backup(site: Path, tmp_path: Path) -> Path:
    call_command("backup", tmp_path / "kept.tar")
    return tmp_path / "kept.tar"


def state() -> tuple[set[str], int]:
    return set(User.objects.values_list("email", flat=True)), Entry.objects.count()


def test_what_was_there_comes_back_with_clean_books_and_what_came_later_is_gone(
    backup: Path, site: Path, capsys: Any
) -> None:
    before = state()
    put_in_wallet(make("Tomasz Okoro", freelancer=True), 700)
    (site / "chat" / "glaze.txt").unlink()
    assert state() != before

    call_command("restore", backup, replace=True)
    assert state() == before
    assert (site / "chat" / "glaze.txt").read_text() == "celadon"
    assert "0 violations" in capsys.readouterr().out
    # the ledger still guards itself
    put_in_wallet(User.objects.get(), 700)
    with pytest.raises(DatabaseError):
        Entry.objects.update(amount=1)


def test_a_restored_database_learns_what_the_gateway_did_since_its_backup(
    site: Path, tmp_path: Path, capsys: Any
) -> None:
    person = User.objects.get()
    waiting = deposits.request(person, 50_000, "USD")
    made = Sandbox().open(deposits.reference(waiting), 50_000, "USD")
    Deposit.objects.filter(pk=waiting.pk).update(gateway_id=made.id)
    settle_down()
    call_command("catch_up")
    call_command("backup", tmp_path / "kept.tar")
    deposits.pay(Deposit.objects.get(pk=waiting.pk), card=GOOD)
    later = put_in_wallet(person, 7_000)
    dispute_of(Deposit.objects.get(amount=5_000))
    settle_down()
    assert wallet(person) == 57_000
    outside = list(SandboxObject.objects.values())  # a gateway isn't in our backup

    call_command("restore", tmp_path / "kept.tar", replace=True)
    assert wallet(person) == 5_000
    SandboxObject.objects.all().delete()
    SandboxObject.objects.bulk_create(SandboxObject(**row) for row in outside)
    capsys.readouterr()
    for _twice in range(2):
        call_command("catch_up")
        assert wallet(person) == 50_000  # what waited was paid, what was there was charged back
        lost = GatewayEvent.objects.filter(status="quarantined")
        assert lost and all(deposits.reference(later) in row.body for row in lost)
        assert f"{lost.count()} wait for finance" in capsys.readouterr().out
    assert audit.run() == []


def wallet(person: User) -> int:
    return accounts.balances(person)["USD"]["wallet"]


def test_people_who_are_there_are_not_lost_unasked(backup: Path) -> None:
    make("Tomasz Okoro", freelancer=True)
    before = state()
    with pytest.raises(CommandError, match="--replace"):
        call_command("restore", backup)
    assert state() == before


def tampered(backup: Path, change: Any) -> Path:
    """The same backup with one thing changed in its manifest or members."""
    members: dict[str, bytes] = {}
    with tarfile.open(backup) as archive:
        for entry in archive:
            found = archive.extractfile(entry)
            assert found is not None
            members[entry.name] = found.read()
    change(members)
    path = backup.with_name("tampered.tar")
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def in_manifest(**facts: Any) -> Any:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | facts).encode()

    return change


def damaged(members: dict[str, bytes]) -> None:
    members["database"] = members["database"][:-1] + bytes([members["database"][-1] ^ 1])


def without_upload(members: dict[str, bytes]) -> None:
    del members["media/chat/glaze.txt"]


OTHER = "postgresql" if connection.vendor == "sqlite" else "sqlite"
BAD = {
    "a damaged database": (damaged, "damaged"),
    "a missing upload": (without_upload, "no whole backup"),
    "another database": (in_manifest(engine=OTHER), "this one is"),
    "a newer version": (in_manifest(migrations=[["users", "9999_later"]]), "newer version"),
    "another format": (in_manifest(format=2), "format 2"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_backup_is_named_and_changes_nothing(what: str, backup: Path) -> None:
    change, sentence = BAD[what]
    path = tampered(backup, change)
    make("Tomasz Okoro", freelancer=True)
    before = state()
    with pytest.raises(CommandError, match=sentence):
        call_command("restore", path, replace=True)
    assert state() == before


def test_half_a_file_is_no_backup(backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:5000])
    with pytest.raises(backups.BadBackup):
        backups.read(backup)


def test_an_upload_never_leaves_its_folder(backup: Path, tmp_path: Path) -> None:
    def escape(members: dict[str, bytes]) -> None:
        members["media/../escaped"] = members["media/chat/glaze.txt"]
        manifest = json.loads(members["manifest.json"])
        manifest["files"]["media/../escaped"] = manifest["files"]["media/chat/glaze.txt"]
        members["manifest.json"] = json.dumps(manifest).encode()

    before = state()
    with pytest.raises(CommandError, match="outside"):
        call_command("restore", tampered(backup, escape), replace=True)
    assert not (tmp_path / "escaped").exists()
    assert state() == before


def test_a_backup_that_fails_leaves_no_file_that_looks_like_one(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_target: Path) -> None:
        raise backups.BadBackup("The database is damaged.")

    monkeypatch.setattr(backups, "_dump", broken)
    with pytest.raises(CommandError, match="damaged"):
        call_command("backup", tmp_path / "kept.tar")
    assert not list(tmp_path.glob("kept*"))


def test_a_row_whose_file_is_gone_is_named(site: Path, tmp_path: Path, capsys: Any) -> None:
    person = User.objects.get()
    type(person.profile).objects.filter(user=person).update(avatar="avatars/gone.png")
    call_command("backup", tmp_path / "kept.tar")
    assert "avatars/gone.png is named by a row and isn't there." in capsys.readouterr().err
