"""Open books: what is owed and held, the last audit, the seal's head, and every root there is."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payment import audit, flow, halt, seal_anchor
from payment.models import Batch
from skilllink.clocks import now
from skilllink.errors import Malformed
from skilllink.numbers import natural
from skilllink.transactions import snapshot

MOST = 500  # batches in one answer
HEADING = (
    "# number first last root head; head = SHA-256(2, 'number first last root head-before'), 64 zeros before the first"
)


@require_safe
@never_cache
def transparency(request: HttpRequest) -> HttpResponse:
    """Everything of one moment, so that the figures fit each other."""
    with snapshot():
        sums = audit.standing()
        newest = Batch.objects.order_by("-number").first()
        runs, halted = audit.outlook(), halt.in_force()
    rows = [
        {
            "currency": currency,
            **{name: line.get(name, 0) for name in ("owed", "held", "escrow", "pending")},
            "short": max(0, line["owed"] - line["held"]),
            "flow": flow.draw(currency, line),
        }
        for currency, line in sums.items()
    ]
    anchors = seal_anchor.kept()
    context = {
        "rows": rows, "at": now(), "batch": newest, "HALT": halted, **runs,
        "anchor": seal_anchor.read(anchors[-1]) if anchors else None,
    }  # fmt: skip
    return render(request, "payment/transparency.html", context)


@require_safe
def roots(request: HttpRequest) -> HttpResponse:
    """The batches that are asked for by `?batch=`, as published for everybody."""
    texts = request.GET.getlist("batch")
    asked = [number for number in map(natural, texts) if number is not None]
    if len(texts) > MOST or len(asked) < len(texts):
        raise Malformed()
    names = ("number", "first", "last", "root", "previous", "head")
    return JsonResponse({"batches": list(Batch.objects.filter(pk__in=asked).values(*names))})


@require_safe
def roots_file(request: HttpRequest) -> StreamingHttpResponse:
    """Every root from the first on, one line a batch: with it the whole chain can be computed."""
    response = StreamingHttpResponse(_lines(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="roots.txt"'
    return response


def _lines() -> Iterator[str]:
    yield HEADING + "\n"
    rows: Any = Batch.objects.order_by("number").values_list("number", "first", "last", "root", "head")
    after = 0
    while chunk := list(rows.filter(number__gt=after)[:1000]):
        yield "".join("{} {} {} {} {}\n".format(*row) for row in chunk)
        after = chunk[-1][0]
