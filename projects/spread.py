"""The plot of a board's amounts: dots on a line, the budget as a band, the middle as a stroke. Drawn twice, wide and narrow."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from skilllink.money import EXPONENTS, format_money


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    width: int
    radius: float
    baseline: float
    step: float
    edge: float


WIDE, NARROW = Shape("wide", 720, 6.5, 52, 15, 20), Shape("narrow", 350, 5.5, 54, 14, 16)


def draw(gig: Any, amounts: Sequence[tuple[int, str]]) -> dict[str, Any] | None:
    """`amounts` are `(minor units, class)` with class `dot`, `mine` or `gone`; None when none is live."""
    live = [minor for minor, kind in amounts if kind != "gone"]
    if not live:
        return None
    middle = round(median(live))
    figures = [minor for minor, _kind in amounts] + [gig.budget_min, gig.budget_max]
    low, high = min(figures), max(figures)
    return {
        "low": min(live),
        "high": max(live),
        "middle": middle,
        "count": len(live),
        "rows": sorted(live),
        "plots": [_plot(shape, gig, amounts, middle, low, high) for shape in (WIDE, NARROW)],
    }


def _plot(shape: Shape, gig: Any, amounts: Sequence[tuple[int, str]], middle: int, low: int, high: int) -> dict:
    def x(minor: int) -> float:
        return round(
            shape.edge + (shape.width - 2 * shape.edge) * ((minor - low) / (high - low) if high > low else 0.5), 1
        )

    placed: list[tuple[float, int]] = []
    dots = []
    for minor, kind in sorted(amounts):
        at, level = x(minor), 0
        while any(abs(at - other) < 2 * shape.radius + 1 and level == taken for other, taken in placed) and level < 3:
            level += 1
        placed.append((at, level))
        dots.append({"x": at, "y": shape.baseline - level * shape.step, "r": shape.radius, "kind": kind})
    mine = next((dot["x"] for dot in dots if dot["kind"] == "mine"), None)
    labels = _labels(shape, gig, middle, x, mine)
    return {
        "name": shape.name,
        "width": shape.width,
        "band": {"x": x(gig.budget_min), "width": round(max(2.0, x(gig.budget_max) - x(gig.budget_min)), 1)},
        "median": x(middle),
        "dots": dots,
        "mine": mine,
        "labels": labels,
        "height": 92 + 20 * any(label["y"] > 84 for label in labels),
    }


def _labels(shape: Shape, gig: Any, middle: int, x: Any, mine: float | None) -> list[dict[str, Any]]:
    """Labels that don't run into each other: mine first, then the middle, then the budget's ends; what collides drops a line."""
    wanted = [
        (x(middle), _short(middle, gig.currency), "middle"),
        (x(gig.budget_min), _short(gig.budget_min, gig.currency), "from"),
        (x(gig.budget_max), _short(gig.budget_max, gig.currency), "to"),
    ]
    taken: list[list[tuple[float, float]]] = [[], []]
    if mine is not None:
        taken[0].append((mine - 16, mine + 16))
    labels = []
    for at, text, role in wanted:
        half = (len(text) + (0 if role == "to" else 8)) * 3.6
        at = min(max(at, half), shape.width - half)
        line = next((n for n, row in enumerate(taken) if all(at + half < a or at - half > b for a, b in row)), None)
        if line is None:
            continue
        taken[line].append((at - half, at + half))
        labels.append({"x": round(at, 1), "y": 84 + 20 * line, "text": text, "role": role})
    return labels


def _short(minor: int, currency: str) -> str:
    """The amount of a label: whole units when it has no cents."""
    text = format_money(minor, currency)
    decimals = EXPONENTS[currency]
    return re.sub(rf"\D0{{{decimals}}}(?=\D*$)", "", text) if decimals and minor % 10**decimals == 0 else text
