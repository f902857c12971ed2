"""The content security policy allows no inline style or script: no template has one."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted(
    path
    for path in [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templates/**/*.html")]
    if ".venv" not in path.parts
)
# A mail is read outside the site: its styles stand beside what they dress.
PAGES = [path for path in TEMPLATES if "emails" not in path.parts and "email" not in path.parts]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style\b|\sstyle\s*=", text)
    assert not re.search(r"\son(?:click|load|submit|change|input|error|focus|blur|key\w+|mouse\w+)\s*=", text)
    assert not re.search(r"\shx-on|hx-vals=.js:|href=.javascript:", text)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script\b[^>]*>", text))


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_every_template_compiles(path: Path) -> None:
    engines["django"].from_string(path.read_text())


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_icon_is_in_the_sprite(path: Path) -> None:
    sprite = (ROOT / "static" / "vendor" / "icons.svg").read_text()
    for name in re.findall(r'{% icon "([\w-]+)"', path.read_text()):
        assert f'id="{name}"' in sprite, name


def test_nothing_comes_from_another_server() -> None:
    for path in PAGES:
        assert not re.search(
            r"""(?:src|href)=["']https?://(?!www\.w3\.org)[^"']+\.(?:js|css|woff2?)""", path.read_text()
        ), path
