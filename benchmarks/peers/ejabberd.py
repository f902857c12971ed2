"""ejabberd from Debian's package: rooms of its multi-user chat, anonymous people, nothing kept."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import loads, sites
from benchmarks.loads import Peer, Shape
from tests.services.processes import ROOT, answers, binary, end, free_port, wait_until

CONFIG = """
hosts: [localhost]
loglevel: error
auth_method: [anonymous]
anonymous_protocol: both
allow_multiple_connections: true
listen:
  - port: {port}
    ip: 127.0.0.1
    module: ejabberd_c2s
    backlog: 1024
    shaper: none
    access: all
    max_stanza_size: 262144
modules:
  mod_muc:
    access: all
    access_create: all
    max_users: 2000
    max_user_conferences: 10
    history_size: 0
    default_room_options:
      persistent: false
      max_users: 2000
      presence_broadcast: []
      allow_user_invites: false
      anonymous: true
"""
STREAM = "S:<?xml version='1.0'?><stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
SCRIPT = (
    STREAM,
    "W:</stream:features>",
    "S:<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>",
    "W:<success",
    STREAM,
    "W:</stream:features>",
    "S:<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "W:</iq>",
    "S:<presence to='r%R@conference.localhost/u%C'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>",
    "W:<subject",  # the last of what a newcomer is sent
    "MS:<message type='groupchat' to='r%R@conference.localhost'><body>%M</body></message>",
)


class Ejabberd:
    """A server on a free port, its data in a folder that goes with it."""

    def __enter__(self) -> "Ejabberd":
        subprocess.run([ROOT / "scripts" / "bench_peers"], check=True)
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="skilllink-ejabberd-")), free_port()
        (self.folder / "ejabberd.yml").write_text(CONFIG.format(port=self.port))
        there: Any = next(Path("/usr/lib").glob("*/ejabberd-*"))
        self.versions = {"ejabberd": there.name.partition("-")[2]}
        environment = {
            **os.environ, "HOME": str(self.folder), "ERL_LIBS": str(there.parent),
            "EJABBERD_CONFIG_PATH": str(self.folder / "ejabberd.yml"), "EJABBERD_LOG_PATH": str(self.folder / "log"),
        }  # fmt: skip
        # the virtual machine itself: the package's script wants its own folders, a user and a name in the network
        erlang = [binary("erl"), "-noinput", "+K", "true", "-mnesia", "dir", f'"{self.folder}/spool"', "-s", "ejabberd"]
        self.process = subprocess.Popen(
            ["taskset", "-c", ",".join(map(str, sites.OF_SERVER)), *erlang],
            env=environment, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(lambda: answers(self.port), what="ejabberd's start")
        return self

    def __exit__(self, *_error: object) -> None:
        end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def measured(self, shape: Shape, seconds: int) -> dict[str, float]:
        return loads.run(Peer([self.port], SCRIPT, pids=[self.process.pid], at_once=256), shape, seconds=seconds)
