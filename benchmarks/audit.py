"""The whole audit over a million entries, as `audit_million` measures it in processes of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.report import Result

ENTRIES = os.environ.get("BENCH_ENTRIES", "1000000")


def run() -> list[Result]:
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    command = [sys.executable, str(Path(__file__).with_name("audit_million.py")), "--entries", ENTRIES]
    told = json.loads(subprocess.run(command, env=clean, stdout=subprocess.PIPE, text=True, check=True).stdout)
    seconds, memory = told["whole"]["seconds"], told["whole"]["peak_mb"]
    about = {"entries": ENTRIES, "peak_mb": str(memory)}
    return [Result("audit.million_seconds", seconds, 1, 30, "s", better="lower", versions=about)]
