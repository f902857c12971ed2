"""What is e-mailed, changed by its owner."""

from typing import Any

from skilllink.transactions import verb
from users.models import Preference
from users.notifications.sentences import ALWAYS, GROUPS


@verb
def choose(user: Any, wanted: dict[str, bool]) -> None:
    """Save the choice per group; money and security stay on whatever is asked."""
    for group in GROUPS:
        if group not in ALWAYS and group in wanted:
            Preference.objects.update_or_create(user=user, group=group, defaults={"email": wanted[group]})


@verb
def unsubscribe(user: Any) -> None:
    """Turn off every e-mail that may be turned off."""
    for group in GROUPS:
        if group not in ALWAYS:
            Preference.objects.update_or_create(user=user, group=group, defaults={"email": False})
