"""How long nothing has been told on a topic: a page that is older than that may show what is no more."""

import time
from collections.abc import Iterable

MEMORY = 60.0  # seconds
MOST = 50_000  # topics


class Quiet:
    """What one process has heard of. It knows nothing of the time before it began, or of more than a minute ago."""

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.ended: dict[str, float] = {}

    def end(self, topics: Iterable[str]) -> None:
        """Something was told on these."""
        now = time.monotonic()
        for topic in topics:
            self.ended[topic] = now
        if len(self.ended) > MOST:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Drop what is older than the memory; all of it where that wouldn't make room."""
        self.since = max(self.since, now - MEMORY)
        self.ended = {topic: moment for topic, moment in self.ended.items() if moment > self.since}
        if len(self.ended) > MOST // 2:
            self.begin()

    def begin(self) -> None:
        """Know nothing of what was before: the channel layer was away, say."""
        self.since = time.monotonic()
        self.ended.clear()

    def milliseconds(self, topic: str) -> int:
        """For how long at least nothing was told on it; before that something may have been."""
        now = time.monotonic()
        return int((now - max(self.ended.get(topic, 0.0), self.since, now - MEMORY)) * 1000)
