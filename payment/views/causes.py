"""Causes: the list, one with its goal and public ledger, a new one, giving to it, closing it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from payment import causes
from payment.donation_forms import CauseForm, CauseWords
from payment.models import Cause
from payment.views.answers import submit
from payment.views.donations import give as giving

SHOWN = 30


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Verified causes, and mine in any state."""
    rows = causes.listed(Cause.objects.filter(status=Cause.Status.VERIFIED)).order_by("-id")
    user = request.user
    mine = causes.listed(Cause.objects.filter(keeper=user)) if user.is_authenticated else []
    context = {"page": Paginator(rows, SHOWN).get_page(request.GET.get("page")), "mine": mine}
    return render(request, "payment/cause/index.html", context)


@require_safe
@never_cache
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """What it is for, how far it is, and every entry of its account."""
    row = _found(request, slug)
    page = Paginator(causes.entries(row), SHOWN).get_page(request.GET.get("page"))
    context = {
        "cause": row, "sums": causes.sums(row), "page": page, "lines": causes.lines(page.object_list),
        "mine": row.keeper_id == request.user.pk,
    }  # fmt: skip
    return render(request, "payment/cause/show.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a cause to be verified."""
    form = CauseForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        sent = submit(form, lambda: causes.propose(request.user, **form.cleaned_data))
        if sent.done:
            return redirect(sent.done)
        status = sent.status
    return render(request, "payment/cause/form.html", {"form": form}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Mend a cause that wasn't verified, and have it looked at again."""
    row = get_object_or_404(Cause.objects.filter(keeper=request.user.pk, status=Cause.Status.REFUSED), slug=slug)
    initial: dict[str, Any] = {name: getattr(row, name) for name in ("title", "summary", "story")}
    form = CauseWords(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        sent = submit(form, lambda: causes.ask_again(row, by=request.user, **form.cleaned_data))
        if sent.done:
            return redirect(sent.done)
        status = sent.status
    return render(request, "payment/cause/form.html", {"form": form, "cause": row}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def give(request: HttpRequest, slug: str) -> HttpResponse:
    """A donation to a cause."""
    row = _found(request, slug)
    return giving(request, row, back=row.get_absolute_url())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """GET says what closing means; only POST does it."""
    row = _found(request, slug)
    if request.method == "POST":
        causes.close(row, by=request.user)
        messages.success(request, _("Closed. It takes no more donations."))
        return redirect(row)
    return render(request, "payment/cause/close.html", {"cause": row, "sums": causes.sums(row)})


def _found(request: HttpRequest, slug: str) -> Cause:
    return get_object_or_404(Cause.objects.visible_to(request.user).select_related("keeper__profile"), slug=slug)
