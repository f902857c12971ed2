"""The forms of a contract's acts. They read what was typed; the verbs judge it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from projects.models.review import AXES
from projects.wording import files_hint
from skilllink.ids import uuid7
from skilllink.money import parse


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """Any number of files; a list, empty when none was chosen."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        rows = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(ManyFiles, self).clean(row, initial) for row in rows]


class Seen(forms.Form):
    """Every act carries the version of the milestone that its page showed."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def arguments(self, currency: str) -> dict[str, Any]:
        """The verb's keyword arguments. Raises BadAmount for a figure that is none."""
        values = dict(self.cleaned_data)
        values["version"] = values.get("version") or 0
        return values


class Deliver(Seen):
    note = forms.CharField(
        label=_("What you deliver"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=10_000,
        help_text=_("What is done, where to find it, what to look at first."),
    )
    files = ManyFiles(label=_("Files"), required=False, help_text=files_hint("FILES_PER_DELIVERY"))


class Changes(Seen):
    reason = forms.CharField(
        label=_("What should be different"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000
    )
    items = forms.CharField(
        label=_("Checklist"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One thing to change per line."),
        max_length=6000,
    )

    def arguments(self, currency: str) -> dict[str, Any]:
        values = super().arguments(currency)
        return {**values, "items": [line for line in values["items"].splitlines() if line.strip()]}


class Release(Seen):
    amount = forms.CharField(
        label=_("Only a part"),
        required=False,
        help_text=_("Leave it empty to release everything that is held."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def arguments(self, currency: str) -> dict[str, Any]:
        values = super().arguments(currency)
        return {**values, "amount": parse(values["amount"], currency) if values.get("amount") else None}


class Gift(forms.Form):
    """A tip or a bonus; the hidden token makes a second press the same wish."""

    amount = forms.CharField(
        label=_("Amount"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    note = forms.CharField(
        label=_("A few words with it"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    token = forms.CharField(widget=forms.HiddenInput, max_length=120, initial=lambda: uuid7().hex)

    def arguments(self, currency: str) -> dict[str, Any]:
        return {**self.cleaned_data, "amount": parse(self.cleaned_data["amount"], currency)}


class Reason(Seen):
    reason = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000)


class OpenDispute(forms.Form):
    amount = forms.CharField(
        label=_("Disputed amount"), widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    reason = forms.CharField(label=_("Why"), widget=forms.Textarea(attrs={"rows": 5}), max_length=5000)

    def arguments(self, currency: str) -> dict[str, Any]:
        return {**self.cleaned_data, "amount": parse(self.cleaned_data["amount"], currency)}


class Propose(forms.Form):
    title = forms.CharField(label=_("Milestone"), max_length=120)
    description = forms.CharField(
        label=_("What is in it"), widget=forms.Textarea(attrs={"rows": 4}), required=False, max_length=5000
    )
    amount = forms.CharField(
        label=_("Amount"), widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    days = forms.IntegerField(label=_("Days of work"), min_value=1, max_value=365)

    def arguments(self, currency: str) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        return {**given, "amount": parse(given["amount"], currency) if "amount" in given else 0}


class ProposeHours(forms.Form):
    rate = forms.CharField(
        label=_("An hour"), widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    hours = forms.IntegerField(label=_("Hours a week at most"), min_value=1, max_value=80)

    def arguments(self, currency: str) -> dict[str, Any]:
        return {**self.cleaned_data, "rate": parse(self.cleaned_data["rate"], currency, field="rate")}


class LogHours(forms.Form):
    """Times in the reader's zone."""

    begins_at = forms.DateTimeField(label=_("From"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    ends_at = forms.DateTimeField(label=_("To"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    memo = forms.CharField(label=_("What you did"), widget=forms.Textarea(attrs={"rows": 2}), max_length=500)

    def arguments(self, currency: str) -> dict[str, Any]:
        return dict(self.cleaned_data)


class TakeBack(forms.Form):
    """One entry of time."""

    entry = forms.ChoiceField(label=_("Entry"))  # the page knows which there are

    def arguments(self, currency: str) -> dict[str, Any]:
        return dict(self.cleaned_data)


class Words(forms.Form):
    """One text and nothing else (an answer, a reply, a reason to end)."""

    text = forms.CharField(label=_("Your words"), widget=forms.Textarea(attrs={"rows": 5}), max_length=5000)


class WriteReview(forms.Form):
    """A mark of 1 to 5 for each axis of the reviewed role, and words."""

    def __init__(self, *args: Any, about: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.axes = [name for name, _label in AXES[about]]
        for name, label in AXES[about]:
            self.fields[name] = forms.TypedChoiceField(
                label=label, coerce=int, choices=[(n, n) for n in range(1, 6)], widget=forms.RadioSelect
            )
        self.fields["text"] = forms.CharField(
            label=_("In your words"), widget=forms.Textarea(attrs={"rows": 6}), required=False, max_length=5000
        )

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {"axes": {name: values[name] for name in self.axes}, "text": values["text"]}
