from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from skilllink import backups


class Command(BaseCommand):
    help = "Write the database and the uploads into one verified file, beside a running site."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="default: DATA_DIR/backups/<instant>.tar")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        target = file or settings.DATA_DIR / "backups" / f"{timezone.now():%Y%m%dT%H%M%SZ}.tar"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            manifest = backups.write(target)
        except (backups.BadBackup, OSError) as error:
            raise CommandError(str(error)) from error
        for name in backups.missing_uploads():
            self.stderr.write(f"{name} is named by a row and isn't there.")
        self.stdout.write(f"{target}: the database and {len(manifest['files']) - 1} uploads, read back and whole.")
