"""Every pair of colours that carries meaning is legible in both themes (WCAG AA), computed from the tokens."""

import math
import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static" / "css"
COLOUR = r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)"
TEXT = ("ink", "ink-2", "pencil", "sign", "money", "wait", "danger")
GROUNDS = ("paper", "sheet", "well")
WASHES = ("sign", "money", "wait", "danger")
PAIRS = [
    *((text, ground, 4.5) for text in TEXT for ground in GROUNDS),
    ("ink", "mark", 4.5),
    ("ink-2", "mark", 4.5),
    ("on-sign", "sign", 4.5),
    ("on-sign", "sign-hover", 4.5),
    *((colour, f"{colour}-wash", 4.5) for colour in WASHES),
    *(("ink", f"{colour}-wash", 4.5) for colour in WASHES),
    ("ink-2", "sign-wash", 4.5),
    ("pencil", "sign-wash", 4.5),
    *(("edge", ground, 3) for ground in GROUNDS),
]


def tokens(theme: int) -> dict[str, tuple[float, float, float]]:
    text = (CSS / "tokens-colour.css").read_text()
    found = re.findall(rf"--([\w-]+): light-dark\({COLOUR}, {COLOUR}\)", text)
    return {row[0]: tuple(map(float, row[1 + 3 * theme : 4 + 3 * theme])) for row in found}


def luminance(colour: tuple[float, float, float]) -> float:
    lightness, chroma, hue = colour
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    return 0.2126 * max(red, 0) + 0.7152 * max(green, 0) + 0.0722 * max(blue, 0)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_a_colour_is_legible_on_its_ground(front: str, ground: str, least: float, theme: int) -> None:
    colours = tokens(theme)
    light, dark = sorted((luminance(colours[front]), luminance(colours[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least


def test_components_use_tokens_only() -> None:
    allowed = {"tokens-colour.css", "tokens.css", "print.css", "dialog.css"}
    strays = [
        f"{path.name}: {match}"
        for path in CSS.rglob("*.css")
        if path.name not in allowed
        for match in re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|oklch)\(", path.read_text())
    ]
    assert strays == []
