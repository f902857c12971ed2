from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from payment.models import PayoutMethod
from skilllink import money
from skilllink.errors import Refusal
from skilllink.ids import uuid7


def currencies() -> list[tuple[str, str]]:
    """What a field for a currency offers."""
    return [(name, name) for name in settings.CURRENCIES]


class MoneyForm(forms.Form):
    """An amount as typed, read by the one parser into `minor` units of the currency that `in_currency` names."""

    # not stripped: what is a figure is the parser's to say
    amount = forms.CharField(
        label=_("Amount"), max_length=20, strip=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )

    def in_currency(self, data: dict[str, Any]) -> str:
        """Empty while it isn't known."""
        return str(data.get("currency", ""))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        currency = self.in_currency(data)
        if data.get("amount") and currency:
            try:
                data["minor"] = money.parse(data["amount"], currency)
            except Refusal as refusal:
                self.add_error("amount", str(refusal.fields.get("amount", refusal.sentence)))
        return data


class AmountForm(MoneyForm):
    """How much, in which currency."""

    currency = forms.ChoiceField(label=_("Currency"), choices=currencies)


class WishForm(MoneyForm):
    """An amount in a currency that is known; the hidden token makes a second press the same wish."""

    token = forms.CharField(widget=forms.HiddenInput, max_length=120)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        kwargs["initial"] = {"token": str(uuid7())} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.known_currency = currency

    def in_currency(self, data: dict[str, Any]) -> str:
        return self.known_currency

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the verb that grants the wish."""
        return {"amount": self.cleaned_data["minor"], "token": self.cleaned_data["token"]}


class PayoutForm(MoneyForm):
    """How much to which bank account; the account says the currency."""

    method = forms.ModelChoiceField(label=_("To"), queryset=PayoutMethod.objects.none(), empty_label=None)
    token = forms.CharField(widget=forms.HiddenInput, max_length=120)
    field_order = ("method", "amount", "token")

    def __init__(self, *args: Any, methods: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"token": str(uuid7())} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["method"].queryset = methods  # type: ignore[attr-defined]

    def in_currency(self, data: dict[str, Any]) -> str:
        return data["method"].currency if data.get("method") else ""

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of `payouts.request`."""
        data = self.cleaned_data
        facts = {"amount": data["minor"], "currency": data["method"].currency}
        return {"method": data["method"], "token": data["token"], **facts}


class MethodForm(forms.Form):
    """A bank account; its number is passed to the gateway and never kept, or typed on the gateway's own page."""

    holder = forms.CharField(label=_("Name on the account"), max_length=100)
    currency = forms.ChoiceField(label=_("Currency"), choices=currencies)
    number = forms.CharField(
        label=_("Account number"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    token = forms.CharField(widget=forms.HiddenInput, max_length=120, required=False, empty_value=None)

    def __init__(self, *args: Any, hosted: bool, currency: str = "", **kwargs: Any) -> None:
        """`currency` when there is only one to choose. The hidden token makes a second press the same wish."""
        kwargs["initial"] = {"token": str(uuid7())} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        if currency:
            self.fields["currency"].choices = [(currency, currency)]  # type: ignore[attr-defined]
        if hosted:
            del self.fields["number"]


class CardForm(forms.Form):
    """A test card's number; it is passed to the gateway and never kept."""

    card = forms.CharField(
        label=_("Card number"),
        max_length=25,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "placeholder": "4242 4242 4242 4242"}
        ),
    )


class TaxDetailsForm(forms.Form):
    """What papers say of me; how much of it fits is the verb's to say."""

    name = forms.CharField(label=_("Name on papers"), required=False, strip=False)
    address = forms.CharField(label=_("Address"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 4}))
    tax_number = forms.CharField(label=_("Tax number"), required=False, strip=False)
