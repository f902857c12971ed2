"""Which topics exist, who may listen, and what a listener missed. Apps register theirs in `ready()`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TopicKind:
    name: str
    may_listen: Callable[[Any, str], bool]
    head: Callable[[str], int]
    resume: Callable[[Any, str, int], dict[str, Any]] | None = None


_kinds: dict[str, TopicKind] = {}


def register(kind: TopicKind) -> None:
    _kinds[kind.name] = kind
