"""The one adapter: our words in Stripe's API, through Stripe's own library. The sandbox is reached by it too.

Payments and payouts are "separate charges and transfers": money comes to the platform, a transfer moves it to the
person's connected account, a payout from there to their bank.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import stripe
from django.conf import settings

from payment.gateways.base import (
    BadSignature,
    Contest,
    Event,
    Page,
    Payment,
    Refund,
    Rejected,
    Sent,
    Unanswered,
    Unknown,
)

API_VERSION = "2026-08-26.dahlia"
stripe.enable_telemetry = False  # nothing about our machine goes along

TIMEOUT = 20  # seconds for one call
TRIES = 2  # the library's own repetitions, under the same key
MOST = 100  # refunds or disputes of one payment

PAYMENTS = {
    "requires_payment_method": "open",
    "requires_confirmation": "open",
    "requires_action": "needs_confirmation",
    "processing": "needs_confirmation",
    "succeeded": "succeeded",
    "canceled": "failed",
}
REFUNDS = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "paid",
    "failed": "failed",
    "canceled": "failed",
}
# an inquiry (`warning_…`) and a prevented dispute take no money
CONTESTS = {"needs_response": "open", "under_review": "open", "won": "won", "lost": "lost"}
PAYOUTS = {"pending": "pending", "in_transit": "pending", "paid": "paid", "failed": "failed", "canceled": "failed"}
# Stripe takes three-decimal currencies in tens of the smallest unit
STEPS = {"KWD": 10}


class StripeGateway:
    """Calls Stripe's API with a client; who answers is the client's business."""

    name = "stripe"
    hosted = True

    def __init__(self, client: stripe.StripeClient, webhook_secret: str) -> None:
        self.client = client.v1
        self.webhook_secret = webhook_secret

    def step(self, currency: str) -> int:
        return STEPS.get(currency, 1)

    # --- money in ---------------------------------------------------------------------------------

    def open(self, reference: str, amount: int, currency: str) -> Payment:
        # `automatic`, so that the fee is known as soon as the payment has succeeded
        params: Any = {
            "amount": amount,
            "currency": currency.lower(),
            "capture_method": "automatic",
            "payment_method_types": ["card"],
            "metadata": {"reference": reference},
        }
        with _translated():
            made = self.client.payment_intents.create(params, _once(reference))
        return self.payment(made.id)  # an answer given again under its key is that of the first time

    def pay(self, payment_id: str, *, method: str, key: str) -> Payment:
        """Charge a card, named by its payment method. A declined card is a payment that is `open`, with its error."""
        with _translated():
            try:
                self.client.payment_intents.confirm(payment_id, {"payment_method": method}, _once(key))
            except stripe.CardError:
                pass  # told by the payment itself, read below
            except stripe.InvalidRequestError as error:
                if error.code != "payment_intent_unexpected_state":
                    raise  # else somebody was quicker; read below
        return self.payment(payment_id)

    def cancel(self, payment_id: str) -> Payment:
        with _translated():
            try:
                self.client.payment_intents.cancel(payment_id)
            except stripe.InvalidRequestError as error:
                if error.code != "payment_intent_unexpected_state":
                    raise
        return self.payment(payment_id)

    def payment(self, payment_id: str) -> Payment:
        with _translated():
            params: Any = {"expand": ["latest_charge.balance_transaction"]}
            return self._payment(self.client.payment_intents.retrieve(payment_id, params))

    def page(self, reference: str, amount: int, currency: str, *, back: str) -> Page:
        params: Any = {
            "mode": "payment",
            "success_url": back,
            "cancel_url": back,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": currency.lower(),
                        "unit_amount": amount,
                        "product_data": {"name": "SkillLink"},
                    },
                }
            ],
            "payment_intent_data": {"capture_method": "automatic", "metadata": {"reference": reference}},
            "metadata": {"reference": reference},
        }
        with _translated():
            session = self.client.checkout.sessions.create(params, _once(f"{reference}:page"))
        return Page(session.id, session.url or "")

    def payment_of_page(self, page_id: str) -> Payment | None:
        """None while nobody has typed a card; `failed` once the page has expired."""
        with _translated():
            session = self.client.checkout.sessions.retrieve(page_id)
        found = session.to_dict()
        if intent := found.get("payment_intent"):
            return self.payment(intent)
        if found["status"] == "expired":
            return Payment("", "failed", found["amount_total"], found["currency"].upper(), _reference(found))
        return None

    def give_back(self, reference: str, payment_id: str, amount: int) -> Refund:
        params: Any = {"payment_intent": payment_id, "amount": amount, "metadata": {"reference": reference}}
        with _translated():
            # a key is forgotten after a day, what was done under it stays
            done: Any = self.client.refunds.list({"payment_intent": payment_id, "limit": MOST}).data
            if not (known := _of_reference(done, reference)):
                known = self.client.refunds.create(params, _once(reference))
            return _refund(self.client.refunds.retrieve(known.id))

    def contest(self, contest_id: str, evidence: str) -> None:
        params: Any = {"evidence": {"uncategorized_text": evidence}, "submit": True}
        with _translated():
            self.client.disputes.update(contest_id, params)

    def _payment(self, answer: stripe.PaymentIntent) -> Payment:
        intent = answer.to_dict()
        refunds: tuple[Refund, ...] = ()
        contests: tuple[Contest, ...] = ()
        if intent.get("latest_charge"):
            of_it: Any = {"payment_intent": intent["id"], "limit": MOST}
            refunds = tuple(_refund(row) for row in self.client.refunds.list(of_it).data)
            disputes = self.client.disputes.list(of_it).data
            contests = tuple(_contest(row) for row in disputes if row.status in CONTESTS)
        return Payment(
            id=intent["id"],
            status=PAYMENTS[intent["status"]],
            amount=intent["amount"],
            currency=intent["currency"].upper(),
            reference=_reference(intent),
            fee=_fee(intent),
            error=(intent.get("last_payment_error") or {}).get("message") or "",
            refunds=refunds,
            contests=contests,
        )

    # --- money out --------------------------------------------------------------------------------

    def account(self, reference: str, *, email: str, holder: str, currency: str, number: str) -> str:
        """The number of a new connected account; `number` only where bank accounts are typed on our pages."""
        params: Any = {
            "type": "express" if self.hosted else "custom",
            "email": email,
            "capabilities": {"transfers": {"requested": True}},
            "settings": {"payouts": {"schedule": {"interval": "manual"}}},
            "metadata": {"reference": reference},
        }
        if not self.hosted:
            params["external_account"] = {
                "object": "bank_account",
                "account_holder_name": holder,
                "account_number": number,
                "country": "US",
                "currency": currency.lower(),
            }
        with _translated():
            return self.client.accounts.create(params, _once(reference)).id

    def onboarding(self, account_id: str, *, back: str) -> str:
        """The page where the person names their bank account to the gateway."""
        params: Any = {"account": account_id, "type": "account_onboarding", "return_url": back, "refresh_url": back}
        with _translated():
            return self.client.account_links.create(params).url

    def takes_payouts(self, account_id: str) -> bool:
        with _translated():
            return bool(self.client.accounts.retrieve(account_id).payouts_enabled)

    def send(self, reference: str, account_id: str, amount: int, currency: str) -> Sent:
        move: Any = {
            "amount": amount,
            "currency": currency.lower(),
            "destination": account_id,
            "transfer_group": reference,
            "metadata": {"reference": reference},
        }
        out: Any = {"amount": amount, "currency": currency.lower(), "metadata": {"reference": reference}}
        of_it: Any = {"transfer_group": reference, "destination": account_id, "limit": 1}
        there: Any = {"stripe_account": account_id}
        with _translated():
            # a key is forgotten after a day, what was done under it stays
            if not self.client.transfers.list(of_it).data:
                self.client.transfers.create(move, _once(f"{reference}:transfer"))
            done: Any = self.client.payouts.list({"limit": MOST}, there).data
            known = _of_reference(done, reference)
            return _sent(known or self.client.payouts.create(out, {**_once(f"{reference}:payout"), **there}))

    def sent(self, payout_id: str, account_id: str) -> Sent:
        with _translated():
            return _sent(self.client.payouts.retrieve(payout_id, None, {"stripe_account": account_id}))

    def void(self, reference: str, account_id: str, amount: int, currency: str) -> None:
        """Bring the money of a payout that failed back from the connected account to the platform."""
        move: Any = {"transfer_group": reference, "destination": account_id, "limit": 1}
        with _translated():
            for transfer in self.client.transfers.list(move).data:
                self.client.transfers.reversals.create(transfer.id, {"amount": amount}, _once(f"{reference}:void"))

    # --- events -----------------------------------------------------------------------------------

    def events(self, since: datetime, account: str) -> Iterator[str]:
        params: Any = {"created": {"gte": int(since.timestamp())}, "limit": MOST}
        options: Any = {"stripe_account": account} if account else {}
        with _translated():
            for event in self.client.events.list(params, options).auto_paging_iter():
                body = event.to_dict(for_json=True)
                yield json.dumps({**body, "account": account} if account else body)

    def verify(self, body: bytes, signature: str) -> None:
        """Raises BadSignature. The window is closed on both sides, which the library does on one."""
        tolerance = settings.SKILLLINK["WEBHOOK_TOLERANCE"].total_seconds()
        try:
            stripe.WebhookSignature.verify_header(body, signature, self.webhook_secret, int(tolerance))
            at, _signatures = stripe.WebhookSignature._get_timestamp_and_signatures(signature, "v1")
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
            raise BadSignature(str(error)) from error
        if at > time.time() + tolerance:
            raise BadSignature("The timestamp is in the future.")

    def read(self, body: str) -> Event:
        """Raises ValueError for a body that is no event."""
        try:
            event = json.loads(body)
            found = event["data"]["object"]
            kind, number = event["type"], event["id"]
        except (TypeError, KeyError, RecursionError) as error:
            raise ValueError("This is no event.") from error
        if not (
            isinstance(found, dict) and isinstance(kind, str) and isinstance(number, str) and 0 < len(number) <= 120
        ):
            raise ValueError("This is no event.")
        return Event(number, kind[:80], found, _reference(found), str(event.get("account") or ""))


def live() -> StripeGateway:
    """Stripe itself, with the keys of the environment."""
    http = stripe.RequestsClient(timeout=TIMEOUT)
    client = stripe.StripeClient(
        settings.STRIPE_SECRET_KEY, stripe_version=API_VERSION, http_client=http, max_network_retries=TRIES
    )
    return StripeGateway(client, settings.STRIPE_WEBHOOK_SECRET)


@contextmanager
def _translated() -> Iterator[None]:
    """Stripe's exceptions as ours: what surely was not done, and what is not known."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        kind = Unknown if error.code == "resource_missing" else Rejected
        raise kind(error.user_message or str(error)) from error
    except (stripe.CardError, stripe.IdempotencyError) as error:
        raise Rejected(error.user_message or str(error)) from error
    except stripe.StripeError as error:
        raise Unanswered(str(error)) from error


