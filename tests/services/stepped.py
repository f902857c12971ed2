"""A server whose wall clock may be set: `python -m tests.services.stepped FILE MODULE …` runs the module as a program.

Its clock is off by as many seconds as the file says at that moment. Intervals are measured on another clock, as ever.
"""

import runpy
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

_time, _time_ns = time.time, time.time_ns


def step_by(path: Path) -> None:
    """From here on this process reads the time as the file has it. Before anything else is imported."""
    from django.utils import timezone

    def seconds() -> int:
        return int(path.read_text())

    # no functions: as an attribute of a class they would become methods
    time.time = partial(lambda: _time() + seconds())
    time.time_ns = partial(lambda: _time_ns() + seconds() * 10**9)
    timezone.now = lambda: datetime.fromtimestamp(time.time(), UTC)


if __name__ == "__main__":
    _program, file, *sys.argv = sys.argv
    step_by(Path(file))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
