"""A column that most lists of money have."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from skilllink.money import format_money


class Figure:
    """The row's `amount` in its `currency`, as people write it."""

    @admin.display(description=_("amount"), ordering="amount")
    def figure(self, row: Any) -> str:
        return format_money(row.amount, row.currency)
