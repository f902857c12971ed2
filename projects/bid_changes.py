"""What each version of a bid changed against the one before, for whoever may read the bid."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from projects.models import Bid, BidVersion
from skilllink.money import format_money

SHOWN = 20  # the newest versions; comparing texts costs time


@dataclass(frozen=True, slots=True)
class Change:
    """One field: `pieces` are (kind, text) with kind same, gone or new, in reading order."""

    name: str
    label: str
    before: str
    after: str

    @property
    def pieces(self) -> list[tuple[str, str]]:
        return compare(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Step:
    """A version and what it changed; nothing for the first."""

    row: BidVersion
    changes: tuple[Change, ...]


def history(bid: Bid) -> list[Step]:
    """The newest versions first, each against its predecessor. One query."""
    rows = list(bid.versions.order_by("-version")[: SHOWN + 1])
    texts = [_texts(bid, row) for row in rows]
    steps = []
    for number, row in enumerate(rows[:SHOWN]):
        earlier = texts[number + 1] if number + 1 < len(rows) else texts[number]
        pairs = zip(earlier, texts[number], strict=True)
        changes = tuple(Change(a[0], a[1], a[2], b[2]) for a, b in pairs if a[2] != b[2])
        steps.append(Step(row, changes))
    return steps


def compare(before: str, after: str) -> list[tuple[str, str]]:
    """Both texts word by word as one: what stayed, what is gone, what is new."""
    a, b = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    pieces = []
    for kind, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("same", "".join(a[i:j])))
            continue
        pieces += [(name, text) for name, text in (("gone", "".join(a[i:j])), ("new", "".join(b[k:m]))) if text]
    return pieces


def _texts(bid: Bid, row: BidVersion) -> list[tuple[str, str, str]]:
    """(field, label, text) of everything a version says."""
    return [
        ("amount", _("Amount"), format_money(row.amount, bid.currency)),
        ("days", _("Time"), _week(row.hours) if row.hours else _days(row.days)),
        ("letter", _("Letter"), row.letter),
        ("milestones", _("Milestones"), "\n".join(_step(step, bid.currency) for step in row.milestones)),
        ("answers", _("Answers"), "\n\n".join(row.answers)),
        ("challenge_answer", _("Answer to the challenge"), row.challenge_answer),
    ]


def _step(step: dict[str, Any], currency: str) -> str:
    return f"{step['title']}, {format_money(step['amount'], currency)}, {_days(step['days'])}"


def _week(n: int) -> str:
    return ngettext("up to {n} hour a week", "up to {n} hours a week", n).format(n=n)


def _days(n: int) -> str:
    return ngettext("{n} day", "{n} days", n).format(n=n)
