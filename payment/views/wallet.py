"""The wallet, and the rates."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from payment import accounts, chart, forecast, labels, payout_holds, statement
from payment.models import Account, Clearing, Escrow, Payout
from payment.views.payouts import outlook

MOST = 50  # rows of one kind on the wallet's page
NEWEST = 10  # lines of the statement on the wallet's page


@login_required
@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """What I have, what clears when, what is held for what, and every movement."""
    user: Any = request.user
    held = list(Escrow.objects.filter(Q(payer=user) | Q(payee=user), held__gt=0).order_by("-pk")[:MOST])
    clearing = list(_clearing(user))
    names = labels.of({row.pk for row in held} | {row.escrow_id for row in clearing})
    named = [(row, *names.get(row.pk, (row.get_kind_display(), ""))) for row in held]
    leaving = list(Payout.objects.of(user).filter(status__in=Payout.RESERVED).select_related("method")[:MOST])
    expected = forecast.of(user)
    months = forecast.months(user, expected)
    context = {
        "balances": accounts.balances(user) or {settings.DEFAULT_CURRENCY: dict.fromkeys(accounts.LINE, 0)},
        "clearing": [(row, *names.get(row.escrow_id, (row.escrow.get_kind_display(), ""))) for row in clearing],
        "leaving": [(row, outlook(row)) for row in leaving],
        "hold": payout_holds.in_force(user) if leaving else None,
        "held": [line for line in named if line[0].payer_id == user.pk],
        "coming": [line for line in named if line[0].payee_id == user.pk],
        "charts": [chart.draw(rows, currency) for currency, rows in months.items()],
        "expected": [row for row in expected if row.place != Account.Kind.AVAILABLE],  # that is listed as clearing
        "lines": statement.lines(statement.entries(user)[:NEWEST], user),
    }
    return render(request, "payment/wallet/index.html", context)


def _clearing(user: Any) -> Any:
    rows = Clearing.objects.filter(escrow__payee=user, cleared_at__isnull=True, amount__gt=0)
    return rows.select_related("escrow").order_by("due_at")[:MOST]


@login_required
@require_safe
def purse(request: HttpRequest) -> HttpResponse:
    """The figure in the header: what I can spend or take out."""
    found = accounts.balances(request.user)
    currency = settings.DEFAULT_CURRENCY if settings.DEFAULT_CURRENCY in found or not found else next(iter(found))
    mine = found.get(currency, {"wallet": 0, "available": 0})
    context = {"amount": mine["wallet"] + mine["available"], "currency": currency}
    return render(request, "payment/wallet/_purse.html", context)
