"""Blocking a person: no messages between the two and no invitations, until it is taken back. Nobody is told.

The room of a contract stays open to both: deadlines run in it.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from skilllink.errors import Forbidden, Unprocessable
from skilllink.transactions import verb
from users.models import Block, User
from users.standing import require_active


class Oneself(Unprocessable):
    code, sentence = "block.oneself", _("You can’t block yourself.")


class YouBlocked(Forbidden):
    code = "block.by_you"
    sentence = _("You have blocked {name}. Unblock them under Settings first. Nothing was sent.")


class BlockedYou(Forbidden):
    code, sentence = "block.by_them", _("{name} takes no messages or invitations from you. Nothing was sent.")


@verb
def block(by: User, person: User) -> Block:
    """Blocking twice is blocking once."""
    require_active(by)
    if by.pk == person.pk:
        raise Oneself()
    return Block.objects.get_or_create(blocker=by, blocked=person)[0]


@verb
def unblock(by: User, person: User) -> None:
    require_active(by)
    Block.objects.filter(blocker=by, blocked=person).delete()


def of(person: Any) -> set[Any]:
    """The ids of whom this person has blocked."""
    return set(Block.objects.filter(blocker=person).values_list("blocked_id", flat=True))


def require_open(by: Any, others: Iterable[Any]) -> None:
    """Raise YouBlocked or BlockedYou when there is a block between `by` and one of the others; one query."""
    if found := between(by, others):
        raise found


def between(by: Any, others: Iterable[Any]) -> YouBlocked | BlockedYou | None:
    """What keeps these from each other, in words for `by`; their own block first."""
    ids = list(others)
    either = Q(blocker=by, blocked__in=ids) | Q(blocked=by, blocker__in=ids)
    return refusal(by, Block.objects.filter(either).select_related("blocker", "blocked"))


def refusal(by: Any, rows: Iterable[Block]) -> YouBlocked | BlockedYou | None:
    """The same of blocks that were found, `by` on one side of each."""
    found = {row.blocker_id == by.pk: row for row in rows}
    if True in found:
        return YouBlocked(name=found[True].blocked.get_short_name())
    return BlockedYou(name=found[False].blocker.get_short_name()) if False in found else None
