"""Forms of gigs, bids and offers: they turn what was typed into the verbs' values. The verbs judge."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from payment.models import Cause
from projects.hours import MOST
from projects.models import Category, Gig, Offer
from projects.wording import files_hint, in_words
from skilllink import money
from skilllink.errors import Refusal
from skilllink.files import ACCEPT
from skilllink.numbers import natural


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; an empty list when none was chosen."""

    widget = FilesInput(attrs={"accept": ACCEPT, "multiple": True})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(each, initial) for each in given if each]


class Typed(forms.Form):
    """A form whose refusal is shown beside the fields, what was typed kept."""

    def refuse(self, refusal: Refusal) -> None:
        """Put a verb's refusal beside the fields it names, or on top."""
        placed = False
        for name, sentence in refusal.fields.items():
            if name in self.fields:
                self.add_error(name, str(sentence))
                placed = True
        if not placed:
            self.add_error(None, str(refusal.sentence))


def _currencies() -> list[tuple[str, str]]:
    return [(code, code) for code in settings.CURRENCIES]


class GigForm(Typed):
    """Everything a gig says. Nothing is required here: a draft may miss anything, posting names what is missing."""

    title = forms.CharField(label=_("Title"), max_length=120, required=False, help_text=_("10 to 120 characters."))
    brief = forms.CharField(
        label=_("What is to be done"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "data-preview": "/gigs/preview/", "maxlength": 10_000}),
        help_text=_("50 to 10,000 characters. Markdown: lists, emphasis, links, headings."),
    )
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.all(), required=False, empty_label=_("Choose one")
    )
    skills = forms.CharField(
        label=_("Skills"), required=False, help_text=_("1 to 15, with commas between them."),
        widget=forms.TextInput(attrs={"list": "skill-list"}),
    )  # fmt: skip
    cause = forms.ModelChoiceField(
        label=_("Pro bono for"), queryset=Cause.objects.none(), required=False, empty_label=_("No, this work is paid"),
        help_text=_("A verified cause that you keep: the work is donated to it, so leave the budget empty. It can’t change later."),
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("Payment"), choices=Gig.Kind.choices, required=False, widget=forms.RadioSelect,
        help_text=_("By the hour the budget is an hour's, and each week is held before it begins. This can't change after the first bid."),
    )  # fmt: skip
    budget_min = forms.CharField(label=_("Budget from"), required=False, max_length=20)
    budget_max = forms.CharField(label=_("Budget to"), required=False, max_length=20)
    currency = forms.ChoiceField(label=_("Currency"), choices=_currencies, required=False)
    hours_per_week = forms.IntegerField(label=_("Hours a week"), required=False, min_value=1, max_value=80)
    duration_weeks = forms.IntegerField(label=_("Weeks"), required=False, min_value=1, max_value=104)
    experience = forms.ChoiceField(label=_("Experience"), choices=Gig.Experience.choices, required=False)
    deadline = forms.DateField(
        label=_("Work is due by"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Leave it open if there is no fixed day."),
    )  # fmt: skip
    questions = forms.CharField(
        label=_("Questions to bidders"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Up to 5, one on each line. Every bidder answers them."),
    )  # fmt: skip
    challenge = forms.CharField(
        label=_("Challenge question"), required=False, max_length=300,
        help_text=_("One small problem that shows who has read the brief."),
    )  # fmt: skip
    visibility = forms.ChoiceField(
        label=_("Who sees it"), choices=Gig.Visibility.choices, required=False, widget=forms.RadioSelect
    )
    board_mode = forms.ChoiceField(
        label=_("Bid board"), choices=Gig.BoardMode.choices, required=False, widget=forms.RadioSelect,
        help_text=_("This can't change after the first bid."),
    )  # fmt: skip
    positions = forms.IntegerField(label=_("People to hire"), required=False, min_value=1, max_value=50)
    bidding_days = forms.IntegerField(
        label=_("Days for bids"), required=False, min_value=1, max_value=30,
        help_text=format_lazy(_("{span} when left empty."), span=in_words("BIDDING_WINDOW")),
    )  # fmt: skip
    files = FilesField(label=_("Files"), required=False, help_text=files_hint("FILES_PER_GIG"))

    def __init__(self, *args: Any, by: Any = None, **kwargs: Any) -> None:
        """`by` is whose causes can be chosen; nobody's once the gig is posted."""
        super().__init__(*args, **kwargs)
        own = Cause.objects.filter(keeper=by, status=Cause.Status.VERIFIED) if by else None
        if own:
            self.fields["cause"].queryset = own  # type: ignore[attr-defined]
        else:
            del self.fields["cause"]

    @classmethod
    def of(cls, gig: Gig) -> dict[str, Any]:
        """What the form starts with when a gig is changed."""
        values = {name: getattr(gig, name) for name in cls.base_fields if hasattr(gig, name) and name != "files"}
        for name in ("budget_min", "budget_max"):
            values[name] = money.plain(values[name], gig.currency) if values[name] else ""
        values["skills"] = ", ".join(str(skill) for skill in gig.skills.all())
        values["questions"] = "\n".join(gig.questions)
        values["bidding_days"] = gig.bidding_days or None
        return values

    def values(self) -> dict[str, Any]:
        """The verb's fields. Raises money.BadAmount naming the field for a figure that is none."""
        data = dict(self.cleaned_data)
        data.pop("files")
        currency = data["currency"] = data["currency"] or settings.DEFAULT_CURRENCY
        for name in ("budget_min", "budget_max"):
            data[name] = money.parse(data[name], currency, field=name) if data[name] else None
        data["skills"] = [skill.strip() for skill in data["skills"].split(",") if skill.strip()]
        data["questions"] = [line.strip() for line in data["questions"].splitlines() if line.strip()]
        data["positions"] = data["positions"] or 1
        defaults = {"kind": "fixed", "experience": "any", "visibility": "public", "board_mode": "sealed"}
        return data | {name: data[name] or default for name, default in defaults.items()}


STEP_LINES = 20


class TermsForm(Typed):
    """What bids and offers share: an amount, days, and milestones as rows `step-<n>-title/amount/days`.

    By the hour: an hour's amount, and the most hours of a week instead.
    """

    amount = forms.CharField(label=_("Amount"), max_length=20)
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=365)
    hours = forms.IntegerField(label=_("Hours a week at most"), min_value=1, max_value=MOST)
    milestones = forms.CharField(required=False, widget=forms.HiddenInput)  # where sentences about the rows land

    def __init__(self, *args: Any, gig: Gig, steps: Iterable[dict[str, Any]] = (), **kwargs: Any) -> None:
        """Pro bono without amounts."""
        super().__init__(*args, **kwargs)
        self.currency = gig.currency
        self.hourly = gig.kind == Gig.Kind.HOURLY
        if self.hourly:
            self.fields["amount"].label = _("An hour")
        for name in ("days", "milestones") if self.hourly else ("hours",):
            del self.fields[name]
        if gig.is_pro_bono:
            del self.fields["amount"]
        self.rows = self._typed_rows() if self.is_bound else [self._row(step) for step in steps]

    def _row(self, step: dict[str, Any]) -> dict[str, str]:
        amount = money.plain(step["amount"], self.currency)
        return {"title": step["title"], "amount": amount, "days": str(step.get("days", ""))}

    def _typed_rows(self) -> list[dict[str, str]]:
        rows = []
        for number in range(STEP_LINES + 1):
            row = {name: self.data.get(f"step-{number}-{name}", "").strip() for name in ("title", "amount", "days")}
            if any(row.values()):
                rows.append(row)
        return rows

    @property
    def numbered_rows(self) -> list[dict[str, str]]:
        """The rows, and empty ones to write into."""
        blank = {"title": "", "amount": "", "days": ""}
        return [*self.rows, *([blank] * max(1, 3 - len(self.rows)))][: STEP_LINES + 1]

    def terms(self) -> dict[str, Any]:
        """Amount, days and milestones as the verbs take them; by the hour the amount and the most of a week."""
        if self.hourly:
            return {"amount": self._figure(self.cleaned_data["amount"], "amount"), "hours": self.cleaned_data["hours"]}
        return {
            "amount": self._figure(self.cleaned_data.get("amount"), "amount"),
            "days": self.cleaned_data["days"],
            "milestones": [
                {
                    "title": row["title"],
                    "amount": self._figure(row["amount"], "milestones"),
                    "days": _days(row["days"]),
                }
                for row in self.rows
            ],
        }

    def _figure(self, text: str | None, field: str) -> int:
        return money.parse(text, self.currency, field=field) if "amount" in self.fields else 0


def _days(typed: str) -> int | str:
    """A step's days; what is no number stays as it was typed, and the verb refuses it."""
    number = natural(typed)
    return typed if number is None else number


class BidForm(TermsForm):
    letter = forms.CharField(
        label=_("Letter to the client"),
        widget=forms.Textarea(attrs={"rows": 10, "maxlength": 5000}),
        help_text=_("50 to 5,000 characters."),
    )
    challenge_answer = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 2000}))
    files = FilesField(label=_("Files"), required=False, help_text=files_hint("FILES_PER_BID"))

    def __init__(self, *args: Any, gig: Gig, answers: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, gig=gig, **kwargs)
        self.gig = gig
        given = list(answers)
        for number, question in enumerate(gig.questions):
            self.fields[f"answer-{number}"] = forms.CharField(
                label=question, required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
                initial=given[number] if number < len(given) else "",
            )  # fmt: skip
        if gig.challenge:
            self.fields["challenge_answer"].label = gig.challenge
        else:
            del self.fields["challenge_answer"]

    @property
    def answer_fields(self) -> list[Any]:
        return [self[f"answer-{number}"] for number in range(len(self.gig.questions))]

    def refuse(self, refusal: Refusal) -> None:
        if "answers" in refusal.fields:
            for number in range(len(self.gig.questions)):
                if not self.cleaned_data.get(f"answer-{number}"):
                    self.add_error(f"answer-{number}", str(refusal.fields["answers"]))
        super().refuse(refusal)

    def values(self) -> dict[str, Any]:
        answers = [self.cleaned_data.get(f"answer-{number}", "") for number in range(len(self.gig.questions))]
        return self.terms() | {
            "letter": self.cleaned_data["letter"],
            "answers": answers,
            "challenge_answer": self.cleaned_data.get("challenge_answer", ""),
        }


class OfferForm(TermsForm):
    hold = forms.ChoiceField(
        label=_("Hold now"), choices=Offer.Hold.choices, initial="first", widget=forms.RadioSelect, required=False
    )
    review_days = forms.IntegerField(
        label=_("Days to review a delivery"), required=False, min_value=3, max_value=30,
        help_text=format_lazy(_("{span} when left empty."), span=in_words("REVIEW_WINDOW")),
    )  # fmt: skip
    message = forms.CharField(
        label=_("Message"), required=False, widget=forms.Textarea(attrs={"rows": 4, "maxlength": 5000})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.hourly or "amount" not in self.fields:
            del self.fields["hold"]
        if self.hourly:
            del self.fields["review_days"]

    def values(self) -> dict[str, Any]:
        return self.terms() | {
            "hold": self.cleaned_data.get("hold") or "first",
            "review_days": self.cleaned_data.get("review_days") or 0,
            "message": self.cleaned_data["message"],
        }