def _once(key: str) -> Any:
    return {"idempotency_key": key}


def _reference(found: dict[str, Any]) -> str:
    metadata = found.get("metadata")
    return str(metadata.get("reference", "")) if isinstance(metadata, dict) else ""


def _of_reference(rows: list[Any], reference: str) -> Any:
    return next((row for row in rows if _reference(row.to_dict()) == reference), None)


def _fee(intent: dict[str, Any]) -> int:
    """Minor units of the payment's currency. Raises Unanswered while the gateway has not booked it yet."""
    charge = intent.get("latest_charge")
    if not isinstance(charge, dict) or intent["status"] != "succeeded":
        return 0
    booked = charge.get("balance_transaction")
    if not isinstance(booked, dict):
        raise Unanswered("The payment's fee is not booked yet.")
    return int(booked["fee"]) if booked["currency"] == intent["currency"] else 0


def _refund(answer: stripe.Refund) -> Refund:
    row = answer.to_dict()
    status = REFUNDS[row.get("status") or "pending"]
    return Refund(row["id"], row["amount"], status, _reference(row), row.get("failure_reason") or "")


def _contest(answer: stripe.Dispute) -> Contest:
    row = answer.to_dict()
    return Contest(row["id"], row["amount"], row["currency"].upper(), CONTESTS[row["status"]], row.get("reason") or "")


def _sent(answer: stripe.Payout) -> Sent:
    row = answer.to_dict()
    failure = row.get("failure_message") or ""
    return Sent(row["id"], row["amount"], row["currency"].upper(), PAYOUTS[row["status"]], failure)
