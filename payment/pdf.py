"""Sheets of A4 in the dress of the site: text, columns of amounts behind the double red rule, page numbers.

The same content gives the same bytes. Lengths in points from the top left corner.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONTS = Path(__file__).parent / "fonts"
TEXT, STRONG, DISPLAY = "SkillLinkText", "SkillLinkStrong", "SkillLinkDisplay"
FILES = {TEXT: "text-400.ttf", STRONG: "text-650.ttf", DISPLAY: "display-450.ttf"}
# scripts that the site's fonts don't have; every reader of PDF brings these along
HAN, HANGUL = "HeiseiKakuGo-W5", "HYGothic-Medium"
# the light theme's tokens
INK, QUIET, PENCIL, RULE, MARGIN = (HexColor(f"#{c}") for c in ("161f34", "465160", "5e6a72", "c9d5cb", "dc9596"))
WIDTH, HEIGHT = A4
EDGE = 51.0
BOTTOM = HEIGHT - 62


@cache
def _faces() -> dict[str, Any]:
    """Register the fonts once; the glyphs that each has."""
    for name, file in FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(FONTS / file)))
    for name in (HAN, HANGUL):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return {name: pdfmetrics.getFont(name).face.charToGlyph for name in FILES}


def runs(text: str, font: str) -> Iterator[tuple[str, str]]:
    """`text` in pieces with the font that has their signs."""
    known = _faces()[font]

    def choose(sign: str) -> str:
        if ord(sign) in known:
            return font
        return HANGUL if "\uac00" <= sign <= "\ud7a3" or "\u1100" <= sign <= "\u11ff" else HAN

    for chosen, signs in groupby(text, choose):
        yield chosen, "".join(signs)


def width(text: str, font: str, size: float) -> float:
    return float(sum(pdfmetrics.stringWidth(piece, name, size) for name, piece in runs(text, font)))


def wrapped(text: str, font: str, size: float, room: float) -> list[str]:
    """Lines no wider than `room`; a word that is longer is broken."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if width(longer, font, size) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while width(line, font, size) > room:
                fit = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or width(line[:n], font, size) <= room)
                lines.append(line[:fit])
                line = line[fit:]
        lines.append(line)
    return lines


@dataclass(frozen=True, slots=True)
class Column:
    """`share` of the room that amounts leave; an `amount` column is right-aligned and as wide as `share` points."""

    title: str
    share: float
    amount: bool = False


class Sheet:
    """A document that is written from top to bottom."""

    def __init__(self, title: str, *, subject: str = "") -> None:
        _faces()
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=A4, invariant=1, pageCompression=1, lang="en")
        self.canvas.setTitle(title)
        self.canvas.setAuthor("SkillLink")
        self.canvas.setSubject(subject)
        self.title, self.page, self.y = title, 1, EDGE
        self._furniture()

    def text(
        self, text: str, x: float = EDGE, *, font: str = TEXT, size: float = 10, colour: Any = INK, end: bool = False
    ) -> None:
        """One line at the present height; `end` makes `x` its right edge."""
        at = x - width(text, font, size) if end else x
        self.canvas.setFillColor(colour)
        for name, piece in runs(text, font):
            self.canvas.setFont(name, size)
            self.canvas.drawString(at, HEIGHT - self.y, piece)
            at += pdfmetrics.stringWidth(piece, name, size)

    def paragraph(self, text: str, *, font: str = TEXT, size: float = 10, colour: Any = INK, room: float = 0) -> None:
        for line in wrapped(text, font, size, room or WIDTH - 2 * EDGE):
            self.need(size * 1.45)
            self.y += size * 1.45
            self.text(line, font=font, size=size, colour=colour)

    def rule(self, x1: float = EDGE, x2: float = WIDTH - EDGE, *, colour: Any = RULE, line: float = 0.6) -> None:
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(line)
        self.canvas.line(x1, HEIGHT - self.y, x2, HEIGHT - self.y)

    def need(self, room: float) -> bool:
        """Begin a new page unless `room` points are left; whether it did."""
        if self.y + room <= BOTTOM:
            return False
        self.canvas.showPage()
        self.page += 1
        self.y = EDGE
        self._furniture()
        return True

    def table(self, columns: Sequence[Column], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> None:
        """Rows of texts, amounts behind the double rule, the head repeated on every page."""
        places = _places(columns)
        self._head(columns, places)
        for row in rows:
            cells = [
                [text] if column.amount else wrapped(text, TEXT, 9.5, room - 10)
                for text, column, (_x, room) in zip(row, columns, places, strict=True)
            ]
            height = 13 * max(map(len, cells)) + 8
            if self.need(height):
                self._head(columns, places)
            top = self.y
            for lines, column, (x, room) in zip(cells, columns, places, strict=True):
                for n, line in enumerate(lines):
                    self.y = top + 14 + 13 * n
                    if column.amount:
                        self.text(line, x + room, font=STRONG, size=9.5, end=True)
                    else:
                        self.text(line, x, size=9.5)
            self._margin(columns, places, top, top + height)
            self.y = top + height
            self.rule()

    def total(self, label: str, figure: str) -> None:
        """The sum, with its double underline."""
        self.need(34)
        self.y += 24
        self.text(label, font=STRONG, size=11)
        right = WIDTH - EDGE
        self.text(figure, right, font=STRONG, size=13, end=True)
        left = right - width(figure, STRONG, 13)
        for gap in (5.0, 7.4):
            self.canvas.setStrokeColor(INK)
            self.canvas.setLineWidth(0.8)
            self.canvas.line(left, HEIGHT - self.y - gap, right, HEIGHT - self.y - gap)
        self.y += 12

    def bytes(self) -> bytes:
        self.canvas.save()
        return self.buffer.getvalue()

    def _head(self, columns: Sequence[Column], places: list[tuple[float, float]]) -> None:
        top = self.y
        self.y = top + 14
        for column, (x, room) in zip(columns, places, strict=True):
            self.text(column.title, x + room if column.amount else x, size=8.5, colour=QUIET, end=column.amount)
        self.y = top + 20
        self._margin(columns, places, top, self.y)
        self.rule()

    def _margin(self, columns: Sequence[Column], places: list[tuple[float, float]], top: float, bottom: float) -> None:
        x = next((x for column, (x, _room) in zip(columns, places, strict=True) if column.amount), None)
        if x is None:
            return
        self.canvas.setStrokeColor(MARGIN)
        self.canvas.setLineWidth(0.7)
        for at in (x, x + 2.2):
            self.canvas.line(at, HEIGHT - top, at, HEIGHT - bottom)

    def _furniture(self) -> None:
        self.y = HEIGHT - 34
        self.text(self.title, size=8, colour=PENCIL)
        self.text(_("Page {n}").format(n=self.page), WIDTH - EDGE, size=8, colour=PENCIL, end=True)
        self.y = EDGE
        if self.page == 1:
            self.text("SkillLink", font=DISPLAY, size=15)
            self.y += 22


def _places(columns: Sequence[Column]) -> list[tuple[float, float]]:
    """(left edge, width) of each column."""
    fixed = sum(column.share for column in columns if column.amount)
    room = WIDTH - 2 * EDGE - fixed
    shares = sum(column.share for column in columns if not column.amount)
    places, x = [], EDGE
    for column in columns:
        wide = column.share if column.amount else room * column.share / shares
        places.append((x, wide))
        x += wide
    return places
