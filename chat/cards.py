"""Addresses of this site inside messages, shown as cards: what its reader may open, with a few facts; the rest stay links.

An app registers its kinds. What differs by reader is in no event: that names the address, and who draws it asks.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from skilllink import ids

MOST = 3  # cards under one message
HREF = re.compile(r'href="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Card:
    """`what` it is in words; `facts` are a few words each, as its reader may know them now."""

    kind: str
    id: str
    what: str
    title: str
    url: str
    facts: tuple[str, ...]


Find = Callable[[Any, Iterable[Any]], Iterable[Card]]
_kinds: dict[str, tuple[re.Pattern[str], Find]] = {}


def register(kind: str, address: str, find: Find) -> None:
    """Called from an app's `ready()`. `address` is a pattern of path and fragment with a group `id`; `find(reader, ids)`
    gives the cards of those that this reader may open."""
    _kinds[kind] = re.compile(address), find


def links(rendered: str) -> list[dict[str, str]]:
    """What a rendered text links to that may have a card: `kind` and `id`, each once."""
    if "href=" not in rendered:
        return []
    found: dict[tuple[str, str], dict[str, str]] = {}
    for address in HREF.findall(rendered):
        path = _path(html.unescape(address))
        for kind, (pattern, _find) in _kinds.items():
            if path and (match := pattern.fullmatch(path)):
                found.setdefault((kind, match["id"]), {"kind": kind, "id": match["id"]})
                break
    return list(found.values())[:MOST]


def put(shown: list[dict[str, Any]], reader: Any) -> list[dict[str, Any]]:
    """Give each of these messages its `cards` for this reader; a query per kind, however many messages."""
    wanted: dict[str, set[Any]] = {}
    for message in shown:
        for link in message["links"]:
            wanted.setdefault(link["kind"], set()).add(ids.read(link["id"]))
    found: Mapping[tuple[str, str], Card] = {
        (kind, card.id): card for kind, keys in wanted.items() for card in _kinds[kind][1](reader, keys)
    }
    for message in shown:
        cards = (found.get((link["kind"], link["id"])) for link in message["links"])
        message["cards"] = [asdict(card) for card in cards if card]
    return shown


def _path(address: str) -> str:
    """Path and fragment of an address of this site; empty for any other."""
    try:
        parts, here = urlsplit(address), urlsplit(settings.SITE_URL)
    except ValueError:
        return ""
    if parts.netloc and (parts.scheme, parts.netloc.lower()) != (here.scheme, here.netloc.lower()):
        return ""
    return parts.path + (f"#{parts.fragment}" if parts.fragment else "")
