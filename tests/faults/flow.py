"""What a way of money is for the faults, and what it did."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from payment import idempotency
from payment.models import Entry, SandboxObject


@dataclass(frozen=True)
class Flow:
    """`prepare(cast)` returns what `act(cast, it)` is called with; `by` sends it under an Idempotency-Key."""

    prepare: Callable[[Any], Any]
    act: Callable[[Any, Any], Any]
    by: str = ""

    def run(self, cast: Any, it: Any, key: str) -> Any:
        if not self.by:
            return self.act(cast, it)

        def effect() -> tuple[int, Any]:
            return 200, {"done": str(getattr(self.act(cast, it), "pk", it))}

        return idempotency.once(cast[self.by], key, f"request {key}", effect)


@dataclass(frozen=True)
class Mark:
    """How far the books and the gateway were: its last entry, and how many objects of each kind there were."""

    entry: int
    objects: Counter[str]


def mark() -> Mark:
    return Mark(last_entry(), _objects())


def done_since(start: Mark) -> Counter[tuple[Any, ...]]:
    """(kind of transfer, kind of account, amount) of every entry since, and (`gateway`, kind) of what is new there."""
    entries = Entry.objects.filter(pk__gt=start.entry).values_list("transfer__kind", "account__kind", "amount")
    new = _objects() - start.objects
    return Counter(entries) + Counter({("gateway", kind): many for kind, many in new.items()})


def last_entry() -> int:
    return Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def reread(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def _objects() -> Counter[str]:
    """Payments, refunds, payouts … by kind; letters about them may be written more than once."""
    rows = SandboxObject.objects.exclude(kind="event").order_by().values_list("kind")
    return Counter(dict(rows.annotate(many=Count("pk"))))
