"""`push`: the only door to the channel layer. Rows are the truth; what goes through here is a hint that may be lost."""

import asyncio
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from skilllink.transactions import after_commit

log = structlog.get_logger(__name__)
LONGEST_SEND = 2.0  # seconds; a layer that hangs must not hold up the person whose verb has committed


def push(topic: str, event: dict[str, Any], *, version: int = 0) -> None:
    """After the open transaction commits, tell everyone on `topic` that `event` happened.

    `event` has `type` (`milestone.released`), and `seq` where the topic is numbered. `version` is the topic's
    membership version: who was let in under an older one is judged again before hearing it. Never raises: a lost hint
    is noticed by its number or by the next pulse.
    """
    after_commit(lambda: _send_now(topic, event, version=version))


def push_now(topic: str, event: dict[str, Any], *, version: int = 0) -> None:
    """Tell everyone on `topic` at once, outside transactions and without a promise: typing, presence.

    Such a frame never takes the place of another: a socket that is behind doesn't get it.
    """
    _send_now(topic, event, version=version, lossy=True)


def _send_now(topic: str, event: dict[str, Any], **envelope: Any) -> None:
    try:
        async_to_sync(_send)(topic, event, **envelope)
    except Exception as error:  # whatever a broken layer raises, the verb has committed and must answer
        log.warning("push.lost", topic=topic, type=event.get("type"), error=str(error))


def revoke(topic: str, user_id: Any) -> None:
    """After commit, take a person off a topic on every process, before anything later is delivered there."""
    push(topic, {"type": "topic.revoked", "user": str(user_id)})


async def _send(topic: str, event: dict[str, Any], **envelope: Any) -> None:
    message = {"type": "hub.event", "topic": topic, "event": event, **envelope}
    await asyncio.wait_for(get_channel_layer().group_send(group_name(topic), message), LONGEST_SEND)


def group_name(topic: str) -> str:
    """A topic as a channel layer's group: ASCII letters, digits, hyphens, periods, at most 100."""
    return topic.replace(":", ".")
