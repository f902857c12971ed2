"""Money out: bank accounts, payouts with their place in the queue, and what is owed after a chargeback."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from payment import accounts, causes, chargebacks, gateways, payout_holds, payout_methods, payouts
from payment.forms import MethodForm, PayoutForm, WishForm
from payment.gateways.sandbox.cards import BANKS
from payment.models import Cause, Payout, PayoutMethod
from payment.views.answers import answered, submit
from skilllink import money
from skilllink.clocks import now
from users.proof import signed_in_at

SHOWN = 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)
def index(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The bank accounts and payouts of my own, or of a cause that I keep; POST asks for one, after a recent sign-in."""
    cause = _cause(request, slug)
    mine = payout_methods.of(request.user, cause)
    form = PayoutForm(request.POST if request.method == "POST" else None, methods=mine)
    status = 200
    if request.method == "POST":
        sent = submit(form, lambda: payouts.request(request.user, **form.arguments()))
        if sent.done:
            return redirect("payment:payout", pk=sent.done.pk)
        status = sent.status
    rows = Payout.objects.of(request.user, cause).select_related("method")[:SHOWN]
    used = sorted({method.currency for method in mine})
    context = {
        "cause": cause,
        "form": form,
        "methods": mine,
        "payouts": [(row, outlook(row)) for row in rows],
        "hold": payout_holds.in_force(request.user),
        "available": _available(request.user, cause),
        "minimums": [(name, payouts.least(name)) for name in used],
        "batch": payouts.next_batch(),
        "now": now(),
    }
    return render(request, "payment/payout/index.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD"])
def show(request: HttpRequest, pk: Any) -> HttpResponse:
    """One payout: where it stands, what comes next, and what happens if nobody acts."""
    row = get_object_or_404(Payout.objects.visible_to(request.user).select_related("method", "cause"), pk=pk)
    context = {
        "payout": row,
        "all": payout_methods.page(row.cause),
        "outlook": outlook(row),
        "hold": payout_holds.in_force(request.user),
    }
    return render(request, "payment/payout/show.html", context)


@login_required
@require_POST
def cancel(request: HttpRequest, pk: Any) -> HttpResponse:
    """Out of the queue, back to where it came from."""
    row = get_object_or_404(Payout.objects.visible_to(request.user), pk=pk)
    payouts.cancel(row, by=request.user)
    of_cause = _("Cancelled. The money is in the cause’s account again.")
    messages.success(request, of_cause if row.cause_id else _("Cancelled. The money is in your earnings again."))
    return redirect("payment:payout", pk=row.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)
def methods(request: HttpRequest, slug: str = "") -> HttpResponse:
    """A new bank account, of my own or of a cause that I keep."""
    hosted, cause = gateways.current().hosted, _cause(request, slug)
    holder = cause.title if cause else getattr(request.user, "name", "")
    initial, only = {"currency": settings.DEFAULT_CURRENCY, "holder": holder}, cause.currency if cause else ""
    form = MethodForm(request.POST if request.method == "POST" else None, hosted=hosted, currency=only, initial=initial)
    status = 200
    if request.method == "POST":
        with answered(_("The payment provider doesn’t answer. Nothing was added; try again in a minute.")):
            sent = submit(form, lambda: payout_methods.add(request.user, cause=cause, **form.cleaned_data))
        if sent.done:
            return _onboard(sent.done) if hosted else redirect(payout_methods.page(cause))
        status = sent.status
    banks = [] if hosted else list(BANKS.items())
    context = {"form": form, "banks": banks, "hosted": hosted, "cause": cause, "back": payout_methods.page(cause)}
    return render(request, "payment/payout/method.html", context, status=status)


@login_required
@require_POST
@reauthentication_required
def confirm(request: HttpRequest, pk: Any) -> HttpResponse:
    """Make a bank account usable after the wait; needs a recent sign-in, and at the gateway nothing more."""
    row = get_object_or_404(PayoutMethod.objects.visible_to(request.user), pk=pk)
    try:
        with answered(_("The payment provider doesn’t answer. Nothing was changed; try again in a minute.")):
            payout_methods.confirm(row, by=request.user, signed_in_at=signed_in_at(request))
    except payout_methods.NotReady:
        return _onboard(row)
    messages.success(request, _("Confirmed. It can be used after the wait; your addresses have been told."))
    return redirect(payout_methods.page(row.cause))


@login_required
@require_POST
def end(request: HttpRequest, pk: Any) -> HttpResponse:
    """Use a bank account no more."""
    row = get_object_or_404(PayoutMethod.objects.visible_to(request.user), pk=pk)
    payout_methods.end(row, by=request.user)
    messages.success(request, _("Removed."))
    return redirect(payout_methods.page(row.cause))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def repay(request: HttpRequest) -> HttpResponse:
    """Pay what I owe after a chargeback, from my wallet."""
    asked = request.POST.get("currency") or request.GET.get("currency", "")
    currency = asked if asked in settings.CURRENCIES else settings.DEFAULT_CURRENCY
    line = accounts.balances(request.user).get(currency, dict.fromkeys(accounts.LINE, 0))
    initial = {"amount": money.plain(min(line["owed"], line["wallet"]), currency)}
    form = WishForm(request.POST if request.method == "POST" else None, currency=currency, initial=initial)
    status = 200
    if request.method == "POST":
        sent = submit(
            form, lambda: chargebacks.repay(request.user, currency=currency, **form.arguments()), at="amount"
        )  # fmt: skip
        if sent.done:
            messages.success(request, _("Paid. Thank you."))
            return redirect("payment:wallet")
        status = sent.status
    context = {"form": form, "currency": currency, "line": line}
    return render(request, "payment/wallet/owed.html", context, status=status)


def _cause(request: HttpRequest, slug: str) -> Cause | None:
    """The cause of this address, if it names one: only its keeper finds it. Raises payout_methods.NotVerified."""
    if not slug:
        return None
    found = get_object_or_404(Cause.objects.filter(keeper=request.user.pk), slug=slug)
    payout_methods.require_verified(found)
    return found


def _available(user: Any, cause: Cause | None) -> list[tuple[int, str]]:
    """What can be paid out, minor units and currency."""
    if cause is not None:
        return [(causes.sums(cause)["left"], cause.currency)]
    lines = accounts.balances(user).items()
    return [(line["available"], currency) for currency, line in lines if line["available"]]


def outlook(row: Payout) -> dict[str, Any]:
    """What `payment/payout/_state.html` says of what comes next."""
    return {"place": payouts.place(row), "waits": payouts.waits_for(row), "promise": payouts.promise(row)}


def _onboard(row: PayoutMethod) -> HttpResponse:
    """On to the gateway's page, where the bank account is named; it leads back to the payouts."""
    with answered(_("The payment provider doesn’t answer. The account is kept; confirm it in a minute to go on.")):
        return redirect(payout_methods.onboarding(row, settings.SITE_URL + payout_methods.page(row.cause)))
