"""How Stripe's library reaches the sandbox: a call instead of a socket."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

from payment.gateways.sandbox import service


class InProcess(stripe.HTTPClient):
    """Answers as the network would: text, a status, headers; or nothing, after the sandbox has done its part."""

    name = "sandbox"

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_usage: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        parts = urlsplit(url)
        params = service.nested(parse_qsl(post_data or parts.query, keep_blank_values=True))
        call = service.Call(method.upper(), parts.path, params, dict(headers or {}))
        answer = service.answer(call)
        if answer.lost:
            raise stripe.APIConnectionError("The sandbox did what it was asked and its answer got lost.")
        return json.dumps(answer.body), answer.status, {"request-id": f"req_{call.fingerprint[:14]}"}

    def close(self) -> None:
        """There is no connection to close."""
