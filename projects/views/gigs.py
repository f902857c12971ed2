"""Pages of gigs: the list, a gig with its live board, the form, comparing bids, the client's acts."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from projects import attachments, bids, credibility, gig_list, gigs, live_board
from projects import questions as gig_questions
from projects.gig_forms import GigForm
from projects.models import Bid, Gig, GigFile, Offer
from projects.rules import rule
from projects.views.answers import see, seen
from skilllink import files, ids
from skilllink.clocks import now
from skilllink.errors import Forbidden, Missing, Refusal, TooLarge
from skilllink.markdown import render as markdown
from users.models import Skill


def found(request: HttpRequest, pk: Any) -> Gig:
    """The gig, if this person may open it; a stranger gets 404."""
    rows = Gig.objects.visible_to(request.user).select_related("client", "client__profile", "category", "cause")
    return get_object_or_404(rows, pk=pk)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    base = gig_list.board(request.user, request.GET)
    rows, after = gig_list.page(gig_list.filtered(base, request.GET), request.GET)
    query = request.GET.copy()
    query.pop("after", None)
    facts = {
        "gigs": rows,
        "after": after,
        "query": query.urlencode(),
        "q": request.GET.get("q", "")[:200],
        "since": now().isoformat(),
        "kept": [
            (name, request.GET[name])
            for name in ("category", "experience", "skill", "pro_bono", "sort")
            if name in request.GET
        ],
        "sorts": gig_list.sorts(request.GET),
    }
    if request.GET.get("after") and request.htmx:  # type: ignore[attr-defined]
        return render(request, "projects/gig/_page.html", facts)
    facts["chips"] = gig_list.chips(base, request.GET)
    template = "projects/gig/_results.html" if request.htmx else "projects/gig/index.html"  # type: ignore[attr-defined]
    return render(request, template, facts)


@require_GET
@never_cache
def arrivals(request: HttpRequest) -> HttpResponse:
    """How many gigs came since the list was opened, and the newest one's title."""
    rows = list(gig_list.since(request.user, request.GET)[:21])
    query = request.GET.copy()
    since = query.pop("since", [""])[-1]
    return render(
        request,
        "projects/gig/_arrivals.html",
        {"count": len(rows), "newest": rows[0] if rows else None, "query": query.urlencode(), "since": since},
    )


def page_facts(request: HttpRequest, gig: Gig) -> dict[str, Any]:
    """What the live parts of a gig's page show."""
    board = live_board.board_for(gig, request.user)
    offer = None
    if board.mine is not None:
        offer = Offer.objects.filter(bid_id=board.mine.bid_id, status="sent").first()
    return {
        "gig": gig,
        "board": board,
        "offer": offer,
        "is_client": request.user.is_authenticated and request.user.pk == gig.client_id,
        "can_bid": gig.is_open_for_bids
        and request.user.is_authenticated
        and request.user.pk != gig.client_id
        and getattr(request.user, "is_freelancer", False)
        and (board.mine is None or board.mine.bid.status == "withdrawn"),
        "fresh_since": now(),
    }


@require_GET
@never_cache
def show(request: HttpRequest, pk: Any, slug: str = "") -> HttpResponse:
    gig = found(request, pk)
    if gig.status == Gig.Status.DRAFT:
        return see(f"/gigs/{gig.pk}/edit/")
    tab = "bids" if request.GET.get("tab") == "bids" else "work"
    facts = page_facts(request, gig) | {
        "facts": credibility.card(gig.client),
        "skills": gig.skills.all(),
        "files": gig.files.all(),
        "tab": tab,
    }
    return render(request, "projects/gig/show.html", facts)


@require_GET
@never_cache
def part(request: HttpRequest, pk: Any, name: str) -> HttpResponse:
    """One live part of the page, fetched again when something happened."""
    if name not in ("board", "folio", "bar"):
        raise Missing()
    return render(request, f"projects/gig/_{name}.html", page_facts(request, found(request, pk)))


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: Any) -> HttpResponse:
    gig = found(request, pk)
    if gig.client_id != request.user.pk:
        raise gigs.NotYours()
    return _form(request, gig)


def _form(request: HttpRequest, gig: Gig | None) -> HttpResponse:
    status, refused = 200, None
    is_draft = gig is None or gig.status == Gig.Status.DRAFT
    if request.method == "POST":
        form = GigForm(request.POST, request.FILES, by=request.user if is_draft else None)
        if form.is_valid():
            try:
                saved = _save(request, form, gig, is_draft)
                return see("/gigs/mine/" if "keep" in request.POST else saved.get_absolute_url())
            except (Forbidden, Missing):
                raise
            except Refusal as refusal:
                form.refuse(refusal)
                status, refused = refusal.status, refusal
        else:
            status = 422
    else:
        form = GigForm(
            initial=GigForm.of(gig) if gig else {"kind": "fixed", "visibility": "public", "board_mode": "sealed"},
            by=request.user if is_draft else None,
        )
    facts = {
        "form": form,
        "refusal": refused,
        "gig": gig,
        "is_draft": is_draft,
        "skills": Skill.objects.order_by("name").values_list("name", flat=True),
        "files": gig.files.all() if gig else [],
    }
    return render(request, "projects/gig/form.html", facts, status=status)


def _save(request: HttpRequest, form: GigForm, gig: Gig | None, is_draft: bool) -> Gig:
    values, uploads = form.values(), attachments.taken(form.cleaned_data["files"], limit=rule("FILES_PER_GIG"))
    if not is_draft:
        return gigs.edit(gig, by=request.user, files=uploads, version=seen(request), **values)
    if "keep" in request.POST:
        return gigs.save_draft(request.user, gig, files=uploads, **values)
    return gigs.post(request.user, draft=gig, files=uploads, **values)


