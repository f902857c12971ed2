"""What happened, one row per event, written in the transaction of what it tells about."""

from typing import Any

from django.db.models import F

from projects.models.activity import Activity, ActivityCounter
from skilllink.clocks import now
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction


@inside_transaction
def record(
    event: str,
    *,
    actor: Any,
    gig: Any = None,
    contract: Any = None,
    milestone: Any = None,
    amount: int | None = None,
    currency: str = "",
    held_after: int | None = None,
    **data: Any,
) -> Activity:
    """Write one activity row and tell the listeners of its contract or gig once committed.

    `amount` and `held_after` are minor units; `actor` is None when the clock acted. `data` must be JSON.
    The pushed event says only what happened and its number: what a listener may see of it, they fetch.
    """
    subject, topic = (contract, "contract") if contract is not None else (gig, "gig")
    if subject is None:
        raise ValueError("An activity belongs to a contract or a gig.")
    row = Activity.objects.create(
        subject_id=subject.pk,
        seq=_next(subject.pk),
        event=event,
        actor=actor,
        gig=gig,
        contract=contract,
        milestone=milestone,
        amount=amount,
        currency=currency,
        held_after=held_after,
        data=data,
        at=now(),
    )
    told = {"type": event, "seq": row.seq, "id": str(row.pk)}
    if milestone is not None:
        told["milestone"] = str(milestone.pk)
    push(f"{topic}:{subject.pk}", told)
    return row


def head(subject_id: Any) -> int:
    """The number of the newest activity of a contract or gig; 0 when nothing happened yet."""
    return ActivityCounter.objects.filter(pk=subject_id).values_list("head", flat=True).first() or 0


def _next(subject_id: Any) -> int:
    counter = ActivityCounter.objects.filter(pk=subject_id)
    if not counter.update(head=F("head") + 1):
        ActivityCounter.objects.get_or_create(pk=subject_id)
        counter.update(head=F("head") + 1)
    return counter.values_list("head", flat=True).get()
