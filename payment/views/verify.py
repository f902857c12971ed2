"""Check it yourself: the transfers of a contract or a statement beside their proofs, and the file that verifies without us."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payment import statement, statement_evidence, verify
from payment.models import Account, Entry
from payment.views.papers import attachment

JSON = "application/json"


@login_required
@require_safe
@never_cache
def page(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """Every transfer as people read it; the browser computes the rest (static/js/verify.js)."""
    return _page(request, verify.subject(kind, request.user, pk), reverse("payment:evidence_file", args=[pk]))


@login_required
@require_safe
@never_cache
def file(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """The evidence as a file."""
    return _attached(verify.subject(kind, request.user, pk), f"evidence-{kind}-{pk}.json")


@login_required
@require_safe
@never_cache
def statement_page(request: HttpRequest) -> HttpResponse:
    """The same of my statement, narrowed as it is there."""
    about = statement_evidence.subject(request.user, statement.read(request.GET))
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return _page(request, about, reverse("payment:statement_evidence") + query)


@login_required
@require_safe
@never_cache
def statement_file(request: HttpRequest) -> HttpResponse:
    """The evidence of my statement as a file."""
    return _attached(statement_evidence.subject(request.user, statement.read(request.GET)), "evidence-statement.json")


def answer(about: verify.Subject) -> HttpResponse:
    """The evidence, byte for byte as it verifies."""
    return HttpResponse(verify.written(verify.evidence(about)), content_type=JSON)


def _attached(about: verify.Subject, name: str) -> HttpResponse:
    return attachment(answer(about).content, name, JSON)


def _page(request: HttpRequest, about: verify.Subject, file: str) -> HttpResponse:
    context = {"about": about, "rows": _lines(about, list(verify.transfers(about))), "file": file}
    return render(request, "payment/verify/show.html", context)


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
