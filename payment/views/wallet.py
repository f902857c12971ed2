"""The wallet, and the rates."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.forms import DateField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from payment import accounts, labels, statement
from payment.models import Clearing, Escrow, Payout
from skilllink.errors import Malformed


@login_required
@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """What I have, what clears when, what is held for what, and every movement."""
    user = request.user
    held = list(Escrow.objects.filter(payer=user, held__gt=0).order_by("-pk")[:50])
    names = labels.of(row.pk for row in held)
    kind = request.GET.get("kind", "")
    rows = statement.entries(user, kind=kind, since=_day(request, "since"), until=_day(request, "until"))
    page = Paginator(rows, 30).get_page(request.GET.get("page"))
    clearing = Clearing.objects.filter(escrow__payee=user, cleared_at__isnull=True, amount__gt=0).select_related(
        "escrow"
    )
    context = {
        "balances": accounts.balances(user) or {settings.DEFAULT_CURRENCY: dict.fromkeys(accounts.LINE, 0)},
        "clearing": clearing.order_by("due_at"),
        "leaving": Payout.objects.filter(user=user, status__in=Payout.RESERVED).select_related("method"),
        "held": [(row, *names.get(row.pk, (row.get_kind_display(), ""))) for row in held],
        "page": page,
        "lines": statement.lines(page.object_list),
        "kinds": statement.KINDS,
        "kind": kind,
    }
    return render(request, "payment/wallet/index.html", context)


@login_required
@require_safe
def purse(request: HttpRequest) -> HttpResponse:
    """The figure in the header: what I can spend or take out."""
    found = accounts.balances(request.user)
    currency = settings.DEFAULT_CURRENCY if settings.DEFAULT_CURRENCY in found or not found else next(iter(found))
    mine = found.get(currency, {"wallet": 0, "available": 0})
    context = {"amount": mine["wallet"] + mine["available"], "currency": currency}
    return render(request, "payment/wallet/_purse.html", context)


@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    """The rates in force."""
    rules = settings.SKILLLINK
    context = {"freelancer_bps": rules["FREELANCER_FEE_BPS"], "client_bps": rules["CLIENT_FEE_BPS"], "example": 160000}
    return render(request, "payment/fees.html", context)


def _day(request: HttpRequest, name: str) -> Any:
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        return DateField().clean(text)
    except ValidationError as error:
        raise Malformed() from error
