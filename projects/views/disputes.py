"""A dispute's page and what its parties may do there."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from projects import disputes, rail
from projects.contract_forms import Words
from projects.models import Dispute, Milestone
from projects.views.answers import form_page, see
from projects.wording import amount


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
@require_http_methods(["GET", "POST"])
@never_cache
def accept(request: HttpRequest, pk: Any) -> HttpResponse:
    """GET says where the money goes; only POST sends it."""
    dispute = _found(request, pk)
    facts = _context(request, dispute)
    if not facts["answerable"] and dispute.is_live:
        raise disputes.NotYours()
    lead = format_html(
        _("{amount} goes to {name} at once, and the dispute is over. This can’t be undone."),
        amount=amount(dispute.amount, dispute.contract.currency),
        name=facts["claimant"].get_short_name(),
    )
    return _confirm(request, dispute, disputes.accept_claim, _("Accept the claim"), lead)


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def withdraw(request: HttpRequest, pk: Any) -> HttpResponse:
    """GET says where the money returns to; only POST withdraws."""
    dispute = _found(request, pk)
    if dispute.opened_by_id != request.user.pk:
        raise disputes.NotYours(_("Only the person who opened it can withdraw it. Nothing was changed."))
    text = (
        _("{amount} goes to {freelancer}, as the clock had released it. The dispute is over.")
        if dispute.back_to == Milestone.Status.RELEASED
        else _("{amount} returns to the milestone, and its clock goes on. The dispute is over.")
    )
    lead = format_html(
        text,
        amount=amount(dispute.amount, dispute.contract.currency),
        freelancer=dispute.contract.freelancer.get_short_name(),
    )
    return _confirm(request, dispute, disputes.withdraw, _("Withdraw the dispute"), lead)


def _confirm(request: HttpRequest, dispute: Dispute, verb: Any, label: str, lead: Any) -> HttpResponse:
    return form_page(
        request,
        Form(request.POST or None),
        lambda _form: verb(dispute, by=request.user),
        done=dispute.get_absolute_url(),
        title=label,
        lead=lead,
        label=label,
        contract=dispute.contract,
        milestone=dispute.milestone,
    )
