"""`@Name` in a message: which members of the room it names, and that they are told."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from chat.models import Membership, Mention, Message, Room
from skilllink.transactions import inside_transaction
from users.models import Block
from users.notifications import inbox

MOST = 20  # people named by one message
AT = re.compile(r"(?<!\w)@(?=\S)")
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)


@inside_transaction
def keep(room: Room, message: Message) -> None:
    """Write down whom the words of a message name, and tell those who weren't named before and didn't mute the room."""
    named = find(message.body, _readers(room, message)) if "@" in message.body else {}
    known = {mention.user_id: mention for mention in message.mentions.all()}
    gone = [mention.pk for user_id, mention in known.items() if user_id not in named]
    if gone:
        Mention.objects.filter(pk__in=gone).delete()
    unwilling = set(
        Block.objects.filter(blocked=message.author, blocker__in=named).values_list("blocker_id", flat=True)
    )
    for user_id, (membership, words) in named.items():
        if user_id in known:
            continue
        Mention.objects.create(message=message, user=membership.user, words=words)
        if user_id != message.author_id and not membership.muted and user_id not in unwilling:
            _tell(room, message, membership.user)


def find(body: str, members: Iterable[Membership]) -> dict[Any, tuple[Membership, str]]:
    """The members whom a text names after `@`: by their whole name, or by the first of it where that is one person's."""
    people = list(members)
    firsts = Counter(_first(membership) for membership in people)
    names = [(membership.user.name, membership) for membership in people]
    names += [(_first(row), row) for row in people if firsts[_first(row)] == 1]
    names.sort(key=lambda pair: len(pair[0]), reverse=True)  # “Ann Marie” before “Ann”
    found: dict[Any, tuple[Membership, str]] = {}
    plain = CODE.sub(lambda match: " " * len(match[0]), body)
    for at in AT.finditer(plain):
        rest = plain[at.end() : at.end() + 81]
        for name, membership in names:
            typed = rest[: len(name)]
            if typed.casefold() == name.casefold() and not rest[len(name) : len(name) + 1].isalnum():
                found.setdefault(membership.user_id, (membership, typed))
                break
        if len(found) >= MOST:
            break
    return found


def _first(membership: Membership) -> str:
    return membership.user.name.split(maxsplit=1)[0] if membership.user.name.strip() else ""


def _readers(room: Room, message: Message) -> list[Membership]:
    """Who is in the room and came before the message; who came later doesn't read it, also when it is changed."""
    rows = room.memberships.filter(left_at__isnull=True, joined_seq__lt=message.seq)
    return list(rows.select_related("user__profile"))


def _tell(room: Room, message: Message, user: Any) -> None:
    facts = {"who": message.author, "room": room.title or message.author}
    inbox.notify(user, "message.mentioned", actor=message.author, url=message.get_absolute_url(), **facts)
