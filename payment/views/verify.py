"""Check it yourself: a contract's transfers beside their proofs, and the file that verifies without us."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payment import statement, verify
from payment.models import Account, Entry


@login_required
@require_safe
@never_cache
def page(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """Every transfer as people read it; the browser computes the rest (static/js/verify.js)."""
    about = verify.subject(kind, request.user, pk)
    rows = list(verify.transfers(about))
    return render(request, "payment/verify/show.html", {"about": about, "rows": _lines(about, rows)})


@login_required
@require_safe
@never_cache
def file(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """The evidence as a file."""
    response = answer(verify.subject(kind, request.user, pk))
    response["Content-Disposition"] = f'attachment; filename="evidence-{kind}-{pk}.json"'
    return response


def answer(about: verify.Subject) -> HttpResponse:
    """The evidence, byte for byte as it verifies."""
    return HttpResponse(verify.written(verify.evidence(about)), content_type="application/json")


def _lines(about: verify.Subject, rows: list[Any]) -> list[dict[str, Any]]:
    places, kinds = verify.places(about, rows), dict(Account.Kind.choices)
    moved: dict[Any, list[dict[str, Any]]] = {}
    entries = Entry.objects.filter(transfer__in=[row.pk for row in rows]).order_by("amount", "account")
    for transfer, account, currency, amount in entries.values_list(
        "transfer", "account", "account__currency", "amount"
    ):
        kind, of = places[account]
        line = {"where": kinds[kind], "of": of, "amount": amount, "currency": currency}
        moved.setdefault(transfer, []).append(line)
    return [
        {
            "transfer": row,
            "seal": getattr(row, "seal", None),
            "kind": statement.KINDS.get(row.kind, row.kind),
            "moved": moved.get(row.pk, []),
        }
        for row in rows
    ]
