"""What a first visit loads stays small: 60 KB of script, 40 KB of style, 110 KB of type, as sent."""

import gzip
import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "static"
KB = 1024


def sent(paths: list[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def imported(path: Path, pattern: str) -> list[Path]:
    """`path` and everything it imports, each once."""
    found, waiting = [], [path]
    while waiting:
        here = waiting.pop().resolve()
        if here not in found:
            found.append(here)
            waiting += [here.parent / name for name in re.findall(pattern, here.read_text())]
    return found


def test_scripts_are_at_most_60_kb() -> None:
    scripts = imported(STATIC / "js" / "app.js", r"""(?:import|from)\s*["'](\./[^"']+)["']""")
    assert sent([*scripts, STATIC / "vendor" / "htmx.min.js"]) <= 60 * KB


def test_styles_are_at_most_40_kb() -> None:
    assert sent(imported(STATIC / "css" / "app.css", r'@import "([^"]+)"')) <= 40 * KB


def test_every_style_sheet_is_linked_or_imported() -> None:
    templates = " ".join(path.read_text() for path in STATIC.parent.glob("templates/**/*.html"))
    linked = [STATIC / "css" / name for name in re.findall(r'static "css/([\w-]+\.css)"', templates)]
    assert STATIC / "css" / "app.css" in linked
    known = {sheet for start in linked for sheet in imported(start, r'@import "([^"]+)"')}
    assert [path.name for path in (STATIC / "css").rglob("*.css") if path.resolve() not in known] == []


def test_the_type_of_a_first_page_is_at_most_110_kb() -> None:
    first = [STATIC / "fonts" / name for name in ("besley-latin.woff2", "source-sans-3-latin.woff2")]
    assert sum(path.stat().st_size for path in first) <= 110 * KB


def test_vendored_files_are_what_the_list_says() -> None:
    import hashlib

    listed = re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (STATIC / "vendor" / "README.md").read_text(), re.M)
    assert len(listed) >= 6
    for name, digest in listed:
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest, name
