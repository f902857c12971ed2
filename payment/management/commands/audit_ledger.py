import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from payment import audit
from payment.models import Transfer


class Command(BaseCommand):
    help = "Check every invariant of the ledger; exit 1, name the rows and halt money when one is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="machine-readable")
        extent = parser.add_mutually_exclusive_group()
        extent.add_argument("--full", action="store_true", help="everything; so it is without this, too")
        extent.add_argument("--new", action="store_true", help="what came since the last audit, as beat does")

    def handle(self, *args: Any, **options: Any) -> None:
        run = audit.examine(whole=not options["new"])
        facts = {"transfers": Transfer.objects.count(), "violations": run.violations, "alerts": run.alerts}
        if options["json"]:
            self.stdout.write(json.dumps(facts, indent=2))
        else:
            for row in (*run.violations, *run.alerts):
                self.stdout.write(f"{row['invariant']}  {row['row']}: {row['found']}")
            alerts = f", {len(run.alerts)} alerts" if run.alerts else ""
            self.stdout.write(f"{facts['transfers']} transfers, {len(run.violations)} violations{alerts}.")
        if run.violations:
            sys.exit(1)
