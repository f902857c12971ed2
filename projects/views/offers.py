"""Pages of offers: making one with its confirm step, reading it, answering or countering it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from payment import accounts
from payment.views.answers import deposit_url
from projects import bid_fields, offers
from projects.gig_forms import OfferForm
from projects.models import Bid, Offer
from projects.views import bids as bid_pages
from projects.views.answers import see, seen
from skilllink import money
from skilllink.errors import Forbidden, Missing, Refusal


def found(request: HttpRequest, pk: Any) -> Offer:
    """An offer, for its two parties; anyone else gets 404."""
    rows = Offer.objects.visible_to(request.user).select_related(
        "bid__gig__client", "bid__freelancer", "made_by", "escrow", "contract"
    )
    return get_object_or_404(rows, pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, pk: Any) -> HttpResponse:
    bid = bid_pages.found(request, pk)
    if bid.gig.client_id != request.user.pk:
        raise offers.NotYours()
    return _terms_page(
        request, bid, bid, lambda values: offers.make(bid, by=request.user, version=seen(request), **values)
    )


@login_required
@require_http_methods(["GET", "POST"])
def counter(request: HttpRequest, pk: Any) -> HttpResponse:
    offer = found(request, pk)
    if offer.made_by_id == request.user.pk:
        raise offers.NotYours()
    return _terms_page(
        request,
        offer.bid,
        offer,
        lambda values: offers.counter(offer, by=request.user, version=seen(request), **values),
    )


def _terms_page(request: HttpRequest, bid: Bid, source: Any, act: Any) -> HttpResponse:
    """The form; its POST is the confirm step first (what is held, what they get), then with `confirmed` the act."""
    is_client = bid.gig.client_id == request.user.pk
    answering = source if isinstance(source, Offer) else None
    start = {"amount": money.plain(source.amount, bid.currency), "days": source.days, "hours": source.hours}
    start["hold"] = "first"
    if answering:
        start |= {"hold": answering.hold, "review_days": answering.review_days or None}
    if request.method == "POST":
        form = OfferForm(request.POST, gig=bid.gig)
    else:
        form = OfferForm(initial=start, gig=bid.gig, steps=source.milestones)
    status, refusal, confirm = 200, None, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                values = form.values()
                if "confirmed" in request.POST:
                    return see(act(values).get_absolute_url())
                confirm, status = _confirm(bid, values), 200
            except (Forbidden, Missing):
                raise
            except Refusal as error:
                form.refuse(error)
                refusal, status = error, error.status
    facts = {
        "form": form,
        "bid": bid,
        "gig": bid.gig,
        "source": source,
        "answering": answering,
        "is_client": is_client,
        "confirm": confirm,
        "refusal": refusal,
        "deposit_url": deposit_url(refusal, request.path),
        "wallet": accounts.in_wallet(request.user, bid.currency) if is_client else None,
    }
    return render(request, "projects/offer/form.html", facts, status=status)


def _confirm(bid: Bid, values: dict[str, Any]) -> dict[str, Any]:
    if "hours" in values:
        return values | {"held": money.check_minor(values["amount"] * values["hours"])}
    steps = bid_fields.steps(values["milestones"], values["amount"], bid.currency)
    first = steps[0]["amount"] if steps else values["amount"]
    return {"amount": values["amount"], "held": values["amount"] if values["hold"] == "all" else first, "steps": steps}


@login_required
@require_GET
@never_cache
def show(request: HttpRequest, pk: Any) -> HttpResponse:
    return render(request, "projects/offer/show.html", _facts(request, found(request, pk)))


def _facts(request: HttpRequest, offer: Offer) -> dict[str, Any]:
    is_client = offer.bid.gig.client_id == request.user.pk
    held = offer.escrow.held if offer.escrow and offer.status == "sent" else 0
    return {
        "offer": offer,
        "bid": offer.bid,
        "gig": offer.bid.gig,
        "is_client": is_client,
        "mine": offer.made_by_id == request.user.pk,
        "held": held,
        "top_up": max(0, offer.to_hold - held),
        "other": offer.bid.freelancer if is_client else offer.bid.gig.client,
        "rounds": list(offer.bid.offers.order_by("round", "id").select_related("made_by")),
        "last_round": offer.round >= offers.rule("OFFER_ROUNDS"),
    }


@login_required
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, pk: Any) -> HttpResponse:
    offer = found(request, pk)
    refusal, status = None, 200
    if request.method == "POST":
        try:
            return see(offers.accept(offer, by=request.user, version=seen(request)).get_absolute_url())
        except (Forbidden, Missing):
            raise
        except Refusal as error:
            refusal, status = error, error.status
            offer = found(request, pk)
    elif offer.made_by_id == request.user.pk:
        raise offers.NotYours()
    facts = _facts(request, offer) | {"refusal": refusal, "deposit_url": deposit_url(refusal, request.path)}
    return render(request, "projects/offer/accept.html", facts, status=status)


@login_required
@require_POST
def decline(request: HttpRequest, pk: Any) -> HttpResponse:
    offer = found(request, pk)
    offers.decline(offer, by=request.user, reason=request.POST.get("reason", ""), version=seen(request))
    return see(offer.get_absolute_url())


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: Any) -> HttpResponse:
    offer = found(request, pk)
    offers.withdraw(offer, by=request.user, version=seen(request))
    return see(offer.get_absolute_url())
