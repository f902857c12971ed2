"""The sandbox's shelves: objects in Stripe's shape, their lists, and the events that changing them makes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from payment.models import SandboxObject
from skilllink.clocks import now
from skilllink.ids import uuid7
from skilllink.transactions import inside_transaction

PREFIXES = {
    "payment_intent": "pi", "charge": "ch", "refund": "re", "dispute": "du", "checkout.session": "cs",
    "account": "acct", "transfer": "tr", "transfer_reversal": "trr", "payout": "po", "event": "evt",
}  # fmt: skip
MOST = 100


class Fault(Exception):
    """An error in Stripe's shape."""

    def __init__(
        self, message: str, *, status: int = 400, kind: str = "invalid_request_error", code: str = "", param: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": kind, "message": message, "code": code or None, "param": param or None}


def number(params: dict[str, Any], name: str) -> int:
    """A positive whole number of minor units. Raises Fault."""
    text = str(params.get(name, ""))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 10**12):
        raise Fault(f"Invalid integer: {text}", param=name, code="parameter_invalid_integer")
    return int(text)


def currency(params: dict[str, Any]) -> str:
    found = str(params.get("currency", "")).lower()
    if not (len(found) == 3 and found.isalpha()):
        raise Fault(f"Invalid currency: {found}", param="currency")
    return found


@inside_transaction
def make(kind: str, data: dict[str, Any], *, owner: str = "", due_at: datetime | None = None) -> dict[str, Any]:
    """Put a new object on its shelf; `due_at` is when something happens to it by itself."""
    pk = f"{PREFIXES[kind]}_{uuid7().hex}"
    body = {"id": pk, "object": kind, "created": int(now().timestamp()), "livemode": False, **data}
    SandboxObject.objects.create(pk=pk, kind=kind, owner=owner, data=body, due_at=due_at, created_at=now())
    return body


def locked(pk: str, kind: str) -> SandboxObject:
    """Raises Fault as Stripe does for what isn't there."""
    row = SandboxObject.objects.select_for_update().filter(pk=pk, kind=kind).first()
    if row is None:
        raise Fault(f"No such {kind}: '{pk}'", status=404, code="resource_missing", param="id")
    return row


@inside_transaction
def change(row: SandboxObject, *, due_at: datetime | None = None, **data: Any) -> dict[str, Any]:
    row.data = {**row.data, **data}
    row.due_at = due_at
    row.save(update_fields=["data", "due_at"])
    return dict(row.data)


def retrieve(pk: str, *, params: dict[str, Any], account: str) -> dict[str, Any]:
    """One object by its number; of a connected account only its own."""
    row = SandboxObject.objects.filter(pk=pk).first()
    if row is None or (account and account not in (row.owner, row.pk)):
        raise Fault(f"No such object: '{pk}'", status=404, code="resource_missing", param="id")
    return dict(row.data)


def lister(kind: str, by: str) -> Callable[..., dict[str, Any]]:
    """A list of one kind, newest first; `by` is the parameter that says to whom they belong."""

    def found(*, params: dict[str, Any], account: str) -> dict[str, Any]:
        rows = SandboxObject.objects.filter(kind=kind).order_by("-pk")
        if by and params.get(by):
            rows = rows.filter(owner=params[by])
        data = [row.data for row in rows[: min(int(params.get("limit", 10)), MOST)]]
        return {"object": "list", "url": f"/v1/{kind}s", "has_more": False, "data": data}

    return found


@inside_transaction
def tell(kind: str, about: dict[str, Any], *, account: str = "") -> None:
    """Make the event that the sandbox's clock delivers to the site's webhook."""
    data = {"type": kind, "data": {"object": about}, "api_version": None, "pending_webhooks": 1}
    make("event", data | ({"account": account} if account else {}), owner=account, due_at=now())


def events(*, params: dict[str, Any], account: str) -> dict[str, Any]:
    """A page of the events of the platform or of a connected account, newest first; `starting_after` is its border."""
    rows = SandboxObject.objects.filter(kind="event", owner=account).order_by("-created_at", "-pk")
    since = (params.get("created") or {}).get("gte")
    if since:
        rows = rows.filter(created_at__gte=datetime.fromtimestamp(int(since), UTC))
    if last := rows.filter(pk=params.get("starting_after", "")).first():
        rows = rows.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk))
    limit = min(int(params.get("limit", 10)), MOST)
    found = list(rows[: limit + 1])
    data = [row.data for row in found[:limit]]
    return {"object": "list", "url": "/v1/events", "has_more": len(found) > limit, "data": data}


def loses_its_answer(method: str, body: dict[str, Any]) -> bool:
    return method == "POST" and bool((body.get("metadata") or {}).get("sandbox_loses_answer"))
