"""People and rooms for fan-out, and how the load generator talks to SkillLink and to its peers."""

import os
from collections.abc import Sequence
from typing import Any

from benchmarks.loads import Peer, Shape, handshake
from benchmarks.sites import Site

SOCKETS_EACH = 20  # as many as a person may have
SAY = '{"type": "bench.say", "topic": "room:%2", "message": "%M"}'
SEND = '{"type": "message.send", "room": "%2", "client_id": "%I", "body": "%M"}'
RULES = {"SKILLLINK_FRAMES_PER_MINUTE": "1000000"}


class Chat:
    """Rooms whose members have together as many sockets as a shape asks for; socket `n` is in room `n % rooms`."""

    def __init__(self, shape: Shape, people: Sequence[Any]) -> None:
        from chat import groups, members

        self.people = people
        self.rooms = []
        for number in range(shape.rooms):
            listeners = list(dict.fromkeys(self.of(n) for n in range(number, shape.sockets, shape.rooms)))
            room = groups.create(listeners[0], f"Room {number}", capacity=500, public=True)
            for listener in listeners[1:]:
                members.join(room, listener)
            self.rooms.append(room)

    def of(self, socket: int) -> Any:
        return self.people[socket // SOCKETS_EACH]

    def peer(self, shape: Shape, sites: Sequence[Site], message: str = SAY) -> Peer:
        """Each socket opens with a ticket of its own, which is good for half a minute, and listens to its room."""
        from skilllink.realtime import tickets

        values = [
            (tickets.issue(self.of(n)), str(self.rooms[n % shape.rooms].pk)) for n in range(shape.sockets)
        ]  # fmt: skip
        script = (
            handshake("/ws/?ticket=%1"),
            r"W:\r\n\r\n",
            'W:"type":"hello"',
            'F:{"type": "subscribe", "topic": "room:%2", "ref": 1}',
            'W:"type":"ack"',
            f"MF:{message}",
        )
        return Peer([site.port for site in sites], script, values, [site.pid for site in sites])


def people(number: int) -> list[Any]:
    from benchmarks.world import person

    return [person(client=True) for _number in range(number)]


def plain_peer(site: Site, path: str) -> Peer:
    """The raw broadcast and the tutorial: a path is a room, a message a field."""
    script = (handshake(path), r"W:\r\n\r\n", 'MF:{"message": "%M"}')
    return Peer([site.port], script, pids=[site.pid])


def tutorial_environment(url: str) -> dict[str, str]:
    return {
        "TUTORIAL_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "benchmarks.peers.settings",
        "REDIS_URL": os.environ["REDIS_URL"],
    }
