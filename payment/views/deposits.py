"""Money in: how much, the card, how it ended; and back to its source."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from payment import deposit_returns, deposits, gateways
from payment.forms import AmountForm, CardForm, WishForm
from payment.gateways.sandbox.cards import CARDS
from payment.models import Deposit
from payment.views.answers import answered, submit
from skilllink import money
from skilllink.errors import Malformed


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """How much."""
    then = _local(request)
    if request.method != "POST":
        initial = {name: request.GET[name] for name in ("amount", "currency") if name in request.GET}
        form = AmountForm(initial={"currency": settings.DEFAULT_CURRENCY, **initial})
        return render(request, "payment/deposit/form.html", {"form": form, "next": then})
    form = AmountForm(request.POST)
    if form.is_valid():
        try:
            made = deposits.request(request.user, form.cleaned_data["minor"], form.cleaned_data["currency"])
            return redirect(_page(made, then))
        except money.BadAmount as refusal:
            form.add_error("amount", str(refusal.sentence))
    return render(request, "payment/deposit/form.html", {"form": form, "next": then}, status=422)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: Any) -> HttpResponse:
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
        if row.ended_at is not None:
            return redirect(_page(row, _local(request)))
        status = 422
    return render(request, "payment/deposit/show.html", _context(request, row, form), status=status)


@login_required
@require_POST
def page(request: HttpRequest, pk: Any) -> HttpResponse:
    """Have the payment provider's page made; the deposit's own page then leads there."""
    row = get_object_or_404(Deposit.objects.visible_to(request.user), pk=pk)
    with answered(_("The payment provider doesn’t answer. Nothing was charged; try again in a minute.")):
        deposits.checkout(row)
    return redirect(_page(row, _local(request)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def give_back(request: HttpRequest, pk: Any) -> HttpResponse:
    """Unspent money back to the card it came from."""
    row = get_object_or_404(Deposit.objects.visible_to(request.user), pk=pk)
    left = deposit_returns.returnable(row)
    initial = {"amount": money.plain(left, row.currency)}
    form = WishForm(request.POST if request.method == "POST" else None, currency=row.currency, initial=initial)
    status = 200
    if request.method == "POST":
        sent = submit(form, lambda: deposit_returns.request(row, by=request.user, **form.arguments()), at="amount")
        if sent.done:
            messages.success(request, _("It is on its way back. Your bank shows it in a few days."))
            return redirect("payment:deposit", pk=row.pk)
        status = sent.status
    context = {"deposit": row, "form": form, "left": left}
    return render(request, "payment/deposit/return.html", context, status=status)


def _context(request: HttpRequest, row: Deposit, form: CardForm) -> dict[str, Any]:
    cards = [(f"{number[:4]} {number[4:8]} {number[8:12]} {number[12:]}", card.label) for number, card in CARDS.items()]
    return {
        "deposit": row,
        "form": form,
        "cards": cards,
        "hosted": gateways.of(row.gateway).hosted,
        "returns": row.returns.all(),
        "chargebacks": row.chargebacks.all(),
        "returnable": deposit_returns.returnable(row),
        "next": _local(request),
    }


def _page(deposit: Deposit, then: str) -> str:
    address = reverse("payment:deposit", args=[deposit.pk])
    return f"{address}?{urlencode({'next': then})}" if then else address


def _local(request: HttpRequest) -> str:
    """Where to go back to, if that is an address of this site."""
    then = request.POST.get("next") or request.GET.get("next") or ""
    safe = then.startswith("/") and url_has_allowed_host_and_scheme(then, allowed_hosts=None)
    return then if safe else ""
