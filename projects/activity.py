"""What happened, one row per event, written in the transaction of what it tells about."""

from collections.abc import Callable, Sequence
from typing import Any

from projects.models.activity import Activity, ActivityCounter
from skilllink import counters, prepared
from skilllink.clocks import now
from skilllink.realtime.push import push
from skilllink.transactions import inside_transaction


@inside_transaction
def record(event: str, *, actor: Any, gig: Any = None, contract: Any = None, **facts: Any) -> Activity:
    """Write one activity row and tell the listeners of its contract or gig once committed; `facts` as in `draft`."""
    (written,) = writing([draft(event, actor=actor, gig=gig, contract=contract, **facts)])()
    return written


def draft(
    event: str,
    *,
    actor: Any,
    gig: Any = None,
    contract: Any = None,
    milestone: Any = None,
    amount: int | None = None,
    currency: str = "",
    **data: Any,
) -> Activity:
    """What `writing` writes, without its number. `amount` is minor units; `data` must be JSON.

    `actor` is None when the clock acted. What happened to a contract happened to its gig as well.
    """
    subject = contract if contract is not None else gig
    if subject is None:
        raise ValueError("An activity belongs to a contract or a gig.")
    return prepared.new(
        Activity,
        subject_id=subject.pk,
        event=event,
        actor=actor,
        gig_id=gig.pk if gig is not None else contract.gig_id,
        contract=contract,
        milestone=milestone,
        amount=amount,
        currency=currency,
        data=data,
        at=now(),
    )


def writing(rows: Sequence[Activity]) -> Callable[[], Sequence[Activity]]:
    """Ask for the numbers of the rows, in their order; what is returned writes them, and tells the listeners once committed.

    The pushed event says only what happened and its number: what a listener may see of it, they fetch.
    """
    number = counters.number_soon(rows, "subject_id", ActivityCounter, "head")

    def write() -> Sequence[Activity]:
        number()
        prepared.insert(rows)
        for row in rows:
            told = {"type": row.event, "seq": row.seq, "id": str(row.pk)}
            if row.milestone_id is not None:
                told["milestone"] = str(row.milestone_id)
            push(f"{'contract' if row.contract_id is not None else 'gig'}:{row.subject_id}", told)
        return rows

    return write


def head(subject_id: Any) -> int:
    """The number of the newest activity of a contract or gig; 0 when nothing happened yet."""
    return ActivityCounter.objects.filter(pk=subject_id).values_list("head", flat=True).first() or 0
