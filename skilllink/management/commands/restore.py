from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from skilllink import backups


class Command(BaseCommand):
    help = "Put back what `backup` wrote, bring it to this version's schema, audit the ledger, catch up. Stop the site first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="lose what the database holds now")

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        try:
            manifest = backups.restore(file, replace=replace)
        except (backups.BadBackup, backups.NotEmpty) as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0)
        self.stdout.write(f"Restored as of {manifest['made_at']}, with {len(manifest['files']) - 1} uploads.")
        call_command("audit_ledger", stdout=self.stdout, stderr=self.stderr)
        call_command("catch_up", stdout=self.stdout, stderr=self.stderr)
