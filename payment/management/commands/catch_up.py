from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payment import catch_up, webhooks
from payment.gateways.base import Rejected, Unanswered
from payment.models import GatewayEvent


class Command(BaseCommand):
    help = "Ask the gateways for events that never reached us, store and process them; for after a restore."

    def handle(self, *args: Any, **options: Any) -> None:
        new = 0
        for name in catch_up.in_use():
            try:
                new += catch_up.run(name)
            except (Unanswered, Rejected) as fault:
                raise CommandError(
                    f"{name} can't be read: {fault}. Run catch_up again before the site starts."
                ) from fault
        while webhooks.sweep():
            continue
        waiting = GatewayEvent.objects.filter(status=GatewayEvent.Status.QUARANTINED).count()
        self.stdout.write(f"{new} events were new, {waiting} wait for finance.")
