"""Payments, refunds and disputes at the sandbox, in Stripe's shapes and with Stripe's rules."""

from typing import Any

from django.conf import settings

from payment.gateways.sandbox import store
from payment.gateways.sandbox.cards import CARDS
from payment.gateways.sandbox.store import Fault
from payment.models import SandboxObject
from skilllink.clocks import now
from skilllink.money import fee_on

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
DECLINED = "Your card was declined."
METHODS = {card.method for card in CARDS.values()}


def create_intent(*, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    data = {
        "amount": store.number(params, "amount"),
        "amount_received": 0,
        "currency": store.currency(params),
        "status": "requires_payment_method",
        "metadata": params.get("metadata", {}),
        "latest_charge": None,
        "last_payment_error": None,
        "next_action": None,
    }
    made = store.make("payment_intent", data)
    store.tell("payment_intent.created", made)
    return made


def intent(pk: str, *, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    """The payment; its charge and what was booked for it stand in it when they are asked for with `expand`."""
    found = store.retrieve(pk, params=params, account=account)
    wanted = str(params.get("expand", ""))
    if "latest_charge" in wanted and found["latest_charge"]:
        charge = SandboxObject.objects.get(pk=found["latest_charge"]).data
        found["latest_charge"] = charge if "balance_transaction" in wanted else {**charge, "balance_transaction": "txn"}
    return found


def confirm(pk: str, *, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    row = _open_intent(pk)
    method = params.get("payment_method", "")
    if method not in METHODS:
        raise Fault(f"No such PaymentMethod: '{method}'", status=404, code="resource_missing", param="payment_method")
    if method == "pm_card_visa_chargeDeclined":
        return decline(row, "card_declined", DECLINED)
    if method == "pm_card_authenticationRequired":
        waiting = store.change(row, status="requires_action", next_action={"type": "use_stripe_sdk"})
        store.tell("payment_intent.requires_action", waiting)
        return waiting
    done = succeed(row, contested=method == "pm_card_createDispute")
    if method == "pm_card_timeout":
        return {**done, "metadata": {**done["metadata"], "sandbox_loses_answer": "yes"}}
    return done


def cancel(pk: str, *, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    ended = store.change(_open_intent(pk), status="canceled", next_action=None)
    store.tell("payment_intent.canceled", ended)
    return ended


def succeed(row: SandboxObject, *, contested: bool = False) -> dict[str, Any]:
    """Charge it: the charge and its fee are there at once; a contested one is charged back a little later."""
    amount, currency = row.data["amount"], row.data["currency"]
    fee = fee_on(amount, settings.SKILLLINK["SANDBOX_FEE_BPS"])
    booked = {"object": "balance_transaction", "amount": amount, "fee": fee, "net": amount - fee, "currency": currency}
    facts = {
        "amount": amount, "currency": currency, "payment_intent": row.pk, "status": "succeeded", "paid": True,
        "amount_refunded": 0, "metadata": row.data["metadata"], "balance_transaction": booked,
    }  # fmt: skip
    later = now() + settings.SKILLLINK["SANDBOX_CHARGEBACK_AFTER"] if contested else None
    charge = store.make("charge", facts, owner=row.pk, due_at=later)
    done = store.change(
        row, status="succeeded", amount_received=amount, latest_charge=charge["id"], next_action=None,
        last_payment_error=None,
    )  # fmt: skip
    store.tell("charge.succeeded", {**charge, "balance_transaction": "txn"})
    store.tell("payment_intent.succeeded", done)
    return done


def decline(row: SandboxObject, code: str, message: str) -> dict[str, Any]:
    """The payment stays open for another card. Stripe answers a confirmation with 402; so does `service`."""
    error = {"type": "card_error", "code": code, "message": message}
    failed = store.change(row, status="requires_payment_method", last_payment_error=error, next_action=None)
    store.tell("payment_intent.payment_failed", failed)
    return failed


def create_session(*, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    """A checkout page; the sandbox's own is the page to which it leads back."""
    line = params["line_items"]["0"]["price_data"]
    amount = store.number(line, "unit_amount")
    paid = create_intent(
        params={"amount": amount, "currency": line["currency"], **params.get("payment_intent_data", {})}
    )
    data = {
        "mode": "payment", "status": "open", "url": params["success_url"], "payment_intent": paid["id"],
        "amount_total": amount, "currency": paid["currency"], "metadata": params.get("metadata", {}),
    }  # fmt: skip
    return store.make("checkout.session", data, owner=paid["id"])


# --- back -----------------------------------------------------------------------------------------


def create_refund(*, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    paid = store.locked(str(params.get("payment_intent", "")), "payment_intent")
    amount = store.number(params, "amount")
    if paid.data["status"] != "succeeded":
        raise Fault("This PaymentIntent does not have a successful charge to refund.", code="charge_not_refundable")
    charge = store.locked(paid.data["latest_charge"], "charge")
    if SandboxObject.objects.filter(owner=paid.pk, kind="dispute").exclude(data__status="won").exists():
        raise Fault("This charge has been charged back.", code="charge_disputed")
    if charge.data["amount_refunded"] + amount > charge.data["amount"]:
        raise Fault(
            "Refund amount is greater than unrefunded amount on charge.", code="amount_too_large", param="amount"
        )
    facts = {
        "amount": amount, "currency": paid.data["currency"], "payment_intent": paid.pk, "charge": charge.pk,
        "status": "succeeded", "metadata": params.get("metadata", {}),
    }  # fmt: skip
    made = store.make("refund", facts, owner=paid.pk)
    changed = store.change(charge, due_at=charge.due_at, amount_refunded=charge.data["amount_refunded"] + amount)
    store.tell("refund.created", made)
    store.tell("charge.refunded", {**changed, "balance_transaction": "txn"})
    return made


def dispute(charge: SandboxObject) -> dict[str, Any]:
    """The cardholder's bank takes back what was not refunded; the money leaves at once."""
    facts = {
        "amount": charge.data["amount"] - charge.data["amount_refunded"], "currency": charge.data["currency"],
        "payment_intent": charge.owner, "charge": charge.pk, "status": "needs_response", "reason": "fraudulent",
        "metadata": {},
    }  # fmt: skip
    store.change(charge)
    made = store.make("dispute", facts, owner=charge.owner)
    store.tell("charge.dispute.created", made)
    store.tell("charge.dispute.funds_withdrawn", made)
    return made


def contest(pk: str, *, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    """Evidence; as in Stripe's test mode, the words `winning_evidence` and `losing_evidence` decide at once."""
    row = store.locked(pk, "dispute")
    if row.data["status"] not in ("needs_response", "under_review"):
        raise Fault("This dispute is already closed.")
    words = str((params.get("evidence") or {}).get("uncategorized_text", ""))
    for word, status in (("winning_evidence", "won"), ("losing_evidence", "lost")):
        if word in words:
            return close(row, status)
    return store.change(row, status="under_review")


def close(row: SandboxObject, status: str) -> dict[str, Any]:
    closed = store.change(row, status=status)
    if status == "won":
        store.tell("charge.dispute.funds_reinstated", closed)
    store.tell("charge.dispute.closed", closed)
    return closed


def _open_intent(pk: str) -> SandboxObject:
    row = store.locked(pk, "payment_intent")
    if row.data["status"] not in OPEN:
        state = row.data["status"]
        raise Fault(f"This PaymentIntent's status is {state}.", code="payment_intent_unexpected_state")
    return row
