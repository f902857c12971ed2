import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from projects import demo


class Command(BaseCommand):
    help = "Demo data, made only through the verbs; ends with an audit. A second time changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        if not demo.allowed():
            self.stderr.write("The demo is refused here: its passwords are published.")
            sys.exit(1)
        if demo.exists():
            return
        try:
            demo.write(self._say)
        except demo.Unbalanced as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The demo is written, and the ledger's audit is clean.")

    def _say(self, chapter: str) -> None:
        self.stdout.write(f"Writing the demo: {chapter} …")
        self.stdout.flush()
