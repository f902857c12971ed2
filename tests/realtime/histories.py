"""What a server tells of a room while people act in it, recorded for clients that are tried against it.

Runs in a process of its own: `python manage.py shell -c "from tests.realtime import histories; histories.main(…)"`.
"""

import contextlib
import json
from pathlib import Path
from typing import Any
from unittest import mock

from django.core.serializers.json import DjangoJSONEncoder

from chat import groups, members, messages, pins, reading, rooms
from chat.formats import serialize
from chat.models import Message, Room
from skilllink.errors import Refusal
from skilllink.ids import uuid7
from skilllink.realtime import push, topics
from tests import cast

ACTS = ("say", "say", "answer", "answer", "edit", "edit", "delete", "react", "pin", "rename", "come", "go")


class Recorder:
    """Stands where the channel layer is."""

    def __init__(self, topic: str) -> None:
        self.topic, self.live = topic, list[dict[str, Any]]()

    def tell(self, hints: Any) -> list[Exception]:
        for _group, hint in hints:
            if hint.get("topic") == self.topic and "seq" in hint["event"]:
                self.live.append(hint["event"])
        return []


class Talk:
    """A room of two, a third who comes and goes, and one of them whose page it is."""

    def __init__(self, people: list[Any], *, late: bool, limit: int) -> None:
        self.people, self.limit = people, limit
        self.room = groups.create(people[0], "Glaze talk")
        members.join(self.room, people[1])
        for number in range(2):
            self.act("say", 1, number, True)
        if late:  # reads nothing from before
            members.join(self.room, people[2])
        self.reader = people[2] if late else people[0]
        self.guest = None if late else people[2]

    def act(self, name: str, who: int, which: int, on: bool) -> None:
        """One verb, or its refusal; `which` names a message, counted from the newest."""
        by, room = self.people[who % 2], self.room
        found = list(Message.objects.filter(room=room, author__isnull=False).order_by("-seq"))
        message = found[which % len(found)] if found else None
        with contextlib.suppress(Refusal):
            if name == "say":
                messages.post(room, by, f"Words {which}", client_id=uuid7().hex)
            elif name == "answer" and message:
                messages.post(room, by, f"Answer {which}", client_id=uuid7().hex, reply_to=message.pk)
            elif name == "edit" and message:
                messages.edit(message, by=message.author, body=f"{message.body} and more")
            elif name == "delete" and message:
                messages.delete(message, by=message.author)
            elif name == "react" and message:
                messages.react(message, by=by, sign="👍", on=on)
            elif name == "pin" and message:
                pins.pin(message, by=self.people[0], on=on)
            elif name == "rename":
                groups.change(room, by=self.people[0], name=f"Talk {which}", public=True, capacity=9)
            elif name == "come" and self.guest:
                members.join(room, self.guest)
            elif name == "go" and self.guest:
                members.leave(room, self.guest)

    def now(self, told: int, first: int | None) -> dict[str, Any]:
        """All that the reader could be answered now: the page anew, and everything after any number since `first`."""
        room = Room.objects.get(pk=self.room.pk)
        mine = rooms.member(room, self.reader)
        shown = reading.history(mine, limit=1000)
        rows = {str(row.pk): serialize(row, since=mine.joined_seq, reader=self.reader) for row in shown}
        kind, identifier = topics.authorise(self.reader, f"room:{room.pk}")
        with mock.patch.object(reading, "PAGE", self.limit):
            numbers = range(room.seq if first is None else first, room.seq + 1)
            pages = {number: topics.told(self.reader, kind, identifier, number) for number in numbers}
        return {"head": room.seq, "title": room.title, "rows": rows, "pages": pages, "told": told}


def record(people: list[Any], plan: dict[str, Any]) -> dict[str, Any]:
    """The states of a room after each act of the plan, and all that was told live."""
    talk = Talk(people, late=plan["late"], limit=plan["limit"])
    recorder = Recorder(f"room:{talk.room.pk}")
    with mock.patch.object(push, "get_channel_layer", return_value=recorder):
        steps = [talk.now(0, None)]
        for act in plan["acts"]:
            talk.act(*act)
            steps.append(talk.now(len(recorder.live), steps[0]["head"]))
    return {"steps": steps, "live": recorder.live}


def main(plans: str, histories: str) -> None:
    """Read plans from one file, write their histories to another."""
    people = [cast.make(name) for name in ("Ines Varga", "Tomasz Okoro", "Olga Stranger")]
    made = [record(people, plan) for plan in json.loads(Path(plans).read_text())]
    Path(histories).write_text(json.dumps(made, cls=DjangoJSONEncoder))
