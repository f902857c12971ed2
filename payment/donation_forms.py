"""The forms of donations and causes. They read what was typed; the verbs judge it."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payment import donations_recurring
from payment.forms import AmountForm, currencies
from payment.models import Donation, Pledge
from skilllink import money
from skilllink.errors import Refusal
from skilllink.ids import uuid7
from skilllink.moments import span


def _often() -> list[tuple[str, str]]:
    spans = {every: span(donations_recurring.period(every)) for every in Pledge.Every.values}
    return [
        ("", _("Once")),
        ("week", _("Weekly, every {span}").format(span=spans["week"])),
        ("month", _("Monthly, every {span}").format(span=spans["month"])),
    ]


def _often_hint() -> str:
    return _("Each further one is announced {notice} before and stops in one click, also from the mail.").format(
        notice=span(donations_recurring.notice())
    )


class GiveForm(AmountForm):
    """A donation. `currency` fixed for a cause; the hidden token makes a second press the same wish."""

    every = forms.ChoiceField(
        label=gettext_lazy("How often"), choices=_often, required=False, widget=forms.RadioSelect,
        help_text=lazy(_often_hint, str)(),
    )  # fmt: skip
    visibility = forms.ChoiceField(
        label=gettext_lazy("What others see"),
        widget=forms.RadioSelect,
        choices=[
            (Donation.Visibility.PUBLIC, gettext_lazy("Your name and the amount")),
            (Donation.Visibility.HIDDEN, gettext_lazy("Your name, not the amount; it counts in the total")),
            (
                Donation.Visibility.ANONYMOUS,
                gettext_lazy("The amount, not your name; who gets it doesn’t see it either"),
            ),
        ],
    )
    note = forms.CharField(
        label=gettext_lazy("A few words with it"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=gettext_lazy("Shown beside the donation."),
    )  # fmt: skip
    token = forms.CharField(widget=forms.HiddenInput, max_length=120)

    def __init__(self, *args: Any, currency: str = "", **kwargs: Any) -> None:
        fresh = {"token": uuid7().hex, "visibility": "public", "every": "", "currency": settings.DEFAULT_CURRENCY}
        kwargs["initial"] = fresh | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.known_currency = currency
        if currency:
            del self.fields["currency"]

    def in_currency(self, data: dict[str, Any]) -> str:
        return self.known_currency or super().in_currency(data)

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of `donations.give`."""
        data = self.cleaned_data
        named = {name: data[name] for name in ("every", "visibility", "note", "token")}
        return {"amount": data["minor"], "currency": self.in_currency(data), **named}


class CauseWords(forms.Form):
    """What a cause says of itself."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=80)
    summary = forms.CharField(label=gettext_lazy("In one sentence"), max_length=160)
    story = forms.CharField(
        label=gettext_lazy("What the money is for"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 10}),
        help_text=gettext_lazy("Who decides, what is bought, how people can check it. Headings, lists and links work."),
    )  # fmt: skip


class CauseForm(CauseWords):
    """A new cause, with its goal read by the one parser."""

    goal = forms.CharField(
        label=gettext_lazy("Goal"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), choices=currencies,
        help_text=gettext_lazy("All donations to it are in this currency."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("goal") and data.get("currency"):
            try:
                data["goal"] = money.parse(data["goal"], data["currency"], field="goal")
            except Refusal as refusal:
                self.add_error("goal", str(refusal.fields.get("goal", refusal.sentence)))
        return data


class ReasonForm(forms.Form):
    """A moderator's words about a cause."""

    reason = forms.CharField(
        label=gettext_lazy("What you checked, or why not"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4})
    )
