"""The sandbox as a server of Stripe's API: who is called for which address, and each Idempotency-Key answered once."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from payment.gateways.sandbox import money_in, money_out, store
from payment.gateways.sandbox.store import Fault
from payment.models import SandboxCall
from skilllink.transactions import verb

OTHER_PARAMETERS = "Keys for idempotent requests can only be used with the same parameters they were first used with."


@dataclass(frozen=True)
class Call:
    """One request: `params` are nested as Stripe's form encoding means them."""

    method: str
    path: str
    params: dict[str, Any]
    headers: dict[str, str]

    @cached_property
    def fingerprint(self) -> str:
        account = self.headers.get("Stripe-Account", "")
        text = json.dumps([self.method, self.path, self.params, account], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Answer:
    """`lost` is an answer that never arrives: what was asked is done nevertheless."""

    status: int
    body: dict[str, Any]
    lost: bool = False


Handler = Callable[..., dict[str, Any]]
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", r"/v1/payment_intents", money_in.create_intent),
    ("GET", r"/v1/payment_intents/([^/]+)", money_in.intent),
    ("POST", r"/v1/payment_intents/([^/]+)/confirm", money_in.confirm),
    ("POST", r"/v1/payment_intents/([^/]+)/cancel", money_in.cancel),
    ("POST", r"/v1/checkout/sessions", money_in.create_session),
    ("GET", r"/v1/checkout/sessions/([^/]+)", store.retrieve),
    ("POST", r"/v1/refunds", money_in.create_refund),
    ("GET", r"/v1/refunds", store.lister("refund", "payment_intent")),
    ("GET", r"/v1/refunds/([^/]+)", store.retrieve),
    ("GET", r"/v1/disputes", store.lister("dispute", "payment_intent")),
    ("GET", r"/v1/disputes/([^/]+)", store.retrieve),
    ("POST", r"/v1/disputes/([^/]+)", money_in.contest),
    ("POST", r"/v1/accounts", money_out.create_account),
    ("GET", r"/v1/accounts/([^/]+)", store.retrieve),
    ("POST", r"/v1/account_links", money_out.create_link),
    ("POST", r"/v1/transfers", money_out.create_transfer),
    ("GET", r"/v1/transfers", store.lister("transfer", "transfer_group")),
    ("POST", r"/v1/transfers/([^/]+)/reversals", money_out.reverse_transfer),
    ("POST", r"/v1/payouts", money_out.create_payout),
    ("GET", r"/v1/payouts", money_out.payouts_of),
    ("GET", r"/v1/payouts/([^/]+)", store.retrieve),
    ("GET", r"/v1/events", store.events),
    ("GET", r"/v1/events/([^/]+)", store.retrieve),
)


def answer(call: Call) -> Answer:
    """Do what is asked, or say why not, in one transaction."""
    key = call.headers.get("Idempotency-Key", "")
    return _once(call, key) if call.method == "POST" and key else _perform(call)


@verb
def _once(call: Call, key: str) -> Answer:
    """The first answer under a key is every answer under it; another request under it is refused."""
    kept, _made = SandboxCall.objects.get_or_create(key=key, defaults={"fingerprint": call.fingerprint})
    kept = SandboxCall.objects.select_for_update().get(pk=key)
    if kept.fingerprint != call.fingerprint:
        return _refused(Fault(OTHER_PARAMETERS, kind="idempotency_error"))
    if kept.status is not None:
        return Answer(kept.status, json.loads(kept.body))
    found = _perform.within(call)
    kept.status, kept.body = found.status, json.dumps(found.body)
    kept.save(update_fields=["status", "body"])
    return found


@verb
def _perform(call: Call) -> Answer:
    for method, pattern, handler in ROUTES:
        match = re.fullmatch(pattern, call.path)
        if match and method == call.method:
            try:
                body = handler(*match.groups(), params=call.params, account=call.headers.get("Stripe-Account", ""))
            except Fault as fault:
                return _refused(fault)
            if call.path.endswith("/confirm") and (error := body.get("last_payment_error")):
                return Answer(402, {"error": {**error, "payment_intent": body}})
            return Answer(200, body, lost=store.loses_its_answer(call.method, body))
    return _refused(Fault(f"Unrecognized request URL ({call.method}: {call.path}).", status=404))


def _refused(fault: Fault) -> Answer:
    return Answer(fault.status, {"error": fault.error})


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`a[b]=1&c[0]=2` as `{"a": {"b": "1"}, "c": {"0": "2"}}`."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+", name)
        into = found
        for part in [first, *rest][:-1]:
            into = into.setdefault(part, {})
        into[[first, *rest][-1]] = value
    return found
