"""The one page that belongs to no app: home."""

from datetime import timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from projects.models import Bid, Contract, Gig
from skilllink import moves
from skilllink.money import fee_on, format_money
from users.people import profile_of

DAY = timedelta(days=1)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Visitors get to know the place; whoever is signed in sees what waits for them."""
    return _your_moves(request) if request.user.is_authenticated else _landing(request)


def _landing(request: HttpRequest) -> HttpResponse:
    gigs = Gig.objects.visible_to(request.user).filter(status=Gig.Status.OPEN)
    figures = [
        {"label": _("Gigs open now"), "value": gigs.count()},
        {"label": _("Bids on them"), "value": Bid.objects.live().filter(gig__status=Gig.Status.OPEN).count()},
        {"label": _("Contracts running"), "value": Contract.objects.exclude(status="closed").count()},
    ]
    newest = gigs.select_related("category").order_by("-posted_at")[:6]
    return render(request, "landing.html", {"figures": figures, "gigs": newest, "example": _example()})


def _example() -> dict[str, Any]:
    """One milestone's life by the rules as they stand: days counted from the funding, the net in minor units of USD."""
    rules, delivered = settings.SKILLLINK, 12
    released = delivered + ceil(rules["REVIEW_WINDOW"] / DAY)
    gross = 160000
    return {
        "gross": gross,
        "out": -gross,
        "net": format_money(gross - fee_on(gross, rules["FREELANCER_FEE_BPS"]), "USD"),
        "delivered": delivered,
        "reminded": delivered + ceil(rules["REVIEW_WINDOW"] / DAY / 2),
        "released": released,
        "cleared": released + ceil(rules["CLEARING"] / DAY),
    }


def _your_moves(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    profile = profile_of(user)
    mine, theirs = moves.of(user)
    contracts = Contract.objects.visible_to(user).exclude(status="closed").select_related("client", "freelancer")
    context = {
        "mine": mine,
        "theirs": theirs,
        "contracts": contracts.order_by("-pk")[:6],
        "bids": Bid.objects.live().filter(freelancer=user).select_related("gig").order_by("-pk")[:6],
        "gigs": Gig.objects.filter(client=user).exclude(status__in=("closed", "expired")).order_by("-pk")[:6],
        "checklist": _checklist(user, profile),
    }
    return render(request, "home.html", context)


def _checklist(user: Any, profile: Any) -> list[dict[str, Any]]:
    """First steps that are not done yet, each with its address."""
    steps = [
        (profile.onboarded, _("Say who you are"), "/welcome/"),
        (bool(profile.headline), _("Give your profile a headline"), "/settings/"),
    ]
    if user.is_client:
        steps.append((Gig.objects.filter(client=user).exists(), _("Post your first gig"), "/gigs/new/"))
    if user.is_freelancer:
        steps.append((profile.skills.exists(), _("Name your skills"), "/settings/"))
        steps.append((Bid.objects.filter(freelancer=user).exists(), _("Send your first bid"), "/gigs/"))
    return [{"label": label, "url": url} for done, label, url in steps if not done]
