"""Pages of bids: writing one, changing it, reading it, and what the client does with it."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from projects import attachments, bid_changes, bids
from projects.gig_forms import BidForm
from projects.models import Bid, BidFile
from projects.rules import rule
from projects.views import gigs as gig_pages
from projects.views.answers import see, seen
from skilllink import files, money
from skilllink.errors import Forbidden, Missing, Refusal


def found(request: HttpRequest, pk: Any) -> Bid:
    """A whole bid, for its author and the client; anyone else gets 404."""
    rows = Bid.objects.visible_to(request.user).select_related(
        "gig", "gig__client", "freelancer", "freelancer__profile"
    )
    return get_object_or_404(rows, pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, pk: Any) -> HttpResponse:
    gig = gig_pages.found(request, pk)
    form = BidForm(request.POST or None, request.FILES or None, gig=gig)
    return _form_page(request, form, gig, lambda: bids.submit(gig, request.user, files=_files(form), **form.values()))


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: Any) -> HttpResponse:
    bid = found(request, pk)
    if bid.freelancer_id != request.user.pk:
        raise bids.NotYours()
    if request.method == "POST":
        form = BidForm(request.POST, request.FILES, gig=bid.gig)
    else:
        start = {
            "amount": money.plain(bid.amount, bid.currency),
            "days": bid.days,
            "hours": bid.hours,
            "letter": bid.letter,
            "challenge_answer": bid.challenge_answer,
        }
        form = BidForm(gig=bid.gig, initial=start, steps=bid.milestones, answers=bid.answers)

    def change() -> Bid:
        given = {"files": _files(form), "version": seen(request)}
        return bids.revise(bid, by=request.user, **given, **form.values())

    return _form_page(request, form, bid.gig, change, bid=bid)


def _files(form: BidForm) -> list[Any]:
    return attachments.taken(form.cleaned_data["files"], limit=rule("FILES_PER_BID"))


def _form_page(
    request: HttpRequest, form: BidForm, gig: Any, act: Callable[[], Bid], bid: Bid | None = None
) -> HttpResponse:
    status, refused = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                act()
                return see(gig.get_absolute_url())
            except (Forbidden, Missing):
                raise
            except Refusal as refusal:
                form.refuse(refusal)
                status, refused = refusal.status, refusal
    facts = {"form": form, "refusal": refused, "gig": gig, "bid": bid, "fee_bps": rule("FREELANCER_FEE_BPS")}
    return render(request, "projects/bid/form.html", facts, status=status)


@login_required
@require_GET
@never_cache
def show(request: HttpRequest, pk: Any) -> HttpResponse:
    bid = found(request, pk)
    is_client = bid.gig.client_id == request.user.pk
    if is_client and bid.viewed_at is None:
        bid.viewed_at = bids.mark_viewed(bid, by=request.user).viewed_at
    facts = {
        "bid": bid,
        "gig": bid.gig,
        "is_client": is_client,
        "answers": list(zip(bid.gig.questions, bid.answers, strict=False)),
        "files": bid.files.all(),
        "versions": bid_changes.history(bid),
        "offer": bid.offers.filter(status="sent").first(),
        "can_offer": is_client and bid.status in ("submitted", "shortlisted") and bid.gig.status in ("open", "paused"),
    }
    return render(request, "projects/bid/show.html", facts)


@login_required
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    rows = Bid.objects.filter(freelancer=request.user).select_related("gig", "gig__client").order_by("-submitted_at")
    return render(request, "projects/bid/mine.html", {"bids": rows[:200]})


@login_required
@require_http_methods(["GET", "POST"])
def decline(request: HttpRequest, pk: Any) -> HttpResponse:
    bid = found(request, pk)
    status, refused, reason = 200, None, request.POST.get("reason", "")
    if request.method == "POST":
        try:
            bids.decline(bid, by=request.user, reason=reason)
            return see(bid.gig.get_absolute_url())
        except (Forbidden, Missing):
            raise
        except Refusal as refusal:
            status, refused = refusal.status, refusal
    elif bid.gig.client_id != request.user.pk:
        raise bids.NotYours()
    facts = {"bid": bid, "gig": bid.gig, "refusal": refused, "reason": reason}
    return render(request, "projects/bid/decline.html", facts, status=status)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: Any) -> HttpResponse:
    bid = found(request, pk)
    bids.withdraw(bid, by=request.user)
    return see(bid.gig.get_absolute_url())


@login_required
@require_POST
def shortlist(request: HttpRequest, pk: Any) -> HttpResponse:
    bid = found(request, pk)
    bids.shortlist(bid, by=request.user, on=request.POST.get("on", "1") == "1")
    return see(_back(request, bid))


@login_required
@require_POST
def archive(request: HttpRequest, pk: Any) -> HttpResponse:
    bid = found(request, pk)
    bids.archive(bid, by=request.user, on=request.POST.get("on", "1") == "1")
    return see(_back(request, bid))


@login_required
@require_POST
def room(request: HttpRequest, pk: Any) -> HttpResponse:
    opened = bids.open_room(found(request, pk), by=request.user)
    return see(opened.get_absolute_url())


@login_required
@require_GET
def file(request: HttpRequest, pk: Any) -> HttpResponse:
    row = get_object_or_404(BidFile.objects.visible_to(request.user), pk=pk)
    return files.serve(request, row.file, row.name, mime=row.mime)


def _back(request: HttpRequest, bid: Bid) -> str:
    return bid.get_absolute_url() if request.POST.get("back") == "bid" else bid.gig.get_absolute_url()
