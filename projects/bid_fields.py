"""What a bid must say: every rule of its fields in one place."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from projects import hours as by_the_hour
from projects import pro_bono
from projects.models import Gig
from skilllink import money
from skilllink.errors import Malformed, Sentence, Unprocessable

MILESTONES = 20


class Incomplete(Unprocessable):
    code = "bid.incomplete"
    sentence = _("Some of it isn't ready to send. What you wrote is kept.")


class SumDiffers(Unprocessable):
    code = "bid.sum_differs"


def read(
    gig: Gig, *, amount: Any, days: Any, hours: Any, letter: Any, milestones: Any, answers: Any, challenge_answer: Any
) -> dict[str, Any]:
    """The fields of a bid as model values. Amounts in minor units of the gig's currency; an hour's on an hourly gig.

    Raises Malformed for a figure that is none, Incomplete with a sentence per field, SumDiffers when the
    milestones don't add up to the amount.
    """
    hourly = gig.kind == Gig.Kind.HOURLY
    amount = pro_bono.nothing(amount) if gig.is_pro_bono else money.check_minor(amount)
    faults = time(hourly, amount, days, hours, milestones)
    letter = text_of(letter)
    if not 50 <= len(letter) <= 5000:
        faults["letter"] = _("Write 50 to 5,000 characters to the client.")
    answers = [text_of(answer) for answer in answers] if isinstance(answers, list | tuple) else []
    if len(answers) != len(gig.questions) or not all(1 <= len(answer) <= 2000 for answer in answers):
        if gig.questions:
            faults["answers"] = _("Answer each of the client's questions, in up to 2,000 characters.")
        elif answers:
            faults["answers"] = _("The client asked no questions.")
    challenge_answer = text_of(challenge_answer)
    if gig.challenge and not 1 <= len(challenge_answer) <= 2000:
        faults["challenge_answer"] = _("Answer the challenge, in up to 2,000 characters.")
    if faults:
        raise Incomplete(fields=faults)
    return {
        "amount": amount,
        "days": days or 0,
        "hours": hours,
        "letter": letter,
        "milestones": steps(milestones, amount, gig.currency),
        "answers": answers,
        "challenge_answer": challenge_answer if gig.challenge else "",
    }


def time(hourly: bool, amount: int, days: Any, hours: Any, milestones: Any) -> dict[str, Sentence]:
    """What is wrong with the time a bid or an offer takes, by field: days, or the most hours of a week.

    Raises money.BadAmount when a full week is more than can be held.
    """
    faults: dict[str, Sentence] = {}
    if not hourly:
        if type(days) is not int or not 1 <= days <= 365:
            faults["days"] = _("Say in how many days, 1 to 365.")
        if hours is not None:
            faults["hours"] = _("This gig has a fixed price: leave this out.")
        return faults
    if not by_the_hour.possible(hours):
        return {"hours": by_the_hour.HOURS}
    money.check_minor(amount * hours)
    given = {"days": days, "milestones": milestones}
    return {name: _("Work by the hour goes on in weeks: leave this out.") for name, value in given.items() if value}


def steps(given: Any, amount: int, currency: str) -> list[dict[str, Any]]:
    """Milestones as `[{title, amount, days}]`, or an empty list when none are given; of pro-bono work each over 0.

    Raises Incomplete, or SumDiffers with the sentence that says what is missing.
    """
    if given in (None, "", [], ()):
        return []
    if not isinstance(given, list | tuple) or not all(isinstance(step, dict) for step in given):
        raise Malformed(fields={"milestones": _("This should be a list of milestones.")})
    if len(given) > MILESTONES:
        raise Incomplete(fields={"milestones": _("Split the work into at most 20 milestones.")})
    rows = [_step(step, free=amount == 0) for step in given]
    total = sum(row["amount"] for row in rows)
    if total != amount:
        raise _difference(total, amount, currency)
    return rows


def text_of(value: Any) -> str:
    """Text with one kind of line end and no edge blanks; anything that is no text is empty."""
    return value.replace("\r\n", "\n").replace("\x00", "").strip() if isinstance(value, str) else ""


def _step(step: dict[str, Any], *, free: bool) -> dict[str, Any]:
    title = text_of(step.get("title"))
    if not 1 <= len(title) <= 120:
        raise Incomplete(fields={"milestones": _("Give each milestone a title of up to 120 characters.")})
    days = step.get("days")
    if days in (None, ""):
        days = 14
    if type(days) is not int or not 1 <= days <= 365:
        raise Incomplete(fields={"milestones": _("Each milestone takes 1 to 365 days.")})
    figure = step.get("amount")
    amount = pro_bono.nothing(figure, "milestones") if free else money.check_minor(figure, field="milestones")
    return {"title": title, "amount": amount, "days": days}


def _difference(total: int, amount: int, currency: str) -> SumDiffers:
    facts = {
        "total": money.format_money(total, currency),
        "amount": money.format_money(amount, currency),
        "gap": money.format_money(abs(amount - total), currency),
    }
    if total < amount:
        sentence = _(
            "Milestones add up to {total}; your bid is {amount}. Add {gap} or change the bid. Nothing was lost."
        )
    else:
        sentence = _(
            "Milestones add up to {total}; your bid is {amount}. Take {gap} off or change the bid. Nothing was lost."
        )
    text = str(sentence).format(**facts)
    return SumDiffers(text, fields={"milestones": text})
