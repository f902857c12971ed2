"""The world behind the sandbox: what the person tells their bank, and what happens by itself after a while."""

import json
import time

import stripe

from payment.gateways.sandbox import money_in, money_out, store
from payment.models import SandboxObject
from skilllink.clocks import claim, now
from skilllink.transactions import verb

NOT_CONFIRMED = "The payment was not confirmed."
BATCH = 100


@verb
def answer(payment_id: str, *, approved: bool) -> None:
    """The person's answer to the bank's question; a second one changes nothing."""
    row = store.locked(payment_id, "payment_intent")
    if row.data["status"] != "requires_action":
        return
    if approved:
        money_in.succeed(row)
    else:
        money_in.decline(row, "payment_intent_authentication_failure", NOT_CONFIRMED)


@verb
def decide(dispute_id: str, *, won: bool) -> None:
    """The card network's decision about a dispute."""
    money_in.close(store.locked(dispute_id, "dispute"), "won" if won else "lost")


@verb
def happen() -> int:
    """Let what is due happen: chargebacks are opened, payouts arrive. Returns how many things happened."""
    due = SandboxObject.objects.filter(due_at__lte=now()).exclude(kind="event").order_by("due_at")
    rows = claim(due, BATCH)
    for row in rows:
        if row.kind == "charge":
            money_in.dispute(row)
        else:
            money_out.arrive(row)
    return len(rows)


def undelivered() -> list[SandboxObject]:
    """Events that the site's webhook has not taken yet, oldest first."""
    return list(SandboxObject.objects.filter(kind="event", due_at__lte=now()).order_by("due_at", "pk")[:BATCH])


@verb
def delivered(event: SandboxObject) -> None:
    SandboxObject.objects.filter(pk=event.pk).update(due_at=None)


def letter(event: SandboxObject, secret: str) -> tuple[bytes, str]:
    """An event as it is posted to a webhook: the body and its signature of this moment."""
    body = json.dumps(event.data, separators=(",", ":"))
    return body.encode(), stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()))
