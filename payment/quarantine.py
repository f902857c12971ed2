"""Answers of a gateway that don't fit our books: kept for finance, beside the events that don't (L13)."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

import structlog

from payment.models import GatewayEvent
from skilllink.transactions import verb

log = structlog.get_logger(__name__)
KIND = "answer"


@verb
def keep(gateway: str, reference: str, answer: Any, why: str) -> None:
    """What `gateway` answered when asked about our row `reference`, and why nothing moved by it.

    `answer` is one of `gateways.base`, None when the gateway refused to say. The row goes on being asked about: the same
    answer again is kept once, also after finance has settled it.
    """
    body = json.dumps({"answer": None if answer is None else asdict(answer), "why": why}, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    _row, made = GatewayEvent.objects.get_or_create(
        gateway=gateway, event_id=reference, digest=digest, first=False,
        defaults={"kind": KIND, "body": body, "status": GatewayEvent.Status.QUARANTINED, "why": why[:300]},
    )  # fmt: skip
    if made:
        log.error("gateway.answer_quarantined", gateway=gateway, about=reference, why=why)
