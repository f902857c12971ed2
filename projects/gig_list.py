"""The list at /gigs/: search, filters with counts, sort, and pages that hold their place while gigs arrive."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from projects import search
from projects.models import Gig

PAGE = 20
# name → (field, descending)
SORTS = {
    "newest": ("posted_at", True),
    "closing": ("bids_close_at", False),
    "budget": ("budget_max", True),
    "fewest": ("live_bids", False),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One value of a filter: its label, how many gigs it would leave, whether it is on, where it leads."""

    label: str
    count: int
    on: bool
    query: str


def board(user: Any, params: Any) -> "QuerySet[Gig]":
    """Open gigs this person may see that match the search words; filters not applied yet."""
    gigs = Gig.objects.visible_to(user).on_board()
    if not user.is_authenticated:
        gigs = gigs.filter(visibility=Gig.Visibility.PUBLIC)
    gigs = search.matching(gigs, params.get("q"))
    if skill := params.get("skill"):
        gigs = gigs.filter(skills__slug=_plain(skill, 80))
    return gigs


def filtered(gigs: "QuerySet[Gig]", params: Any) -> "QuerySet[Gig]":
    """Narrow to the chosen category and experience; unknown values narrow to nothing."""
    if category := params.get("category"):
        gigs = gigs.filter(category_id=_plain(category, 40))
    if experience := params.get("experience"):
        gigs = gigs.filter(experience=_plain(experience, 8))
    if params.get("pro_bono"):
        gigs = gigs.filter(cause__isnull=False)
    return gigs


def page(gigs: "QuerySet[Gig]", params: Any) -> tuple[list[Gig], str]:
    """One page in the chosen order, and the cursor of the next one (empty at the end)."""
    name, field, down = _sort(params)
    sign, step = ("-", "lt") if down else ("", "gt")
    rows = gigs.select_related("client", "category")
    if (after := _read(params.get("after"), name)) is not None:
        value, key = after
        rows = rows.filter(Q(**{f"{field}__{step}": value}) | Q(**{field: value, f"id__{step}": key}))
    found = list(rows.order_by(f"{sign}{field}", f"{sign}id")[: PAGE + 1])
    more = len(found) > PAGE
    return found[:PAGE], _write(found[PAGE - 1], name, field) if more else ""


def chips(gigs: "QuerySet[Gig]", params: Any) -> dict[str, list[Chip]]:
    """The filters with counts, from one query. A filter's own choice doesn't narrow its counts."""
    cells = list(
        gigs.order_by()
        .values_list("category_id", "category__name", "experience", "cause_id")
        .annotate(n=Count("id", distinct=True))
    )
    donated, only = 0, bool(params.get("pro_bono"))
    category, experience = params.get("category", ""), params.get("experience", "")
    by_category: dict[str, tuple[str, int]] = {}
    by_experience = dict.fromkeys(Gig.Experience.values, 0)
    for slug, name, level, cause, n in cells:
        if experience in ("", level) and category in ("", slug) and cause:
            donated += n
        if only and not cause:
            continue
        if experience in ("", level):
            by_category[slug] = (name, by_category.get(slug, (name, 0))[1] + n)
        if category in ("", slug):
            by_experience[level] += n
    return {
        "category": [
            Chip(_(name), n, slug == category, _query(params, category="" if slug == category else slug))
            for slug, (name, n) in sorted(by_category.items(), key=lambda item: item[1][0])
        ],
        "experience": [
            Chip(
                str(Gig.Experience(level).label), n, level == experience,
                _query(params, experience="" if level == experience else level),
            )
            for level, n in by_experience.items()
            if n
        ],
        "pro_bono": [Chip(_("Pro bono"), donated, only, _query(params, pro_bono="" if only else "1"))]
        if donated or only
        else [],
    }  # fmt: skip


def sorts(params: Any) -> list[Chip]:
    labels = {
        "newest": _("Newest"), "closing": _("Closing first"), "budget": _("Highest budget"), "fewest": _("Fewest bids"),
    }  # fmt: skip
    chosen = _sort(params)[0]
    return [Chip(label, 0, name == chosen, _query(params, sort=name)) for name, label in labels.items()]


def since(user: Any, params: Any) -> "QuerySet[Gig]":
    """Gigs of the current search posted after `params["since"]`, newest first."""
    moment = parse_datetime((params.get("since") or "").replace(" ", "+")[:40])
    if moment is None or moment.tzinfo is None:
        return Gig.objects.none()
    return filtered(board(user, params), params).filter(posted_at__gt=moment).order_by("-posted_at", "-id")


def _query(params: Any, **changes: str) -> str:
    copy = params.copy()
    for name in ("after", "since"):
        copy.pop(name, None)
    for name, value in changes.items():
        copy.pop(name, None) if value == "" else copy.__setitem__(name, value)
    return copy.urlencode()


def _sort(params: Any) -> tuple[str, str, bool]:
    name = params.get("sort", "newest")
    name = name if name in SORTS else "newest"
    return (name, *SORTS[name])


def _write(gig: Gig, name: str, field: str) -> str:
    value = getattr(gig, field)
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([name, plain, gig.pk.hex]).encode()).decode().rstrip("=")


def _read(cursor: Any, name: str) -> tuple[Any, UUID] | None:
    """The cursor's value and id; None for the first page and for anything that isn't a cursor of this order."""
    if not cursor or len(cursor) > 300:
        return None
    try:
        order, plain, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        value = datetime.fromisoformat(plain) if isinstance(plain, str) else plain
        timed = SORTS[name][0].endswith("_at")
        if order != name or timed != isinstance(value, datetime) or (not timed and type(value) is not int):
            return None
        if timed and value.tzinfo is None:
            return None
        return value, UUID(key)
    except (ValueError, TypeError, binascii.Error, AttributeError):
        return None


def _plain(text: str, longest: int) -> str:
    """A filter's value as a database takes it: PostgreSQL knows no NUL."""
    return text.replace("\0", "")[:longest]
