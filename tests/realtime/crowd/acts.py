"""What people do in a room, at random."""

from typing import Any

from tests.realtime.crowd.person import Person

SIGNS = ("👍", "🎉", "👀")
# how often each is chosen
ACTS = {"say": 8, "edit": 4, "delete": 1, "react": 2, "type": 1, "go": 0.6}
AT_ONCE = 3  # messages that a person writes before the first has arrived


class Acts:
    """One person among the others. Who owns a room stays in it, and puts people out."""

    def __init__(self, person: Person, everyone: list[Person], topics: list[str], owns: str) -> None:
        self.person, self.topics, self.owns, self.chance = person, topics, owns, person.chance
        self.others = [other.id for other in everyone if other is not person]
        self.banned: list[str] = []

    async def one(self) -> None:
        """Do something in one of the rooms; where one isn't in, come in."""
        topic = self.chance.choice(self.topics)
        if self.owns and self.chance.random() < 0.25:
            return await self._judge()
        if topic not in self.person.views:
            return await self.person.join(topic)
        name = self.chance.choices(list(ACTS), list(ACTS.values()))[0]
        self.person.counted[name] += 1
        await getattr(self, f"_{name}")(topic)

    async def _judge(self) -> None:
        """Put somebody out, or let somebody come back."""
        if self.banned and self.chance.random() < 0.5:
            other = self.banned.pop(self.chance.randrange(len(self.banned)))
            await self.person.put_out(self.owns, other, "unban")
        else:
            self.banned.append(self.chance.choice(self.others))
            await self.person.put_out(self.owns, self.banned[-1], "ban")

    async def _say(self, topic: str) -> None:
        if len(self.person.outbox) < AT_ONCE:
            await self.person.say(topic, f"Words {self.person.counted['say']} of {self.person.id[-4:]}")

    async def _edit(self, topic: str) -> None:
        if pk := self._message(topic, mine=True):
            words = f"Other words, {self.person.counted['edit']}"
            await self.person.write({"type": "message.edit", "ref": "act", "message": pk, "body": words})

    async def _delete(self, topic: str) -> None:
        if pk := self._message(topic, mine=topic != self.owns):
            await self.person.write({"type": "message.delete", "ref": "act", "message": pk})

    async def _react(self, topic: str) -> None:
        if pk := self._message(topic, mine=False):
            sign, on = self.chance.choice(SIGNS), self.chance.random() < 0.7
            await self.person.write({"type": "message.react", "ref": "act", "message": pk, "sign": sign, "on": on})

    async def _type(self, topic: str) -> None:
        await self.person.write({"type": "typing", "ref": "act", "room": topic.removeprefix("room:")})

    async def _go(self, topic: str) -> None:
        if topic != self.owns:
            await self.person.leave(topic)

    def _message(self, topic: str, *, mine: bool) -> str:
        """The id of one of the newest that stand there, or nothing."""
        shown: list[dict[str, Any]] = list(self.person.views[topic].messages.values())[-20:]
        found = [
            message["id"]
            for message in shown
            if not message["deleted"] and (not mine or message["author"]["id"] == self.person.id)
        ]
        return str(self.chance.choice(found)) if found else ""
