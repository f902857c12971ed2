"""The whole of it: people act while things break, everything is healed, they hear what they missed, they are compared."""

import asyncio
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import httpx

from tests.realtime.crowd import truth
from tests.realtime.crowd.acts import Acts
from tests.realtime.crowd.faults import Faults
from tests.realtime.crowd.person import Person, Poller
from tests.services.pair import Pair

ROOMS = 3
LONGEST_ROUND = 120  # seconds; one takes ten on a calm machine
LONGEST_SETTLING = 120  # seconds; it takes two pulses
# what a run must have seen, or it has shown nothing
HAPPENED = (
    "say", "edit", "delete", "left", "joined", "ban 204", "unban 204", "lines cut", "lost at the head",
    "lost at the middle",
)  # fmt: skip


class Crowd:
    """So many people on two servers, and so many rounds of faults."""

    def __init__(self, pair: Pair, people: int, rounds: int, seed: str) -> None:
        self.pair, self.rounds, self.seed = pair, rounds, seed
        code = f"from tests.realtime.crowd import seed; seed.main({people}, {ROOMS})"
        with ThreadPoolExecutor() as pool:
            started = pool.submit(pair.start)
            self.facts = json.loads(pair.manage("shell", "--verbosity", "0", "-c", code).splitlines()[-1])
            started.result()
        self.topics = [facts["owns"] for facts in self.facts if facts["owns"]]
        self.people: list[Person] = []
        self.counted: Counter[str] = Counter()
        self.acting = True

    async def play(self) -> list[Any]:
        """What differs at the end: nothing. Raises TimeoutError, and what went wrong in a client."""
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=40)
        async with httpx.AsyncClient(limits=limits, timeout=30) as http:
            self._gather(http)
            lines = [asyncio.ensure_future(person.run()) for person in self.people]
            story = asyncio.ensure_future(self._story())
            try:
                await asyncio.wait(
                    [story, *lines],
                    timeout=LONGEST_ROUND * self.rounds + 2 * LONGEST_SETTLING,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                for person in self.people:
                    self.counted.update(person.counted)
                for task in (story, *lines):
                    task.cancel()
                # a task that doesn't obey is left alone
                done, _others = await asyncio.wait([story, *lines], timeout=10)
        for task in done - {story}:
            if not task.cancelled():
                task.result()
        if not story.done() or story.cancelled():
            raise TimeoutError(f"It did not end in time: {self.counted}")
        return truth.differences(self.people, story.result())

    async def _story(self) -> dict[str, truth.Truth]:
        """From the first who come in to the last words that are heard."""
        await self._settle()
        acting = [asyncio.ensure_future(self._act(person, facts)) for person, facts in self._pairs()]
        try:
            await self._break()
            self.acting = False
            await asyncio.gather(*acting)
        finally:
            for task in acting:
                task.cancel()
        await self._say_last_words()
        return await self._settle()

    def _gather(self, http: httpx.AsyncClient) -> None:
        """Every sixth asks over HTTP, as behind a proxy that blocks sockets."""
        ports = [web.port for web in self.pair.webs]
        for number, facts in enumerate(self.facts):
            kind = Poller if number % 6 == 5 else Person
            person = kind(facts, ports, http, Random(f"{self.seed} {number}"))
            for topic in facts["topics"]:
                person.follow(topic)
            self.people.append(person)

    def _pairs(self) -> list[tuple[Person, dict[str, Any]]]:
        return list(zip(self.people, self.facts, strict=True))

    async def _act(self, person: Person, facts: dict[str, Any]) -> None:
        """However many they are, they do about as much in all: what the servers have to carry."""
        acts, pause = Acts(person, self.people, self.topics, facts["owns"]), len(self.people) / 20
        while self.acting:
            await acts.one()
            await asyncio.sleep(person.chance.uniform(0.1, pause))

    async def _break(self) -> None:
        """All faults while they act, then on until everything that people do has been done."""
        faults = Faults(self.pair, self.people, Random(self.seed))
        for _round in range(self.rounds):
            await faults.round()
        while not all(sum(person.counted[what] for person in self.people) for what in HAPPENED):
            await asyncio.sleep(0.1)
        self.counted += faults.counted

    async def _say_last_words(self) -> None:
        """Nothing is lost any more, but for a third of them all that still comes: only a pulse tells them."""
        for number, person in enumerate(self.people):
            person.losses.on, person.losses.tail = False, number % 3 == 1
        while not sum(person.counted["lost at the tail"] for person in self.people):
            for person, facts in self._pairs():
                if facts["owns"]:
                    await person.say(facts["owns"], "Last words")
            await asyncio.sleep(0.3)

    async def _settle(self) -> dict[str, truth.Truth]:
        """The database, once everyone has heard of all that is in it; or as it is when they take too long."""
        loop = asyncio.get_running_loop()
        end = loop.time() + LONGEST_SETTLING
        while True:
            truths = await asyncio.to_thread(truth.read, self.pair.postgres.url)
            if truth.settled(self.people, truths) or loop.time() > end:
                return truths
            await asyncio.sleep(0.2)
