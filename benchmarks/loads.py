"""The load generator: compiled once, run beside a server, its answer read."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parent / "load" / "load.c"
LONGEST = 300  # seconds that opening all sockets and ending may take
HANDSHAKE = (
    r"S:GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    r"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: http://localhost\r\n{more}\r\n"
)


def handshake(path: str, more: str = "") -> str:
    """The step that opens a WebSocket; `more` are header lines, each with its `\\r\\n`."""
    return HANDSHAKE.format(path=path, more=more)


@dataclass(frozen=True)
class Shape:
    """So many sockets in so many rooms, so many messages of each room under way at once."""

    sockets: int = 1000
    rooms: int = 1
    in_flight: int = 1
    stalled: int = 0


@dataclass(frozen=True)
class Peer:
    """How the generator talks to a server: its ports, the steps of a socket, the columns of each socket."""

    ports: Sequence[int]
    script: Sequence[str]
    values: Sequence[Sequence[str]] = ()
    pids: Sequence[int] = ()
    at_once: int = 32
    told: dict[str, str] = field(default_factory=dict)


@cache
def binary() -> Path:
    """The compiled generator, in a folder that goes with the machine's other temporary files."""
    program = Path(tempfile.mkdtemp(prefix="skilllink-load-")) / "load"
    subprocess.run(["gcc", "-O2", "-o", program, SOURCE], check=True)
    return program


def command(peer: Peer, shape: Shape, *, seconds: int, warm_up: int = 1) -> list[str]:
    """The command line; the script and the values are written beside the program."""
    script, values = binary().with_name("script"), binary().with_name("values")
    script.write_text("\n".join(peer.script) + "\n")
    values.write_text("".join("\t".join(columns) + "\n" for columns in peer.values))
    options: dict[str, Any] = {
        "-p": ",".join(map(str, peer.ports)), "-n": shape.sockets, "-r": shape.rooms, "-w": shape.in_flight,
        "-s": shape.stalled, "-d": seconds, "-W": warm_up, "-k": peer.at_once, "-V": values,
    }  # fmt: skip
    if peer.pids:
        options["-P"] = ",".join(map(str, peer.pids))
    return [str(binary()), *(str(word) for pair in options.items() for word in pair), str(script)]


def run(peer: Peer, shape: Shape, *, seconds: int, warm_up: int = 1) -> dict[str, float]:
    """What the generator counted. Raises RuntimeError when sockets didn't come in."""
    words = command(peer, shape, seconds=seconds, warm_up=warm_up)
    done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST + seconds)
    if done.returncode:
        raise RuntimeError(f"The load generator gave up: {done.stdout}{done.stderr}")
    told: dict[str, float] = json.loads(done.stdout)
    return told
