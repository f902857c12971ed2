"""The built-in gateway: no real money, the card numbers that everyone knows from Stripe's test mode."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from payment.gateways.base import Intent
from payment.models import SandboxIntent
from skilllink.errors import Malformed
from skilllink.ids import uuid7
from skilllink.transactions import verb

CARDS = {
    "4242424242424242": ("succeeded", _("Success")),
    "4000000000000002": ("failed", _("Declined by the bank")),
    "4000002500003155": ("requires_action", _("Needs your confirmation")),
}


class UnknownCard(Malformed):
    code = "card.unknown"
    sentence = _("That isn't one of the test cards. Nothing was charged; pick one from the list.")


class Sandbox:
    """Keeps its payments in its own table, as a real gateway keeps them at its side."""

    name = "sandbox"

    def create(self, amount: int, currency: str, *, idempotency_key: str) -> Intent:
        return _read(_create(amount, currency, idempotency_key))

    def confirm(self, intent_id: str, *, card: str) -> Intent:
        """Raises UnknownCard for a number that is no test card."""
        digits = "".join(card.split())
        if digits not in CARDS:
            raise UnknownCard(fields={"card": UnknownCard.sentence})
        status = CARDS[digits][0]
        return _read(_advance(intent_id, "requires_payment_method", status, str(_("The bank declined this card."))))

    def complete(self, intent_id: str, *, approved: bool) -> Intent:
        status = "succeeded" if approved else "failed"
        return _read(_advance(intent_id, "requires_action", status, str(_("The payment was not confirmed."))))


@verb
def _create(amount: int, currency: str, idempotency_key: str) -> SandboxIntent:
    intent, _made = SandboxIntent.objects.get_or_create(
        idempotency_key=idempotency_key,
        defaults={"id": f"pi_{uuid7().hex}", "amount": amount, "currency": currency},
    )
    return intent


@verb
def _advance(intent_id: str, source: str, target: str, error: str) -> SandboxIntent:
    """A second confirmation of the same payment changes nothing."""
    SandboxIntent.objects.filter(pk=intent_id, status=source).update(
        status=target, last_error=error if target == "failed" else ""
    )
    return SandboxIntent.objects.get(pk=intent_id)


def _read(row: SandboxIntent) -> Intent:
    fee = (row.amount * settings.SKILLLINK["SANDBOX_FEE_BPS"] + 5000) // 10000 if row.status == "succeeded" else 0
    return Intent(row.pk, row.status, row.amount, row.currency, fee, row.last_error)
