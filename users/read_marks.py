"""Whether how far somebody reads is shown: theirs to others, and in return that of others to them."""

from collections.abc import Callable
from typing import Any

from skilllink.transactions import verb
from users.models import User
from users.standing import require_active

Follow = Callable[[User], Any]
_follow: list[Follow] = []


def register(follow: Follow) -> None:
    """Called from an app's `ready()`: `follow(person)` runs in the transaction in which a person chose otherwise."""
    _follow.append(follow)


@verb
def show(user: User, on: bool) -> None:
    """Show how far one has read and see it of others, or neither."""
    require_active(user)
    if User.objects.filter(pk=user.pk).exclude(shows_reading=on).update(shows_reading=on):
        user.shows_reading = on
        for follow in _follow:
            follow(user)
