import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from payment import audit
from payment.models import Transfer


class Command(BaseCommand):
    help = "Check every invariant of the ledger; exit 1 and name the rows when one is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="machine-readable")

    def handle(self, *args: Any, **options: Any) -> None:
        found = audit.run()
        if options["json"]:
            facts = {"transfers": Transfer.objects.count(), "violations": [row.as_dict() for row in found]}
            self.stdout.write(json.dumps(facts, indent=2))
        else:
            for row in found:
                self.stdout.write(f"{row.invariant}  {row.row}: {row.found}")
            self.stdout.write(f"{Transfer.objects.count()} transfers, {len(found)} violations.")
        if found:
            sys.exit(1)
