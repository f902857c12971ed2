"""What one client shows of one room, by the rules of docs/realtime.md and by nothing else."""

from bisect import insort
from collections.abc import Awaitable, Callable
from typing import Any

Frame = dict[str, Any]
Row = tuple[Any, ...]


class View:
    """The messages of a room in the order of their numbers, from the moment on in which the client came in."""

    def __init__(
        self, topic: str, ask: Callable[["View"], Awaitable[None]], whole: Callable[[str], Awaitable[Frame | None]]
    ) -> None:
        self.topic, self._ask, self._whole = topic, ask, whole
        self.last = 0  # the last number that was applied
        self.wanted = 0  # the highest that was heard of
        self.asked: int | None = None  # while a question is under way, what was wanted when it was asked
        self.messages: dict[str, Frame] = {}
        self.order: list[tuple[int, str]] = []

    def rendered(self) -> list[Row]:
        """What stands on the screen, from top to bottom."""
        return [shown(self.messages[pk]) for _seq, pk in self.order]

    async def hear(self, event: Frame) -> None:
        """seq = last + 1 apply · seq <= last ignore · anything larger: ask for what is missing."""
        seq = event.get("seq")
        if seq is None:
            return
        self.wanted = max(self.wanted, seq)
        if seq == self.last + 1:
            await self._apply([event])
            self.last = max(self.last, seq)
        await self.ask_if_behind()

    async def pulse(self, heads: dict[str, int]) -> None:
        """A larger head, and a pulse that doesn't name the room, ask for what is missing."""
        self.wanted = max(self.wanted, heads.get(self.topic, 0))
        if self.topic in heads:
            await self.ask_if_behind()
        else:
            await self.ask()

    async def ask_if_behind(self) -> None:
        if self.wanted > self.last:
            await self.ask()

    async def ask(self) -> None:
        if self.asked is None:
            self.asked = self.wanted
            await self._ask(self)

    async def page(self, answer: Frame) -> None:
        """The log after the number that was asked for; what came live meanwhile is in it once more."""
        wanted, before = self.asked or 0, self.last
        await self._apply([event for event in answer["events"] if event["seq"] > before])
        self.asked = None
        self.last = max(self.last, answer["upto"] if answer["more"] else max(answer["upto"], answer["head"]))
        if answer["more"]:
            self.wanted = max(self.wanted, answer["head"])
        if self.last > before or self.wanted > wanted:  # else the next pulse asks
            await self.ask_if_behind()

    async def _apply(self, events: list[Frame]) -> None:
        for event in events:
            if "message" not in event:
                continue
            message = event["message"]
            # of a message from before somebody came it only says which one it is: whoever may read it asks
            known = message if "body" in message else await self._whole(message["id"])
            if known is not None:
                if known["id"] not in self.messages:
                    insort(self.order, (known["seq"], known["id"]))
                self.messages[known["id"]] = known


def shown(message: Frame) -> Row:
    """Of a message, what a reader sees."""
    signs = sorted((sign, sorted(people)) for sign, people in message["reactions"].items() if people)
    author = message["author"]["id"] if message["author"] else None
    return message["seq"], author, message["body"], message["edited"], message["deleted"], signs
