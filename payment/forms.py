from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from skilllink import money
from skilllink.errors import Refusal


class DepositForm(forms.Form):
    """An amount as typed, read by the one parser into `minor` units."""

    amount = forms.CharField(label=_("Amount"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    currency = forms.ChoiceField(label=_("Currency"), choices=lambda: [(c, c) for c in settings.CURRENCIES])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("amount") and data.get("currency"):
            try:
                data["minor"] = money.parse(data["amount"], data["currency"])
            except Refusal as refusal:
                self.add_error("amount", str(refusal.fields.get("amount", refusal.sentence)))
        return data


class CardForm(forms.Form):
    """A test card's number; it is passed to the gateway and never kept."""

    card = forms.CharField(
        label=_("Card number"),
        max_length=25,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "placeholder": "4242 4242 4242 4242"}
        ),
    )
