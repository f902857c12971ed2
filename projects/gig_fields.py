"""What a gig must say to be posted: every rule of its fields in one place, for pages and API alike."""

import datetime
import re
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payment.models import Cause
from projects.models import Category, Gig
from projects.rules import rule
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Sentence, Unprocessable
from users.models import Skill

UUIDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Incomplete(Unprocessable):
    code = "gig.incomplete"
    sentence = _("Some of it isn't ready to post. What you wrote is kept.")


CHOICES: dict[str, list[str]] = {
    "kind": Gig.Kind.values,
    "experience": Gig.Experience.values,
    "visibility": Gig.Visibility.values,
    "board_mode": Gig.BoardMode.values,
}
PLAIN = tuple(CHOICES)
TEXTS = ("title", "brief", "challenge")
NUMBERS = {"positions": (1, 50), "hours_per_week": (1, 80), "duration_weeks": (1, 104), "bidding_days": (1, 30)}
EDITABLE = {
    *PLAIN, *TEXTS, *NUMBERS, "budget_min", "budget_max", "cause", "currency", "deadline", "questions", "category",
    "skills",
}  # fmt: skip


def read(fields: dict[str, Any]) -> tuple[dict[str, Any], list[Skill] | None]:
    """The given fields as model values, and the skills apart. What can't be kept even in a draft is refused.

    Raises Incomplete with a sentence per field, or Malformed for a figure that is none.
    """
    unknown = set(fields) - EDITABLE
    if unknown:
        raise TypeError(f"A gig has no {', '.join(sorted(unknown))}.")
    values, faults = {}, {}
    free = {"budget_min", "budget_max"} if fields.get("cause") else set()
    for name, value in fields.items():
        if name in free and type(value) is int and value == 0:
            value = None
        try:
            values[name] = _value(name, value)
        except ValueError as error:
            faults[name] = error.args[0]
    if faults:
        raise Incomplete(fields=faults)
    skills = values.pop("skills", None)
    return values, skills


def complete(gig: Gig, skills: int) -> None:
    """Judge a whole gig that is to be posted. Raises Incomplete naming each field that is missing or wrong."""
    faults: dict[str, Sentence] = {}
    if not 10 <= len(gig.title) <= 120:
        faults["title"] = _("Give it a title of 10 to 120 characters.")
    if not 50 <= len(gig.brief) <= 10_000:
        faults["brief"] = _("Describe the work in 50 to 10,000 characters.")
    if gig.category_id is None:
        faults["category"] = _("Choose a category.")
    if not 1 <= skills <= 15:
        faults["skills"] = _("Name 1 to 15 skills.")
    if not gig.budget_min and not gig.is_pro_bono:
        faults["budget_min"] = _("Say what you would pay at least.")
    if not gig.budget_max and not gig.is_pro_bono:
        faults["budget_max"] = _("Say what you would pay at most.")
    elif gig.budget_min and gig.budget_max and gig.budget_max < gig.budget_min:
        faults["budget_max"] = _("The upper figure is below the lower one. Swap them or change one.")
    if gig.deadline and gig.deadline < now().date():
        faults["deadline"] = _("That day is over. Choose a later one or leave it open.")
    if gig.kind == Gig.Kind.HOURLY and not (gig.hours_per_week and gig.duration_weeks):
        faults["hours_per_week"] = _("Say how many hours a week and for how many weeks.")
    if faults:
        raise Incomplete(fields=faults)


def _value(name: str, value: Any) -> Any:
    if name in PLAIN:
        if value not in CHOICES[name]:
            raise ValueError(_("Choose one of the list."))
        return value
    if name in TEXTS:
        return _text(value, {"title": 120, "brief": 10_000, "challenge": 300}[name])
    if name in NUMBERS:
        return _number(name, value)
    if name in ("budget_min", "budget_max"):
        return None if value is None else money.check_minor(value, field=name)
    if name == "currency":
        money.exponent(value)
        return value
    if name == "deadline":
        return _day(value)
    if name == "questions":
        return _questions(value)
    if name == "cause":
        return _cause(value)
    return _category(value) if name == "category" else _skills(value)


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(_("This should be text."))
    text = value.replace("\r\n", "\n").strip()
    if len(text) > longest:
        raise ValueError(_("This is longer than {longest} characters.").format(longest=longest))
    return text


def _number(name: str, value: Any) -> int | None:
    least, most = NUMBERS[name]
    if value in (None, 0) and name != "positions":
        return 0 if name == "bidding_days" else None
    if type(value) is not int or not least <= value <= most:
        raise ValueError(_("Give a whole number from {least} to {most}.").format(least=least, most=most))
    return value


def _day(value: Any) -> datetime.date | None:
    if value in (None, ""):
        return None
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(_("Write the day as 2026-12-24.")) from None


def _questions(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(_("This should be a list of questions."))
    questions = [question for question in (_text(each, 300) for each in value) if question]
    if len(questions) > 5:
        raise ValueError(_("Ask at most 5 questions."))
    return questions


def _category(value: Any) -> Category | None:
    if value in (None, "") or isinstance(value, Category):
        return value or None
    found = Category.objects.filter(slug=str(value)[:40]).first()
    if found is None:
        raise ValueError(_("Choose a category of the list."))
    return found


def _cause(value: Any) -> Cause | None:
    """A cause that everybody knows or that is the caller's own, by its row, id or address; the gig's verb judges whose."""
    if value in (None, "") or isinstance(value, Cause):
        return value or None
    text = str(value)
    named = Q(pk=text) if UUIDS.fullmatch(text) else Q(slug=text[:100].replace("\0", ""))
    found = Cause.objects.filter(named).first()
    if found is None:
        raise ValueError(_("There is no such cause."))
    return found


def _skills(value: Any) -> list[Skill]:
    """Skills as rows, names or slugs; each must be of the taxonomy."""
    if not isinstance(value, list | tuple | set) and not hasattr(value, "all"):
        raise ValueError(_("This should be a list of skills."))
    given = list(value.all() if hasattr(value, "all") else value)
    if len(given) > 15:
        raise ValueError(_("Name at most 15 skills."))
    rows = {each.pk: each for each in given if isinstance(each, Skill)}
    for name in (each for each in given if not isinstance(each, Skill)):
        text = _text(name, 60)
        found = Skill.objects.filter(Q(name__iexact=text) | Q(slug=text.lower())).first() if text else None
        if text and found is None:
            raise ValueError(_("“{name}” isn't a skill of our list. Choose one that is.").format(name=text))
        if found is not None:
            rows[found.pk] = found
    return list(rows.values())


def bidding_window(gig: Gig) -> datetime.timedelta:
    """How long bids are taken after posting: the client's days, or the standing rule."""
    return datetime.timedelta(days=gig.bidding_days) if gig.bidding_days else rule("BIDDING_WINDOW")
