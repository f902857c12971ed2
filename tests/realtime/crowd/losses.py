"""Frames that a client never sees, as when the channel layer lost what they told: all that a number can repair."""

from collections import Counter
from random import Random
from typing import Any


class Losses:
    """Swallows some of what one connection brings: its first hints, some in between, or all of its last."""

    def __init__(self, chance: Random, counted: Counter[str]) -> None:
        self.chance, self.counted = chance, counted
        self.on, self.tail = True, False
        self.head = self.gap = 0

    def begin(self) -> None:
        """A new connection."""
        self.head, self.gap = self.chance.choice((0, 0, 1, 2, 5)), 0

    def swallow(self, frame: dict[str, Any]) -> bool:
        """Whether this frame is lost. Answers aren't: they came on the very line that asked."""
        if frame["type"] not in ("event", "revoked"):
            return False
        lost = self._which()
        if lost:
            self.counted[f"lost at the {lost}"] += 1
        return bool(lost)

    def _which(self) -> str:
        if self.tail:
            return "tail"
        if not self.on:
            return ""
        if self.head:
            self.head -= 1
            return "head"
        if not self.gap and self.chance.random() < 0.04:
            self.gap = self.chance.randint(1, 5)
        if self.gap:
            self.gap -= 1
            return "middle"
        return ""
