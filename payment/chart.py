"""Earnings by month as a drawing: ink for what came, dashes for what comes if nobody acts, one blue line at now.

Drawn twice, wide and narrow with fewer months, so that its words stay large enough (art-direction.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.numbers import format_compact_decimal
from django.utils.formats import date_format
from django.utils.translation import get_language

from payment.forecast import Month
from skilllink.money import EXPONENTS

HEIGHT, TOP, BASE = 208, 44.0, 178.0  # above the highest bar: its figure, and the word at the line
GAP = 0.28  # of a column, between two bars


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    width: int
    before: int
    after: int


WIDE, NARROW = Shape("wide", 720, 9, 3), Shape("narrow", 340, 4, 2)


def draw(months: Sequence[Month], currency: str) -> dict[str, Any]:
    """Both drawings and the totals that describe them, minor units."""
    return {
        "currency": currency,
        "months": months,
        "earned": sum(month.earned for month in months),
        "expected": sum(month.expected for month in months),
        "plots": [_plot(shape, months, currency) for shape in (WIDE, NARROW)],
    }


def _plot(shape: Shape, months: Sequence[Month], currency: str) -> dict[str, Any]:
    here = next(n for n, month in enumerate(months) if month.present)
    shown = months[here + 1 - shape.before : here + 1 + shape.after]
    step = shape.width / len(shown)
    most = max((max(month.earned, 0) + month.expected for month in shown), default=0) or 1
    columns = []
    for n, month in enumerate(shown):
        earned = _height(max(month.earned, 0), most)
        expected = _height(month.expected, most)
        columns.append(
            {
                "x": round(n * step + step * GAP / 2, 1), "width": round(step * (1 - GAP), 1), "mid": round((n + 0.5) * step, 1),
                "earned": {"y": round(BASE - earned, 1), "height": earned},
                "expected": {"y": round(BASE - earned - expected, 1), "height": expected},
                "figure": short(month.earned + month.expected, currency) if month.earned or month.expected else "",
                "figure_y": round(BASE - earned - expected - 7, 1), "later": not month.earned,
                "label": date_format(month.first, "M"),
            }
        )  # fmt: skip
    return {
        "name": shape.name, "width": shape.width, "height": HEIGHT, "base": BASE, "columns": columns,
        "now": round(shape.before * step, 1),
    }  # fmt: skip


def _height(amount: int, most: int) -> float:
    return round(amount / most * (BASE - TOP), 1)


def short(minor: int, currency: str) -> str:
    """The amount without its currency, in as few signs as say it: `1.5K`."""
    amount = Decimal(minor).scaleb(-EXPONENTS[currency])
    text = format_compact_decimal(abs(amount), fraction_digits=1, locale=(get_language() or "en").replace("-", "_"))
    return f"−{text}" if minor < 0 else str(text)
