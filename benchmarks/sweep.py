"""Due releases: the sweep, beside one Celery task per milestone. Both end in the same verb, with one worker each."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.clients import leave
from benchmarks.report import Result
from benchmarks.world import due_milestones, future_clocks

ROOT = Path(__file__).resolve().parent.parent
DUE = int(os.environ.get("BENCH_DUE", "10000"))
FUTURE = 10 * DUE


def run() -> list[Result]:
    tasks = _by_tasks()
    swept = _by_sweep()
    check_everything()
    results = [Result("sweep.release.vs_task_each", swept, tasks, 2.5, "/s", versions={"due": str(DUE)})]
    alone = _cost_of_looking()
    future_clocks(FUTURE)
    beside = _cost_of_looking()
    return [*results, Result("sweep.future_rows", beside, alone, 1.3, "ms", better="lower")]


def _by_sweep() -> float:
    from projects import sweeps
    from projects.models import Milestone

    due_milestones(DUE)
    leave()
    began, left = time.monotonic(), Milestone.objects.filter(status="submitted").count()
    while sweeps.sweep():
        pass
    took = time.monotonic() - began
    if left != DUE or Milestone.objects.filter(status="submitted").exists():
        raise RuntimeError("Not everything was released.")
    return DUE / took


def _by_tasks() -> float:
    """As most would do it: one task per due milestone, each in a transaction of its own."""
    from benchmarks.tasks import release_one
    from projects.models import Milestone

    due_milestones(DUE)
    waiting = Milestone.objects.filter(status="submitted")
    ids = [str(pk) for pk in waiting.values_list("pk", flat=True)]
    leave()
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "benchmarks.tasks",
        "worker",
        "-c",
        "1",
        "-l",
        "ERROR",
        "--without-gossip",
    ]
    worker = subprocess.Popen(command, cwd=ROOT)
    try:
        release_one.delay("").get(timeout=120)  # it is there
        began = time.monotonic()
        for pk in ids:
            release_one.delay(pk)
        while waiting.exists():
            time.sleep(0.1)
        return DUE / (time.monotonic() - began)
    finally:
        worker.terminate()
        worker.wait()


def _cost_of_looking() -> float:
    """Milliseconds of a sweep that finds nothing."""
    from projects import sweeps

    took = []
    for _try in range(15):
        began = time.monotonic()
        sweeps.sweep()
        took.append(time.monotonic() - began)
    return sorted(took)[7] * 1000


def check_everything() -> None:
    """Every release has its activity, its notification and its entries, and the books are right."""
    from payment import audit
    from payment.models import Transfer
    from projects.models import Activity
    from users.models import Notification

    released = Transfer.objects.filter(kind="release").count()
    told: dict[str, Any] = {
        "activities": Activity.objects.filter(event="milestone.released").count(),
        "notifications": Notification.objects.filter(event="milestone.released").count() / 2,
    }
    if released != 2 * DUE or set(told.values()) != {released}:
        raise RuntimeError(f"{released} releases, but {told}.")
    if violations := audit.run():
        raise RuntimeError(f"The audit found {violations[:3]}.")
