from typing import Any

from django.core.management.base import BaseCommand

from skilllink import clocks


class Command(BaseCommand):
    help = "Run every clock that is due, once; safe beside beat and other sweeps."

    def handle(self, *args: Any, **options: Any) -> None:
        done = clocks.sweep()
        for kind, count in done.items():
            if count:
                self.stdout.write(f"{kind}: {count}")
        self.stdout.write(f"{sum(done.values())} done.")
