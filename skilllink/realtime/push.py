"""`push`: the only door to the channel layer. Rows are the truth; what goes through here is a hint that may be lost."""

from collections.abc import Sequence
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from skilllink.realtime import topics as kinds
from skilllink.transactions import after_commit_together

log = structlog.get_logger(__name__)
HINTS = "hints"  # the group that every hub is in
Sent = tuple[str, dict[str, Any]]  # a group, and what is sent to it


def push(topic: str, event: dict[str, Any], *, version: int = 0) -> None:
    """After the open transaction commits, tell everyone on `topic` that `event` happened.

    `event` has `type` (`milestone.released`), and `seq` where the topic is numbered. `version` is the topic's
    membership version: who was let in under an older one is judged again before hearing it. Never raises: a lost hint
    is noticed by its number or by the next pulse.
    """
    after_commit_together(_send_all, _addressed(topic, event, version=version))


def hint(topics: Sequence[str], event: dict[str, Any]) -> None:
    """After the open transaction commits, tell everyone on these that something they show is old, and no more than that.

    On each the first is told at once; of those that follow within a second only the last, at its end. However many they
    are, it is sent once: each hub picks the topics that somebody listens to there.
    """
    if topics:
        after_commit_together(_send_all, (HINTS, {"type": "hub.event", "topics": list(topics), "event": event}))


def push_now(topic: str, event: dict[str, Any], *, version: int = 0) -> None:
    """Tell everyone on `topic` at once, outside transactions and without a promise: typing, presence.

    Such a frame never takes the place of another: a socket that is behind doesn't get it.
    """
    _send_all([_addressed(topic, event, version=version, lossy=True)])


def _addressed(topic: str, event: dict[str, Any], **envelope: Any) -> Sent:
    return group_name(topic), {"type": "hub.event", "topic": topic, "event": event, **envelope}


def _send_all(told: Sequence[Sent]) -> None:
    try:
        lost = _tell(get_channel_layer(), [*_noticed(told), *told])
    except Exception as error:  # whatever a broken layer raises, the verb has committed and must answer
        log.warning("push.lost", hints=len(told), error=str(error) or type(error).__name__)
    else:
        for one in lost:
            log.warning("push.lost", hints=1, error=str(one))


def _noticed(told: Sequence[Sent]) -> Sequence[Sent]:
    """What lets every hub know that these topics aren't quiet, for pages that are about to listen; it leaves first."""
    pushed = (message["topic"] for _group, message in told if "topic" in message and not message.get("lossy"))
    unquiet = [topic for topic in dict.fromkeys(pushed) if not kinds.pages_know(topic)]
    return [(HINTS, {"type": "hub.event", "topics": unquiet})] if unquiet else []


def _tell(layer: Any, told: Sequence[Sent]) -> Sequence[Exception]:
    """Send each; what went wrong with single ones. Any other layer than ours does the same, slower."""
    if hasattr(type(layer), "tell"):  # some layers look up what they don't have on a running loop
        lost: Sequence[Exception] = layer.tell(told)
        return lost
    async_to_sync(_send_each)(layer, told)
    return ()


async def _send_each(layer: Any, told: Sequence[Sent]) -> None:
    for group, message in told:
        await layer.group_send(group, message)


def revoke(topic: str, user_id: Any) -> None:
    """After commit, take a person off a topic on every process, before anything later is delivered there."""
    push(topic, {"type": "topic.revoked", "user": str(user_id)})


def group_name(topic: str) -> str:
    """A topic as a channel layer's group: ASCII letters, digits, hyphens, periods, at most 100."""
    return topic.replace(":", ".")
