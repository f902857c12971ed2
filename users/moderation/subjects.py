"""What can be reported: each app names its own kinds, with a lookup through the reporter's scope."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from users.models import Profile


@dataclass(frozen=True, slots=True)
class Subject:
    """The reported thing as its reporter sees it: a title, an address of this site, and whose it is.

    `freeze` gives what moderators read of it and around it, as it is now, one dictionary per piece; called in the
    transaction that files the report.
    """

    title: str
    url: str
    owner: Any
    freeze: Callable[[], list[dict[str, Any]]] = list


Find = Callable[[Any, Any], Subject | None]  # (reporter, id) -> what they may see, or None
_kinds: dict[str, Find] = {}


def register(kind: str, find: Find) -> None:
    """Make `kind` reportable; called from an app's `ready()`."""
    _kinds[kind] = find


def find(kind: str, reporter: Any, pk: Any) -> Subject | None:
    """The subject, or None for an unknown kind, for what the reporter can't see, and for their own things."""
    look = _kinds.get(kind)
    subject = look(reporter, pk) if look else None
    return subject if subject is not None and subject.owner != reporter else None


def person(reporter: Any, pk: Any) -> Subject | None:
    profile = Profile.objects.visible_to(reporter).select_related("user").filter(pk=pk).first()
    return Subject(profile.user.name, profile.get_absolute_url(), profile.user) if profile else None
