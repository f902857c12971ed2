"""The wallet, deposits, and the rates."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.forms import DateField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from payment import accounts, deposits, labels, statement
from payment.forms import CardForm, DepositForm
from payment.gateways.sandbox import CARDS
from payment.models import Clearing, Deposit, Escrow
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
        "balances": accounts.balances(user)
        or {settings.DEFAULT_CURRENCY: {"wallet": 0, "pending": 0, "available": 0, "in_escrow": 0}},
        "clearing": clearing.order_by("due_at"),
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


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deposit_new(request: HttpRequest) -> HttpResponse:
    """How much."""
    then = _local(request)
    if request.method != "POST":
        initial = {name: request.GET[name] for name in ("amount", "currency") if name in request.GET}
        form = DepositForm(initial={"currency": settings.DEFAULT_CURRENCY, **initial})
        return render(request, "payment/deposit/form.html", {"form": form, "next": then})
    form = DepositForm(request.POST)
    if not form.is_valid():
        return render(request, "payment/deposit/form.html", {"form": form, "next": then}, status=422)
    deposit = deposits.request(request.user, form.cleaned_data["minor"], form.cleaned_data["currency"])
    return redirect(_page(deposit, then))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def deposit(request: HttpRequest, pk: Any) -> HttpResponse:
    """The card, the bank's question, or how it ended. A repeated POST charges nothing again."""
    row = get_object_or_404(Deposit.objects.visible_to(request.user), pk=pk)
    form = CardForm(request.POST if request.method == "POST" and row.status == "requested" else None)
    status = 200
    if request.method == "POST":
        try:
            if row.status == Deposit.Status.NEEDS_CONFIRMATION:
                deposits.confirm(row, approved=request.POST.get("answer") == "yes")
                return redirect(_page(row, _local(request)))
            if row.status == Deposit.Status.REQUESTED and form.is_valid():
                deposits.pay(row, card=form.cleaned_data["card"])
                return redirect(_page(row, _local(request)))
        except Malformed as refusal:
            form.add_error("card", str(refusal.sentence))
        if row.status in ("settled", "failed"):
            return redirect(_page(row, _local(request)))
        status = 422
    cards = [
        (f"{number[:4]} {number[4:8]} {number[8:12]} {number[12:]}", label) for number, (_s, label) in CARDS.items()
    ]
    context = {"deposit": row, "form": form, "cards": cards, "next": _local(request)}
    return render(request, "payment/deposit/show.html", context, status=status)


@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    """The rates in force."""
    rules = settings.SKILLLINK
    context = {"freelancer_bps": rules["FREELANCER_FEE_BPS"], "client_bps": rules["CLIENT_FEE_BPS"], "example": 160000}
    return render(request, "payment/fees.html", context)


def _page(deposit: Deposit, then: str) -> str:
    address = reverse("payment:deposit", args=[deposit.pk])
    return f"{address}?{urlencode({'next': then})}" if then else address


def _local(request: HttpRequest) -> str:
    """Where to go back to, if that is an address of this site."""
    then = request.POST.get("next") or request.GET.get("next") or ""
    safe = then.startswith("/") and url_has_allowed_host_and_scheme(then, allowed_hosts=None)
    return then if safe else ""


def _day(request: HttpRequest, name: str) -> Any:
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        return DateField().clean(text)
    except ValidationError as error:
        raise Malformed() from error
