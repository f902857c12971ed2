"""A start with a key or with hosts of web push that can't be right is refused."""

import re
from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register

from users.notifications import web_push

# a name in the Internet, or all beneath one: never a number, this machine, or a whole top-level domain
PUBLIC = re.compile(r"(\*\.)?([a-z0-9-]+\.)+[a-z]{2,}")


@register(Tags.security)
def web_push_is_safe(app_configs: Any, **_kwargs: Any) -> list[Error]:
    """This site calls the hosts by itself, so in production none of them may be inside its own walls."""
    faults = []
    if settings.VAPID_PRIVATE_KEY and not web_push.has_good_key():
        faults.append(
            Error(
                "VAPID_PRIVATE_KEY must be 32 random bytes in base64; make one as docs/settings.md says.",
                id="users.E001",
            )
        )
    if settings.PRODUCTION and not all(PUBLIC.fullmatch(host) for host in settings.PUSH_HOSTS):
        faults.append(
            Error("PUSH_HOSTS must name public hosts, such as push.example or *.push.example.", id="users.E002")
        )
    return faults
