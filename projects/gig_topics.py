"""Who may listen to gigs: the public board, and the gigs one can open."""

from typing import Any

from projects import activity
from projects.models import Gig
from skilllink import ids
from skilllink.realtime.topics import TopicKind, register


def register_topics() -> None:
    """Register `gigs:board` and `gig:<id>`. Called from the app's `ready()`."""
    register(TopicKind("gigs", _may_listen_to_board, _no_number))
    register(TopicKind("gig", _may_listen, _head))


def _may_listen_to_board(user: Any, name: str) -> bool:
    return name == "board"


def _no_number(name: str) -> int:
    """The board has no numbers: a listener who missed something fetches the list."""
    return 0


def _may_listen(user: Any, gig_id: str) -> bool:
    return Gig.objects.visible_to(user).filter(pk=ids.read(gig_id)).exists()


def _head(gig_id: str) -> int:
    return activity.head(ids.read(gig_id))
