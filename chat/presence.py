"""Who is here: a mark that ends by itself, renewed by every open tab that looks at the room. Kept nowhere else."""

from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from chat.models import Membership, Room
from skilllink.realtime.push import push_now

log = structlog.get_logger(__name__)


def mark(room: Room, user: Any) -> None:
    """The person looks at the room now; counts for PRESENCE_TTL seconds."""
    seconds = settings.SKILLLINK["PRESENCE_TTL"].total_seconds()
    cache.set(_key(room.pk, user.pk), True, seconds)
    event = {"type": "room.here", "user": str(user.pk), "seconds": seconds}
    push_now(f"room:{room.pk}", event, version=room.version)


def here(room_id: Any) -> list[str]:
    """The ids of the members who have looked at the room within PRESENCE_TTL."""
    members = Membership.objects.filter(room=room_id, left_at__isnull=True).values_list("user_id", flat=True)
    keys = {_key(room_id, user_id): str(user_id) for user_id in members}
    try:
        return [keys[key] for key in cache.get_many(keys)]
    except RedisError as error:  # nobody is known to be here, and the room opens all the same
        log.warning("presence.unknown", error=str(error))
        return []


def _key(room_id: Any, user_id: Any) -> str:
    return f"here:{room_id}:{user_id}"