@login_required
@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """What is typed is kept while it is typed. Answers where the draft lives; files wait for the whole form."""
    form = GigForm(request.POST, by=request.user)
    key = request.POST.get("draft", "")
    gig = get_object_or_404(Gig, pk=ids.read(key), client=request.user, status="draft") if key else None
    if not form.is_valid():
        return JsonResponse({"kept": False})
    saved = gigs.save_draft(request.user, gig, **form.values())
    return JsonResponse({"kept": True, "draft": str(saved.pk), "url": f"/gigs/{saved.pk}/edit/"})


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The brief or letter as it will look."""
    text = request.POST.get("text", "")
    if len(text) > 10_000:
        raise TooLarge()
    return HttpResponse(f'<div class="prose">{markdown(text)}</div>')


COMPARED = 5
ACTS = {"pause": gigs.pause, "resume": gigs.resume, "renew": gigs.renew}


@login_required
@require_POST
def act(request: HttpRequest, pk: Any, name: str) -> HttpResponse:
    gig = found(request, pk)
    ACTS[name](gig, by=request.user)
    return see(gig.get_absolute_url())


@login_required
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, pk: Any) -> HttpResponse:
    gig = found(request, pk)
    if request.method == "POST":
        gigs.close(gig, by=request.user)
        return see(gig.get_absolute_url())
    if gig.client_id != request.user.pk:
        raise gigs.NotYours()
    return render(request, "projects/gig/close.html", {"gig": gig})


@login_required
@require_POST
def questions(request: HttpRequest, pk: Any) -> HttpResponse:
    """The room where everyone who sees the gig asks about it."""
    return see(gig_questions.open_room(found(request, pk), by=request.user).get_absolute_url())


@login_required
@require_POST
def invite(request: HttpRequest, pk: Any) -> HttpResponse:
    """Invite a freelancer by the address of their profile or its last part."""
    gig = found(request, pk)
    person = gigs.invitee(request.POST.get("person", ""), by=request.user)
    gigs.invite(gig, person, by=request.user)
    return see(gig.get_absolute_url())


@login_required
@require_GET
@never_cache
def compare(request: HttpRequest, pk: Any) -> HttpResponse:
    """Up to five bids side by side, for the client, who picks them; the shortlist first until then."""
    gig = found(request, pk)
    if gig.client_id != request.user.pk:
        raise gigs.NotYours()
    rows = [row for row in live_board.board_for(gig, request.user).rows if not row.gone]
    picked = set(request.GET.getlist("bid"))
    chosen = [row for row in rows if str(row.bid_id) in picked]
    chosen = chosen or sorted(rows, key=lambda row: row.bid is None or row.bid.status != "shortlisted")
    chosen, more = chosen[:COMPARED], len(chosen) > COMPARED and bool(picked)
    for row in chosen:
        if row.bid and row.bid.viewed_at is None:
            bids.mark_viewed(row.bid_id, by=request.user)
    facts = {
        "gig": gig,
        "rows": chosen,
        "picks": [(row, row in chosen) for row in rows] if len(rows) > 2 else [],
        "too_many": more,
        "most": COMPARED,
        **_side_by_side(gig, chosen),
    }
    return render(request, "projects/gig/compare.html", facts)


def _side_by_side(gig: Gig, rows: list[live_board.Row]) -> dict[str, Any]:
    """What stands out among the rows, and which lines say the same of all: those are folded into one cell."""
    amounts, days = [row.amount for row in rows], [row.days for row in rows if row.days]
    written = [row.bid for row in rows if row.bid is not None]
    questions = [
        (question, [bid.answers[number] if number < len(bid.answers) else "" for bid in written])
        for number, question in enumerate(gig.questions)
    ]
    alike = {
        "amount": amounts,
        "days": [(row.days, row.hours) for row in rows],
        "points": [row.rank.parts if row.rank else None for row in rows],
        "milestones": [bid.milestones for bid in written],
    }
    return {
        "lowest": min(amounts, default=None),
        "highest": max(amounts, default=None),
        "soonest": min(days, default=None),
        "same": {name: len(rows) > 1 and all(value == values[0] for value in values) for name, values in alike.items()},
        "questions": [(text, given, len(rows) > 1 and len(set(given)) == 1) for text, given in questions],
    }


@login_required
@require_GET
@never_cache
def away(request: HttpRequest, pk: Any) -> HttpResponse:
    """The bids that left the client's list: put away, declined, withdrawn, ended."""
    gig = found(request, pk)
    if gig.client_id != request.user.pk:
        raise gigs.NotYours()
    gone = ("declined", "withdrawn", "not_selected", "gig_closed")
    rows = Bid.objects.filter(gig=gig).filter(Q(archived_at__isnull=False) | Q(status__in=gone)).exclude(status="hired")
    rows = rows.select_related("freelancer__profile").order_by("-ended_at", "-archived_at", "id")
    return render(request, "projects/gig/away.html", {"gig": gig, "bids": rows})


@login_required
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    rows = Gig.objects.filter(client=request.user).order_by("-id")[:200]
    return render(request, "projects/gig/mine.html", {"gigs": rows})


@require_GET
def file(request: HttpRequest, pk: Any) -> HttpResponse:
    row = get_object_or_404(GigFile.objects.visible_to(request.user), pk=pk)
    return files.serve(request, row.file, row.name, mime=row.mime)


@login_required
@require_POST
def remove_file(request: HttpRequest, pk: Any) -> HttpResponse:
    row = get_object_or_404(GigFile.objects.visible_to(request.user), pk=pk)
    gigs.remove_file(row, by=request.user)
    return see(f"/gigs/{row.gig_id}/edit/")
