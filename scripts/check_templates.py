"""Every template compiles."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skilllink.settings")

import django
from django.template import TemplateSyntaxError
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[1] / "templates"


def main() -> int:
    django.setup()
    wrong = 0
    files = [path for path in sorted(ROOT.rglob("*")) if path.is_file()]
    for path in files:
        try:
            get_template(str(path.relative_to(ROOT)))
        except TemplateSyntaxError as error:
            wrong += 1
            sys.stderr.write(f"{path}: {error}\n")
    sys.stdout.write(f"{len(files)} templates, {wrong} wrong.\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
