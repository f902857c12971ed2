"""Socket.IO with its Redis adapter, in a folder that goes with it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks import loads, sites
from benchmarks.loads import Peer, Shape, handshake
from tests.services.processes import ROOT, answers, end, free_port, wait_until

PINNED = {"socket.io": "4.8.4", "@socket.io/redis-adapter": "8.3.0", "redis": "5.8.3"}
SCRIPT = (
    handshake("/socket.io/?EIO=4&transport=websocket"),
    r"W:\r\n\r\n",
    'W:"sid"',
    "F:40",
    'W:40{"sid"',
    'F:42["join","r%R"]',
    'W:["joined"',
    'MF:42["say",{"message":"%M"}]',
)


class SocketIO:
    """A server on a free port."""

    versions = PINNED

    def __enter__(self) -> "SocketIO":
        subprocess.run([ROOT / "scripts" / "bench_peers"], check=True)
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="skilllink-socketio-")), free_port()
        packages = [f"{name}@{version}" for name, version in PINNED.items()]
        quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"]
        subprocess.run(["npm", "install", *quiet, "--prefix", self.folder, *packages], check=True, timeout=300)
        script = shutil.copy(Path(__file__).with_name("socketio.js"), self.folder)
        node = ["taskset", "-c", ",".join(map(str, sites.OF_SERVER)), "node", script]
        self.process = subprocess.Popen([*node, str(self.port), os.environ["REDIS_URL"]], cwd=self.folder)
        wait_until(lambda: answers(self.port), what="Socket.IO's start")
        return self

    def __exit__(self, *_error: object) -> None:
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def measured(self, shape: Shape, seconds: int) -> dict[str, float]:
        return loads.run(Peer([self.port], SCRIPT, pids=[self.process.pid]), shape, seconds=seconds)
