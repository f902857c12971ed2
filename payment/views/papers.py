"""Invoices and credit notes: the list, one as a page and as a file, and what they say of me."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from payment import paper_pdf, summary, tax
from payment.forms import TaxDetailsForm
from payment.models import Paper
from skilllink.errors import Malformed


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What was written by me, for me, and to me by the platform; newest first."""
    side = request.GET.get("side", "")
    user: Any = request.user
    narrowed = {"from": Q(issuer=user), "to": Q(recipient=user)}.get(side, Q())
    page = Paginator(Paper.objects.of(user).filter(narrowed), 30).get_page(request.GET.get("page"))
    context = {"page": page, "side": side, "years": summary.years(user)}
    return render(request, "payment/paper/index.html", context)


@login_required
@require_safe
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One paper, as it was frozen."""
    paper = get_object_or_404(Paper.objects.visible_to(request.user), pk=pk)
    parties = [(_("From"), paper.content["from"]), (_("To"), paper.content["to"])]
    context = {"paper": paper, "parties": parties, "rows": paper_pdf.rows(paper), "notes": paper_pdf.notes(paper)}
    return render(request, "payment/paper/show.html", context)


@login_required
@require_safe
def file(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The PDF."""
    return answer(get_object_or_404(Paper.objects.visible_to(request.user), pk=pk))


def answer(paper: Paper) -> HttpResponse:
    return attachment(paper_pdf.draw(paper), paper_pdf.file_name(paper), "application/pdf")


def attachment(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tax_details(request: HttpRequest) -> HttpResponse:
    """My name, address and tax number on papers from now on."""
    user: Any = request.user
    form = TaxDetailsForm(request.POST or None, initial=tax.of(user))
    if request.method == "POST" and form.is_valid():
        try:
            tax.change(user, **form.cleaned_data)
        except Malformed as refusal:
            for name, sentence in refusal.fields.items():
                form.add_error(name, str(sentence))
        else:
            messages.success(request, _("Saved. Papers made from now on say this."))
            return redirect("payment:tax_details")
    return render(request, "payment/paper/details.html", {"form": form}, status=422 if form.errors else 200)
