"""Connected accounts, transfers and payouts at the sandbox, in Stripe's shapes."""

from typing import Any

from django.conf import settings

from payment.gateways.sandbox import store
from payment.gateways.sandbox.cards import CLOSED_BANK, SILENT_BANK
from payment.gateways.sandbox.store import Fault
from payment.models import SandboxObject
from skilllink.clocks import now


def create_account(*, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    bank = params.get("external_account") or {}
    number = str(bank.get("account_number", ""))
    facts = {
        "type": params.get("type", ""), "email": params.get("email", ""), "payouts_enabled": True,
        "metadata": params.get("metadata", {}),
        "external_accounts": {"object": "list", "data": [{"object": "bank_account", "last4": number[-4:]}]},
        # how its payouts end; of the number nothing but the last digits is kept
        "sandbox": {CLOSED_BANK: "closed", SILENT_BANK: "silent"}.get(number, "good"),
    }  # fmt: skip
    return store.make("account", facts)


def create_link(*, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    """Nothing to type at the sandbox: the link leads straight back."""
    store.locked(str(params.get("account", "")), "account")
    return {"object": "account_link", "created": int(now().timestamp()), "url": params.get("return_url", "")}


def create_transfer(*, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    target = store.locked(str(params.get("destination", "")), "account")
    facts = {
        "amount": store.number(params, "amount"), "currency": store.currency(params), "destination": target.pk,
        "transfer_group": params.get("transfer_group", ""), "amount_reversed": 0, "reversed": False,
        "metadata": params.get("metadata", {}),
    }  # fmt: skip
    made = store.make("transfer", facts, owner=facts["transfer_group"])
    store.tell("transfer.created", made)
    return made


def reverse_transfer(pk: str, *, params: dict[str, Any], account: str = "") -> dict[str, Any]:
    row = store.locked(pk, "transfer")
    amount = store.number(params, "amount")
    if row.data["amount_reversed"] + amount > row.data["amount"]:
        raise Fault("The transfer was reversed already.", param="amount")
    store.change(row, amount_reversed=row.data["amount_reversed"] + amount, reversed=True)
    return store.make("transfer_reversal", {"amount": amount, "transfer": pk}, owner=pk)


def create_payout(*, params: dict[str, Any], account: str) -> dict[str, Any]:
    """From a connected account's balance to its bank; it arrives or fails a little later."""
    owner = store.locked(account, "account")
    facts = {
        "amount": store.number(params, "amount"), "currency": store.currency(params), "status": "pending",
        "failure_code": None, "failure_message": None, "metadata": params.get("metadata", {}),
    }  # fmt: skip
    made = store.make("payout", facts, owner=owner.pk, due_at=now() + settings.SKILLLINK["SANDBOX_PAYOUT_AFTER"])
    store.tell("payout.created", made, account=owner.pk)
    if owner.data["sandbox"] == "silent":
        return {**made, "metadata": {**made["metadata"], "sandbox_loses_answer": "yes"}}
    return made


def payouts_of(*, params: dict[str, Any], account: str) -> dict[str, Any]:
    return store.lister("payout", "account")(params={**params, "account": account}, account=account)


def arrive(row: SandboxObject) -> None:
    """The bank's answer to a payout."""
    if SandboxObject.objects.get(pk=row.owner).data["sandbox"] == "closed":
        message = "The bank account has been closed."
        ended = store.change(row, status="failed", failure_code="account_closed", failure_message=message)
        store.tell("payout.failed", ended, account=row.owner)
    else:
        store.tell("payout.paid", store.change(row, status="paid"), account=row.owner)
