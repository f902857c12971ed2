"""What breaks while the crowd acts: lines, the channel layer, a server, its clock."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from random import Random

from redis import Redis as Connection

from tests.realtime.crowd.person import Person
from tests.services.pair import Pair

STEP = 61  # seconds


class Faults:
    """Each of them in a random order, one after the other; afterwards everything works again."""

    def __init__(self, pair: Pair, people: Sequence[Person], chance: Random) -> None:
        self.pair, self.people, self.chance = pair, people, chance
        self.counted: Counter[str] = Counter()

    async def round(self) -> None:
        """All of them once; a server takes a while to start, so it is killed early and the others don't wait for it."""
        others = [
            self.cut_lines, self.cut_at_acks, self.break_the_layers_link, self.take_redis_away, self.flush, self.step_a_clock,
        ]  # fmt: skip
        order = self.chance.sample(others, len(others))
        web = self.chance.choice(self.pair.webs)
        early = self.chance.randrange(3)
        for fault in order[:early]:
            await self._one(fault)
        self.counted["killed"] += 1
        await asyncio.to_thread(web.kill)
        starting = asyncio.ensure_future(asyncio.to_thread(web.start))
        try:
            for fault in order[early:]:
                await self._one(fault)
        finally:
            await starting

    async def _one(self, fault: Callable[[], Awaitable[None]]) -> None:
        await fault()
        self.counted[fault.__name__] += 1
        await asyncio.sleep(self.chance.uniform(0.1, 0.4))

    async def cut_lines(self) -> None:
        """Half of all connections end at once."""
        for person in self._half():
            person.cut()

    async def cut_at_acks(self) -> None:
        """The server has taken a message, and its answer is lost with the line."""
        for person in self._half():
            person.cut_at_ack = True

    async def break_the_layers_link(self) -> None:
        """What is published until the servers have connected again is heard by nobody."""
        await self._redis("CLIENT", "KILL", "TYPE", "pubsub")

    async def take_redis_away(self) -> None:
        """It comes back empty."""
        await asyncio.to_thread(self.pair.redis.halt)
        await asyncio.sleep(self.chance.uniform(0.2, 1.5))
        await asyncio.to_thread(self.pair.redis.start)

    async def flush(self) -> None:
        await self._redis("FLUSHALL")

    async def step_a_clock(self) -> None:
        web = self.chance.choice(self.pair.webs)
        for seconds in (*self.chance.sample((STEP, -STEP), 2), 0):
            web.step(seconds)
            await asyncio.sleep(self.chance.uniform(0.2, 0.5))

    async def _redis(self, *command: str) -> None:
        with Connection.from_url(self.pair.redis.url, socket_timeout=10) as redis:
            await asyncio.to_thread(redis.execute_command, *command)

    def _half(self) -> list[Person]:
        return self.chance.sample(list(self.people), len(self.people) // 2)
