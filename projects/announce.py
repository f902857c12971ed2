"""Telling what happened to a contract: the activity row, the notice in the room, the notifications.

One call per event, in its transaction. The event's name is the activity's, the notice's and the sentence's.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from chat import messages
from chat.models import Message
from projects import activity
from projects.left import Left
from projects.left import soon as left_soon
from projects.models.activity import Activity
from skilllink.money import format_money
from skilllink.prepared import together
from skilllink.transactions import inside_transaction
from users.models import Notification
from users.notifications import inbox


@dataclass(frozen=True, slots=True)
class _Told:
    """One event: its activity, its notice with who acted (if the room hears of it), its notifications.

    Of one that moved money, `left` gives what was left after it.
    """

    activity: Activity
    notice: tuple[Message, Any] | None
    notes: Sequence[Notification]
    left: Callable[[], Left] | None


_gathered: ContextVar[list[_Told] | None] = ContextVar("gathered", default=None)


@inside_transaction
def announce(
    event: str,
    *,
    contract: Any,
    actor: Any,
    milestone: Any = None,
    moved: int | None = None,
    left: Callable[[], Left] | None = None,
    to: tuple[Any, ...] | None = None,
    notice: bool = True,
    url: str = "",
    **data: Any,
) -> None:
    """Record `event` and tell those concerned.

    `moved` is signed minor units seen from escrow: funding is positive, what leaves is negative. `left` gives what is
    left in the contract then, for a caller who has asked. `to` are the people to notify, or their ids; by default the
    other party, both when the clock acted.
    """
    address = url or (milestone.get_absolute_url() if milestone is not None else contract.get_absolute_url())
    if moved is not None and left is None:
        left = left_soon(contract)
    done = activity.draft(
        event,
        actor=actor,
        contract=contract,
        milestone=milestone,
        amount=moved,
        currency=contract.currency if moved is not None else "",
        **data,
    )
    facts = {key: str(value) for key, value in data.items() if not isinstance(value, list | dict)}
    facts |= {
        "contract": contract.title,
        "milestone": milestone.title if milestone is not None else "",
        "who": actor.get_short_name() if actor is not None else "",
    }
    said = None
    if notice and contract.room_id:
        amount = abs(moved) if moved is not None else None
        figures = {"text_key": event, "amount": amount, "currency": contract.currency, "url": address}
        said = messages.draft_notice(contract.room_id, event, **figures, params=dict(facts)), actor
    if to is None:
        to = tuple(one for one in (contract.client_id, contract.freelancer_id) if actor is None or one != actor.pk)
    facts["amount"] = format_money(abs(moved), contract.currency) if moved is not None else ""
    _tell(_Told(done, said, [inbox.draft(person, event, actor=actor, url=address, **facts) for person in to], left))


@contextmanager
def gathered(then: Callable[[], Any] | None = None) -> Iterator[None]:
    """What is announced inside is written at the end of the outermost block, in few statements however much it is.

    `then` is called at the end of this block; of the outermost when all numbers are asked for and nothing is written
    yet: what it has asked for itself came in the same round trip.

    What an inner block announced is forgotten when it raises, as its savepoint forgets what it did.
    """
    waiting = _gathered.get()
    if waiting is not None:
        before = len(waiting)
        try:
            yield
            if then is not None:
                then()
        except BaseException:
            del waiting[before:]
            raise
        return
    mine: list[_Told] = []
    token = _gathered.set(mine)
    try:
        yield
    finally:
        _gathered.reset(token)
    _write(mine, then)


def _tell(told: _Told) -> None:
    waiting = _gathered.get()
    if waiting is None:
        _write([told])
    else:
        waiting.append(told)


def _write(told: Sequence[_Told], then: Callable[[], Any] | None = None) -> None:
    """In the order of locks: activity, rooms, people's counters. All numbers are asked for at once."""
    steps: list[Callable[[], Any]] = []
    if told:
        steps.append(activity.writing([one.activity for one in told]))
    if notices := [one.notice for one in told if one.notice is not None]:
        steps.append(messages.writing_notices(notices))
    if notes := [note for one in told for note in one.notes]:
        steps.append(inbox.writing(notes))
    with together():
        if then is not None:
            then()
        for one in told:
            if one.left is not None:
                one.activity.held_after = one.left().held
        for write in steps:
            write()
