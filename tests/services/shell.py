"""Python code that runs in an installation, all in one process: to begin one takes two seconds of work."""

import json
import subprocess
import sys

from tests.services.processes import ROOT

LOOP = """
import contextlib, io, json, sys, traceback
for line in sys.stdin:
    printed, fault = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(json.loads(line), {})
    except BaseException:
        fault = traceback.format_exc()
    print(json.dumps([printed.getvalue(), fault]), flush=True)
"""


class Shell:
    """`manage.py shell`, open until it is ended."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", LOOP]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)

    def run(self, code: str) -> str:
        """What `code` prints; a fault of it is an AssertionError. Code knows nothing of what ran before."""
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the shell has ended"
        printed, fault = json.loads(answer)
        assert not fault, fault
        return printed

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()
