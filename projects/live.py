"""The topic `contract:<id>`: who may listen, its head number, what a listener missed."""

from typing import Any

from projects import activity
from projects.models import Activity, Contract
from skilllink import ids
from skilllink.realtime.topics import TopicKind

PAGE = 200


def may_listen(user: Any, text: str) -> bool:
    return Contract.objects.visible_to(user).filter(pk=ids.read(text)).exists()


def head(text: str) -> int:
    return activity.head(ids.read(text))


def resume(user: Any, text: str, after: int) -> dict[str, Any] | None:
    """Up to 200 events after a number, as they were pushed; None for a stranger."""
    if not may_listen(user, text):
        return None
    rows = list(Activity.objects.filter(subject_id=ids.read(text), seq__gt=after).order_by("seq")[:PAGE])
    events = [{"type": row.event, "seq": row.seq, "id": str(row.pk)} for row in rows]
    return {"events": events, "upto": rows[-1].seq if rows else after, "more": len(rows) == PAGE}


contract = TopicKind(name="contract", may_listen=may_listen, head=head, resume=resume)
