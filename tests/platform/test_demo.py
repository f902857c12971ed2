"""The demo's data: whole or not there, written once, with something on every page."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from skilllink import checks
from tests.platform.test_up import manage, migrated_in
from tests.services.processes import ROOT, environment
from users import people

COUNTS = ("users_user", "projects_gig", "projects_contract", "chat_message", "payment_entry", "users_notification")
# what its rows go through; a gig is in review only while moderators must look at it first
STATES = {
    "projects_gig": {"draft", "open", "paused", "filled", "closed", "expired", "removed"},
    "projects_bid": {"submitted", "shortlisted", "offered", "hired", "declined", "withdrawn", "not_selected"},
    "projects_offer": {"sent", "accepted", "declined", "superseded"},
    "projects_contract": {"active", "ending", "closed"},
    "projects_milestone": {
        "proposed", "agreed", "funded", "submitted", "changes_requested", "refund_requested", "disputed",
        "released", "refunded", "resolved",
    },
    "projects_dispute": {"open", "executed"},
    "payment_deposit": {"settled", "failed", "needs_confirmation"},
}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = migrated_in(tmp_path_factory.mktemp("demo"))
    done = manage(folder, "demo")
    assert done.returncode == 0, done.stderr
    assert "the ledger's audit is clean" in done.stdout
    return folder


def ask(folder: Path, sql: str) -> set[str | int]:
    with sqlite3.connect(folder / "db.sqlite3") as database:
        return {row[0] for row in database.execute(sql)}


def counts(folder: Path) -> dict[str, set[str | int]]:
    return {table: ask(folder, f"SELECT COUNT(*) FROM {table}") for table in COUNTS}  # noqa: S608  names from above


def test_a_demo_killed_midway_leaves_nothing_and_the_next_start_writes_all_of_it(written: Path, tmp_path: Path) -> None:
    migrated_in(tmp_path)
    command = [sys.executable, "manage.py", "demo"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        chapters = (line.decode() for line in process.stdout)
        assert any("contracts" in chapter for chapter in chapters)  # people, gigs and bids are written by then
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
    assert set().union(*counts(tmp_path).values()) == {0}
    assert manage(tmp_path, "demo").returncode == 0
    assert counts(tmp_path) == counts(written)
    assert manage(tmp_path, "audit_ledger").returncode == 0


def test_a_second_time_changes_nothing(written: Path) -> None:
    before = counts(written)
    again = manage(written, "demo")
    assert (again.returncode, again.stdout) == (0, "")
    assert counts(written) == before


@pytest.mark.parametrize("table", STATES)
def test_there_is_one_in_every_state(written: Path, table: str) -> None:
    assert STATES[table] <= ask(written, f"SELECT DISTINCT status FROM {table}")  # noqa: S608  names from above


def test_there_are_some_twenty_people_reviews_rooms_with_history_and_work_for_moderators(written: Path) -> None:
    assert ask(written, "SELECT COUNT(*) BETWEEN 20 AND 30 FROM users_user") == {1}
    assert ask(written, "SELECT COUNT(*) >= 8 FROM projects_review WHERE status = 'revealed'") == {1}
    assert ask(written, "SELECT COUNT(DISTINCT kind) FROM chat_room") == {5}
    for waiting in ("users_report", "users_appeal"):
        assert ask(written, f"SELECT COUNT(*) FROM {waiting} WHERE status = 'open'") == {1}  # noqa: S608  names from above


def test_it_is_refused_in_a_production(tmp_path: Path) -> None:
    done = manage(tmp_path, "demo", SKILLLINK_PRODUCTION="1", SKILLLINK_DEMO="1", SECRET_KEY="k3" * 40)
    assert done.returncode == 1
    assert not (tmp_path / "db.sqlite3").exists()


def test_a_production_does_not_start_on_a_database_with_demo_accounts(committed_db: None, settings: Any) -> None:
    settings.PRODUCTION = True
    assert checks.no_demo_accounts(databases=["default"]) == []
    people.register("client@demo.skilllink.test", "skilllink-demo", "Ines Varga", client=True, freelancer=False)
    assert [fault.id for fault in checks.no_demo_accounts(databases=["default"])] == ["skilllink.E009"]
