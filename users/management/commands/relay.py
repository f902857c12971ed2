from typing import Any

from django.core.management.base import BaseCommand

from users.notifications import relay


class Command(BaseCommand):
    help = "Send what the outbox still holds; safe beside other relays."

    def handle(self, *args: Any, **options: Any) -> None:
        counts = relay.relay()
        self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
