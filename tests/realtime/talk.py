"""Two people in rooms of a running site, with sockets as any client opens them."""

import json
import socket
from contextlib import ExitStack
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.services.servers import Embedded
from tests.sockets import PATIENCE

PEOPLE = """
import json
from django.conf import settings
from django.test import Client
from chat import groups, members
from users import people

def session(user):
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return f"{{name}}={{client.cookies[name].value}}"

def person(name):
    return people.register(f"{{name.lower()}}@skilllink.test", "a-long-enough-password", name, client=True, freelancer=True)

def room(title):
    made = groups.create(ines, title)
    members.join(made, tomasz)
    return str(made.pk)

ines, tomasz = person("Ines"), person("Tomasz")
facts = {{"ines": session(ines), "tomasz": session(tomasz)}}
print(json.dumps(facts | {{title: room(title) for title in {titles}}}))
"""


class Talk:
    """A running site with Ines and Tomasz in rooms with these titles; `facts` are their cookies and the rooms' ids."""

    def __init__(self, site: Embedded, *titles: str) -> None:
        self.site, self.opened = site, ExitStack()
        made = site.manage("shell", "-v", "0", "-c", PEOPLE.format(titles=titles))
        self.facts: dict[str, str] = json.loads(made.splitlines()[-1])

    def socket(self, who: str, *topics: str, room_to_receive: int | None = None) -> ClientConnection:
        """An open socket that listens to topics; one with a small receive buffer reads only what it is asked for."""
        raw = socket.socket()
        if room_to_receive:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room_to_receive)
        raw.connect(("127.0.0.1", self.site.port))
        cookie = {"Cookie": self.facts[who]}
        address = f"ws://127.0.0.1:{self.site.port}/ws/"
        options: Any = {"origin": self.site.url, "additional_headers": cookie, "max_size": None, "compression": None}
        if not room_to_receive:
            options["max_queue"] = None  # what it isn't asked for yet, it has read all the same
        opened = self.opened.enter_context(connect(address, sock=raw, close_timeout=0.2, **options))
        for topic in topics:
            ask(opened, type="subscribe", topic=topic)
        return opened

    def say(self, who: ClientConnection, room: str, words: str, name: str) -> int:
        """A message in the room with that title, under the client's own id `name`; its number."""
        frame = {"type": "message.send", "room": self.facts[room], "client_id": name, "body": words}
        return int(ask(who, **frame)["seq"])


def ask(opened: ClientConnection, **frame: Any) -> dict[str, Any]:
    """Send a frame; the server's answer to it."""
    opened.send(json.dumps({**frame, "ref": "asked"}, ensure_ascii=False))
    while True:
        answer: dict[str, Any] = json.loads(opened.recv(PATIENCE))
        if answer.get("ref") == "asked":
            return answer
