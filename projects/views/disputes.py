"""A dispute's page and what its parties may do there."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from projects import disputes, rail
from projects.contract_forms import Words
from projects.models import Dispute
from projects.views.answers import form_page, see


def _found(request: HttpRequest, pk: Any) -> Dispute:
    rows = Dispute.objects.visible_to(request.user).select_related(
        "milestone__contract__client", "milestone__contract__freelancer", "opened_by", "settled_by"
    )
    return get_object_or_404(rows.prefetch_related("clocks"), pk=pk)


def _context(request: HttpRequest, dispute: Dispute) -> dict[str, Any]:
    contract = dispute.milestone.contract
    opener = contract.party(dispute.opened_by)
    return {
        "dispute": dispute,
        "contract": contract,
        "milestone": dispute.milestone,
        "sentences": rail.dispute_sentences(dispute, request.user, dispute.clocks.all()),
        "claimant": contract.client if opener == "client" else contract.freelancer,
        "mine": dispute.opened_by_id == request.user.pk,
        "answerable": dispute.status in ("open", "defaulted")
        and dispute.opened_by_id != request.user.pk
        and bool(contract.party(request.user)),
        "back_part": dispute.amount - (dispute.to_freelancer or 0),
    }


@login_required
@require_GET
@never_cache
def show(request: HttpRequest, pk: Any) -> HttpResponse:
    dispute = _found(request, pk)
    return render(request, "projects/dispute/show.html", {**_context(request, dispute), "form": Words()})


@login_required
@require_GET
@never_cache
def body(request: HttpRequest, pk: Any) -> HttpResponse:
    """The live part of the page."""
    dispute = _found(request, pk)
    return render(request, "projects/dispute/_body.html", {**_context(request, dispute), "form": Words()})


@login_required
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, pk: Any) -> HttpResponse:
    dispute = _found(request, pk)
    if request.method == "GET":
        return see(dispute.get_absolute_url())
    return form_page(
        request,
        Words(request.POST),
        lambda form: disputes.answer(dispute, by=request.user, text=form.cleaned_data["text"]),
        done=dispute.get_absolute_url(),
        template="projects/dispute/show.html",
        **_context(request, dispute),
    )


@login_required
@require_POST
def accept(request: HttpRequest, pk: Any) -> HttpResponse:
    dispute = _found(request, pk)
    disputes.accept_claim(dispute, by=request.user)
    return see(dispute.get_absolute_url())


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: Any) -> HttpResponse:
    dispute = _found(request, pk)
    disputes.withdraw(dispute, by=request.user)
    return see(dispute.get_absolute_url())
