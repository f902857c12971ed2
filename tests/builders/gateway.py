"""The world outside, for tests: the sandbox's clock, its letters, and answers that get lost."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import stripe

from payment import webhooks
from payment.gateways.sandbox import bank, post, webhook_secret
from payment.gateways.sandbox.transport import InProcess
from payment.models import Deposit, SandboxObject


def signed(event: dict[str, Any] | str, *, at: float | None = None, secret: str | None = None) -> tuple[bytes, str]:
    """A body and its signature, made at `at` (seconds since 1970)."""
    body = event if isinstance(event, str) else json.dumps(event)
    moment = int(time.time() if at is None else at)
    return body.encode(), stripe.WebhookSignature.generate_signature_header(body, secret or webhook_secret(), moment)


def events_of(deposit: Deposit) -> list[dict[str, Any]]:
    """Every event that the sandbox has written about a deposit's payment, in the order it happened."""
    rows = SandboxObject.objects.filter(kind="event").order_by("created_at", "pk")
    return [row.data for row in rows if deposit.gateway_id in json.dumps(row.data)]


def settle_down() -> None:
    """Let everything due happen, be told and be processed."""
    while post.sweep() + webhooks.sweep():
        continue


def dispute_of(deposit: Deposit) -> str:
    """The cardholder disputes a deposit now. Returns the dispute's number."""
    SandboxObject.objects.filter(kind="charge", owner=deposit.gateway_id).update(due_at=deposit.created_at)
    bank.happen()
    return SandboxObject.objects.get(kind="dispute", owner=deposit.gateway_id).pk


@contextmanager
def silent(part: str, *, done: bool, method: str = "POST") -> Iterator[list[str]]:
    """Calls whose path ends in `part` get no answer: after the sandbox did them (`done`), or before. Yields the paths."""
    real, lost = InProcess.request, []

    def request(self: Any, verb: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if verb.upper() != method or not url.split("?", maxsplit=1)[0].endswith(part):
            return real(self, verb, url, *args, **kwargs)
        lost.append(url)
        if done:
            real(self, verb, url, *args, **kwargs)
        raise stripe.APIConnectionError("no answer")

    with mock.patch.object(InProcess, "request", request):
        yield lost
