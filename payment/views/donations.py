"""Supporting a person, what I give, what repeats, and stopping it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from payment import accounts, donations, donations_recurring
from payment.donation_forms import GiveForm
from payment.models import Cause, Pledge
from payment.views.answers import deposit_url, submit
from users.models import Profile

SHOWN = 30


@login_required
@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """What repeats, with its next day; what I gave; what I was given."""
    user = request.user
    given = Paginator(donations.of_giver(user), SHOWN).get_page(request.GET.get("page"))
    repeats = [
        (row, donations_recurring.next_renewal(row), donations_recurring.missed(row))
        for row in donations_recurring.of_giver(user)
    ]
    context = {"given": given, "repeats": repeats, "received": donations.to_person(user)[:SHOWN]}
    return render(request, "payment/donation/index.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def support(request: HttpRequest, slug: str) -> HttpResponse:
    """A donation to a person."""
    profile = get_object_or_404(Profile.objects.visible_to(request.user).select_related("user"), slug=slug)
    if not donations.receives(profile.user):
        raise Http404
    return give(request, profile.user, back=profile.get_absolute_url())


def give(request: HttpRequest, to: Any, *, back: str) -> HttpResponse:
    """The form of a donation to a person or a cause. POST gives it once, or says beside the field what is wrong."""
    fixed = to.currency if isinstance(to, Cause) else ""
    form = GiveForm(request.POST if request.method == "POST" else None, currency=fixed)
    status, missing = 200, ""
    if request.method == "POST":
        sent = submit(form, lambda: donations.give(request.user, to, **form.arguments()))
        if sent.done:
            messages.success(request, _("Given. Thank you."))
            return redirect(back)
        status, missing = sent.status, deposit_url(sent.refusal, request.path)
    mine = accounts.balances(request.user)
    names = [fixed] if fixed else list(mine)
    purses = [
        (name, mine.get(name, {"wallet": 0})["wallet"], donations.left_today(request.user, name)) for name in names
    ]
    first = {every: donations_recurring.first_renewal(every) for every in Pledge.Every.values}
    context = {
        "form": form, "to": to, "cause": to if isinstance(to, Cause) else None, "back": back, "purses": purses,
        "first": first, "notice": donations_recurring.notice(), "missing": missing,
    }  # fmt: skip
    return render(request, "payment/donation/form.html", context, status=status)


@login_required
@require_POST
def stop(request: HttpRequest, pk: Any) -> HttpResponse:
    """Stop what repeats, in one click."""
    row = get_object_or_404(Pledge.objects.visible_to(request.user), pk=pk)
    donations_recurring.stop(row, by=request.user)
    messages.success(request, _("Stopped. Nothing more is given."))
    return redirect("payment:donations")


@csrf_exempt  # from a mail, without signing in; the address is signed and can do nothing but stop
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def stop_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a notice: says what would be given when, with one button that stops it."""
    row = donations_recurring.stop_by_link(token) if request.method == "POST" else donations_recurring.by_link(token)
    context = {
        "pledge": row, "renewal": donations_recurring.next_renewal(row), "missed": donations_recurring.missed(row),
    }  # fmt: skip
    return render(request, "payment/donation/stop.html", context)
