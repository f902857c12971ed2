"""The picture of how money flows: five places it passes, what is in each now, drawn once wide and once narrow.

Ink is money that is there for somebody, hatched is held, dashed is not yet theirs to take (art-direction.md).
"""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from skilllink.money import format_money

# kinds of account in each place, in the order in which money passes them, and how it is drawn
STATIONS: tuple[tuple[tuple[str, ...], str, Promise], ...] = (
    (("wallet",), "ink", _("Wallets")),
    (("escrow",), "held", _("Escrow")),
    (("pending",), "later", _("Clearing")),
    (("available", "cause"), "ink", _("Earned")),
    (("in_transit",), "later", _("On its way out")),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Lengths in units of the picture's own width."""

    name: str
    width: int
    height: int
    box: tuple[int, int]
    step: tuple[int, int]
    start: tuple[int, int]


WIDE = Shape("wide", 760, 148, (124, 62), (159, 0), (0, 40))
NARROW = Shape("narrow", 340, 446, (216, 56), (0, 82), (62, 28))


def draw(currency: str, sums: dict[str, int]) -> dict[str, Any]:
    """Both drawings for one currency; `sums` are minor units per kind of account."""
    amounts = [sum(sums.get(kind, 0) for kind in kinds) for kinds, _look, _name in STATIONS]
    figures = [format_money(amount, currency) for amount in amounts]
    return {
        "rows": [(name, amount) for (_kinds, _look, name), amount in zip(STATIONS, amounts, strict=True)],
        "plots": [_plot(shape, figures) for shape in (WIDE, NARROW)],
    }


def _plot(shape: Shape, figures: list[str]) -> dict[str, Any]:
    wide, high = shape.box
    down = shape.step[0] == 0
    stations, arrows = [], []
    for place, ((_kinds, look, name), figure) in enumerate(zip(STATIONS, figures, strict=True)):
        x, y = shape.start[0] + place * shape.step[0], shape.start[1] + place * shape.step[1]
        stations.append({"x": x, "y": y, "mid": x + wide / 2, "look": look, "name": name, "figure": figure})
        if place:
            arrows.append(_arrow(x, y, wide, shape, down))
    return {
        "name": shape.name, "width": shape.width, "height": shape.height, "box": {"width": wide, "height": high},
        "stations": stations, "arrows": arrows, "last": stations[-1],
    }  # fmt: skip


def _arrow(x: int, y: int, wide: int, shape: Shape, down: bool) -> str:
    """The path of an arrow that ends at a box whose corner is (x, y)."""
    if down:
        gap, mid = shape.step[1] - shape.box[1], x + wide // 2
        return f"M{mid} {y - gap + 3}V{y - 3}M{mid - 5} {y - 9}l5 6l5 -6"
    gap, mid = shape.step[0] - wide, y + shape.box[1] // 2
    return f"M{x - gap + 3} {mid}H{x - 3}M{x - 9} {mid - 5}l6 5l-6 5"
