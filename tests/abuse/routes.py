"""Every address of the site, as patterns with their parameters, for tests that walk all of them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import URLPattern, get_resolver
from django.urls.converters import UUIDConverter
from django.urls.resolvers import RoutePattern

# what else stands in an address beside an id; each is a name that exists
WORDS = {
    "name": ["release", "answer", "board"],
    "kind": ["gig", "bid", "message", "review", "person", "profile", "contract", "milestone"],
    "slug": ["wayfinding"],
}

# what the id in an address names, by how the address begins; one that is not here is tried with everything
KINDS = {
    "/gigs/": ["invited gig", "hidden gig", "draft", "contract's gig"],
    "/gig-files/": ["gig's file"],
    "/bids/": ["bid"],
    "/bid-files/": ["bid's file"],
    "/offers/": ["offer", "contract's offer"],
    "/contracts/": ["contract"],
    "/milestones/": ["milestone", "disputed milestone"],
    "/deliveries/files/": ["delivery's file"],
    "/delivery-files/": ["delivery's file"],
    "/disputes/": ["dispute"],
    "/rooms/": ["room", "group"],
    "/room-files/": ["attachment"],
    "/messages/files/": ["attachment"],
    "/messages/message/": ["message"],
    "/messages/": ["room", "group", "message"],
    "/deposits/": ["deposit", "paid deposit"],
    "/wallet/papers/": ["paper"],
    "/papers/": ["paper"],
    "/wallet/deposit/": ["deposit", "paid deposit"],
}


class Route:
    """One address of the site; `parameters` maps names to whether they are ids."""

    def __init__(self, prefix: str, pattern: URLPattern) -> None:
        self.text = f"/{prefix}{pattern.pattern}".replace("^", "").rstrip("$")
        self.pattern, self.callback = pattern, pattern.callback
        converters = pattern.pattern.converters if isinstance(pattern.pattern, RoutePattern) else {}
        self.parameters = {name: isinstance(kind, UUIDConverter) for name, kind in converters.items()}

    @property
    def has_id(self) -> bool:
        return any(self.parameters.values()) or "{36}" in self.text

    def kinds(self, names: Iterable[str]) -> list[str]:
        """Which of the named things this address may be about."""
        own = self.text.removeprefix("/api/v1")
        return next((kinds for start, kinds in KINDS.items() if own.startswith(start)), list(names))

    def addresses(self, pk: Any) -> list[str]:
        """The address of the object `pk`, once for each word that may stand beside it."""
        text = re.sub(r"<uuid:\w+>|\(\?P<pk>[^)]*\)", str(pk), self.text)
        text = re.sub(r"\(\?P<name>([^|)]*)[^)]*\)", r"\1", text)
        other = re.search(r"<(?:\w+:)?(\w+)>", text)
        if other is None:
            return [text]
        return [text.replace(other[0], word) for word in WORDS.get(other[1], ["1"])]

    def __str__(self) -> str:
        return self.text


def all_routes() -> list[Route]:
    """Every route but those of the administration, which are closed as a whole."""
    return [route for route in _walk(get_resolver(), "") if not route.text.startswith("/admin/")]


def _walk(resolver: Any, prefix: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield Route(prefix, entry)
        else:
            yield from _walk(entry, f"{prefix}{entry.pattern}")
