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
from projects.left import of as left_of
from projects.models.activity import Activity
from skilllink.money import format_money
from skilllink.transactions import inside_transaction
from users.models import Notification
from users.notifications import inbox


@dataclass(frozen=True, slots=True)
class _Told:
    """One event: its activity, its notice with who acted (if the room hears of it), its notifications."""

    activity: Activity
    notice: tuple[Message, Any] | None
    notes: Sequence[Notification]


_gathered: ContextVar[list[_Told] | None] = ContextVar("gathered", default=None)


@inside_transaction
def announce(
    event: str,
    *,
    contract: Any,
    actor: Any,
    milestone: Any = None,
    moved: int | None = None,
    held_after: int | None = None,
    to: tuple[Any, ...] | None = None,
    notice: bool = True,
    url: str = "",
    **data: Any,
) -> None:
    """Record `event` and tell those concerned.

    `moved` is signed minor units seen from escrow: funding is positive, what leaves is negative. `held_after` is what
    the contract holds then, for a caller who knows. `to` are the people to notify, or their ids; by default the other party, both
    when the clock acted.
    """
    address = url or (milestone.get_absolute_url() if milestone is not None else contract.get_absolute_url())
    if moved is not None and held_after is None:
        held_after = left_of(contract).held
    done = activity.draft(
        event,
        actor=actor,
        contract=contract,
        milestone=milestone,
        amount=moved,
        currency=contract.currency if moved is not None else "",
        held_after=held_after,
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
    _tell(_Told(done, said, [inbox.draft(person, event, actor=actor, url=address, **facts) for person in to]))


@contextmanager
def gathered() -> Iterator[None]:
    """What is announced inside is written at the end of the outermost block, in few statements however much it is.

    What an inner block announced is forgotten when it raises, as its savepoint forgets what it did.
    """
    waiting = _gathered.get()
    if waiting is not None:
        before = len(waiting)
        try:
            yield
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
    _write(mine)


def _tell(told: _Told) -> None:
    waiting = _gathered.get()
    if waiting is None:
        _write([told])
    else:
        waiting.append(told)


def _write(told: Sequence[_Told]) -> None:
    """In the order of locks: activity, rooms, people's counters. All numbers are asked for at once."""
    if not told:
        return
    steps: list[Callable[[], Any]] = [activity.writing([one.activity for one in told])]
    if notices := [one.notice for one in told if one.notice is not None]:
        steps.append(messages.writing_notices(notices))
    if notes := [note for one in told for note in one.notes]:
        steps.append(inbox.writing(notes))
    for write in steps:
        write()
