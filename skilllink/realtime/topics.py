"""Which topics exist, who may listen, and what a listener missed. Apps register theirs in `ready()`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from skilllink.errors import Missing, Unprocessable


class Ahead(Unprocessable):
    """A number that nobody gave yet: after a restored backup what its holder has is no more."""

    code, sentence = "topic.ahead", _("The last number here is {head}. Begin anew from there; nothing was changed.")


@dataclass(frozen=True)
class TopicKind:
    """A kind of topic such as `room`. `head` is the last number given on it; `resume` what came after a number.

    `version` changes whenever somebody loses the right to listen; `greeting` is what a new listener is told besides.
    `since` is the number up to which nothing is told to a person, who came later. `pages_know` is whether a page knows
    the number up to which it shows the topic, or is greeted with all of it: it needn't ask how long it has been quiet.
    """

    name: str
    may_listen: Callable[[Any, str], bool]
    head: Callable[[str], int]
    resume: Callable[[Any, str, int], dict[str, Any] | None] | None = None
    version: Callable[[str], int] = lambda identifier: 0
    since: Callable[[Any, str], int] = lambda user, identifier: 0
    greeting: Callable[[str], dict[str, Any]] = lambda identifier: {}
    pages_know: bool = False


_kinds: dict[str, TopicKind] = {}


def register(kind: TopicKind) -> None:
    _kinds[kind.name] = kind


def pages_know(topic: str) -> bool:
    """Whether pages know up to where they show this topic; nobody need know how long it has been quiet."""
    kind = _kinds.get(topic.partition(":")[0])
    return kind is not None and kind.pages_know


def split(topic: Any) -> tuple[TopicKind, str]:
    """`room:<id>` as its kind and id. Raises Missing for anything else, as for what a person may not hear."""
    name, colon, identifier = topic.partition(":") if isinstance(topic, str) and len(topic) <= 80 else ("", "", "")
    if not colon or name not in _kinds or not identifier.replace("-", "").isalnum() or not identifier.isascii():
        raise Missing()
    return _kinds[name], identifier


def authorise(user: Any, topic: Any) -> tuple[TopicKind, str]:
    """The topic's kind and id if the person may listen. Raises Missing otherwise."""
    kind, identifier = split(topic)
    if not kind.may_listen(user, identifier):
        raise Missing()
    return kind, identifier


def admit(user: Any, topic: Any) -> tuple[TopicKind, str, int, int]:
    """`authorise`, the version under which the right was judged, and the number up to which nothing is told. Raises
    Missing."""
    kind, identifier = split(topic)
    version = kind.version(identifier)  # read first: a change in between is judged again, not overlooked
    authorise(user, topic)
    return kind, identifier, version, kind.since(user, identifier)


def told(user: Any, kind: TopicKind, identifier: str, after: int | None) -> dict[str, Any]:
    """Where a topic stands, for somebody who may listen: its head, its greeting, and what came after a number.

    Raises Ahead, and Missing when the right to it has ended meanwhile.
    """
    answer = {"head": kind.head(identifier)} | kind.greeting(identifier)
    if after is not None and after > answer["head"]:
        raise Ahead(head=answer["head"])
    missed = kind.resume(user, identifier, after) if after is not None and kind.resume else {}
    if missed is None:
        raise Missing()
    return answer | missed


def still_since(user: Any, topic: str) -> int | None:
    """The number up to which nothing is told to a listener, who may have gone and come again; None if they may not."""
    try:
        return admit(user, topic)[3]
    except Missing:
        return None


def heads(topics: list[str]) -> dict[str, int]:
    """The last number of each topic; a topic that nobody numbers is left out."""
    pairs = [(topic, *topic.split(":", 1)) for topic in topics]
    return {topic: _kinds[name].head(identifier) for topic, name, identifier in pairs if name in _kinds}
