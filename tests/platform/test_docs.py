"""What the documentation names is there: settings with their defaults, commands, files and links."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import get_commands

from skilllink import env
from tests.services.processes import ROOT

DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SOURCE = (ROOT / "skilllink/settings.py").read_text()
READ = set(re.findall(r'env\.(?:str|bool|int|list)\(\s*"([A-Z_]+)"', SOURCE))


def rows(heading: str) -> dict[str, str]:
    """Name → default, as one table of docs/settings.md says."""
    section = (ROOT / "docs/settings.md").read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", section, re.MULTILINE))


def said(value: Any, text: str) -> Any:
    """A default's text, read as the setting itself is."""
    return env.rules({"X": value}, {"SKILLLINK_X": text})["X"]


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    assert set(rows("The installation")) == READ


def test_every_rule_is_documented_with_its_default_and_no_other() -> None:
    told = rows("The marketplace's rules")
    assert set(told) == set(settings.SKILLLINK)
    for name, value in settings.SKILLLINK.items():
        assert said(value, told[name]) == value, name


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_in_the_docs_exist(path: Path) -> None:
    text = path.read_text()
    known = READ | {f"SKILLLINK_{name}" for name in settings.SKILLLINK} | {"SKILLLINK_TEST_DB", "SKILLLINK_RULE"}
    assert set(re.findall(r"\bSKILLLINK_[A-Z_]*[A-Z]\b", text)) <= known
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= set(targets)
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (path.parent / link).exists(), link
    for file in re.findall(r"`((?:skilllink|users|projects|chat|payment|docs|deploy|scripts|tests)/[\w./-]*)`", text):
        assert (ROOT / file).exists(), file
