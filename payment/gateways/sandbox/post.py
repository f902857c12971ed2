"""The sandbox's clock: what happens by itself, then its letters to the site's webhook."""

from payment import webhooks
from payment.gateways.sandbox import Sandbox, bank


def sweep() -> int:
    """Let what is due happen and deliver what was written. Returns how many things were done."""
    happened = bank.happen()
    letters = bank.undelivered()
    for event in letters:
        webhooks.receive(Sandbox.name, *bank.letter(event, Sandbox().webhook_secret))
        bank.delivered(event)
    return happened + len(letters)
