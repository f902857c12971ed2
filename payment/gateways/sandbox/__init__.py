"""The built-in gateway: no real money. It speaks Stripe's HTTP shapes, in process, to Stripe's own library."""

import stripe
from django.conf import settings
from django.utils.crypto import salted_hmac

from payment.gateways.sandbox import bank
from payment.gateways.sandbox.transport import InProcess
from payment.gateways.stripe import API_VERSION, StripeGateway

KEY = "sk_test_sandbox"


class Sandbox(StripeGateway):
    """The same adapter with another one to answer, and test cards that are typed on our own page."""

    name = "sandbox"
    hosted = False

    def __init__(self) -> None:
        client = stripe.StripeClient(KEY, stripe_version=API_VERSION, http_client=InProcess(), max_network_retries=0)
        super().__init__(client, webhook_secret())

    def step(self, currency: str) -> int:
        return 1

    def answer(self, payment_id: str, *, approved: bool) -> None:
        """What the person tells their bank; at a real gateway that happens on the bank's page."""
        bank.answer(payment_id, approved=approved)


def webhook_secret() -> str:
    return "whsec_" + salted_hmac("payment.sandbox.webhook", settings.SECRET_KEY, algorithm="sha256").hexdigest()
