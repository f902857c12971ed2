"""Pages of contracts: the list, the workspace and its live parts, the terms, the calendar."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from chat.models import Room
from chat.pane import pane_context
from payment import accounts
from projects import bonuses, contracts, hours, milestones, pro_bono, rail, schedule, timeline
from projects.contract_forms import Gift, Propose, ProposeHours, Words
from projects.models import Contract, Delivery, Milestone
from projects.views.answers import form_page
from skilllink.clocks import now
from skilllink.money import percent


def found(request: HttpRequest, pk: Any) -> Contract:
    """The contract, if it is any of this person's business."""
    handed_in = Delivery.objects.select_related("change_request").prefetch_related("files")
    steps = Milestone.objects.select_related("escrow").prefetch_related(
        Prefetch("deliveries", queryset=handed_in), "entries"
    )
    rows: QuerySet[Contract] = Contract.objects.visible_to(request.user).select_related(
        "client__profile", "freelancer__profile", "gig", "cause"
    )
    contract: Contract = get_object_or_404(rows.prefetch_related(Prefetch("milestones", queryset=steps)), pk=pk)
    paid = [row.escrow for row in contract.milestones.all() if row.released and row.escrow is not None]
    prefetch_related_objects(paid, "clearings")
    return contract


def figures(contract: Contract) -> dict[str, int]:
    """Where the contract's money is, minor units, and the account bar's geometry in a width of 480."""
    rows = [row for row in contract.milestones.all() if row.status not in ("proposed", "cancelled")]
    released = sum(row.released for row in rows)
    held = sum(row.rest for row in rows if not row.is_terminal)
    returned = sum(row.refunded for row in rows)
    agreed = sum(row.amount for row in rows)
    later = agreed - released - held - returned
    whole = max(agreed, 1)
    parts = {"released": released, "held": held, "later": later, "returned": returned}
    result, x = {**parts, "agreed": agreed}, 0.0
    for name in ("released", "held", "later", "returned"):
        width = 480 * parts[name] / whole
        result |= {f"{name}_x": round(x + 1, 2), f"{name}_w": round(max(width - 2, 0), 2)}  # type: ignore[dict-item]
        x += width
    return result


def context(request: HttpRequest, contract: Contract, *, whole: bool = False) -> dict[str, Any]:
    """Everything the workspace's parts show; the same for the page and for each fragment."""
    moment = now()
    clocks = schedule.of_known(contract)
    steps = schedule.upcoming(contract, now=moment, clocks=clocks)
    cards = rail.build(contract, request.user, steps=steps, clocks=clocks, now=moment)
    ended = sum(1 for card in cards if card.milestone.status in ("released", "refunded", "resolved"))
    review = None
    if contract.status == Contract.Status.CLOSED:
        review = contract.reviews.filter(author=request.user).first()
    return {
        "contract": contract,
        "role": contract.party(request.user),
        "other": contract.other(request.user),
        "figures": figures(contract),
        "cards": cards,
        "ended": ended,
        "move": next((card for card in cards if card.primary), None),
        "timeline": timeline.build(contract, request.user, now=moment, steps=steps, whole=whole),
        "review": review,
    }


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    rows = (
        Contract.objects.visible_to(request.user)
        .select_related("client", "freelancer")
        .prefetch_related("milestones")
        .order_by("-id")[:200]
    )
    listed = []
    for row in rows:
        waiting = [m for m in row.milestones.all() if _waits_for(m, row.party(request.user))]
        listed.append(
            {
                "contract": row,
                "other": row.other(request.user),
                "figures": figures(row),
                "move": waiting[0] if waiting else None,
            }
        )
    running = [row for row in listed if row["contract"].status != "closed"]  # type: ignore[attr-defined]
    closed = [row for row in listed if row["contract"].status == "closed"]  # type: ignore[attr-defined]
    return render(request, "projects/contract/index.html", {"running": running, "closed": closed})


def _waits_for(milestone: Milestone, role: str) -> bool:
    mine = {"client": ("submitted",), "freelancer": ("funded", "changes_requested", "refund_requested")}
    return milestone.status in mine.get(role, ())


@login_required
@require_GET
@never_cache
def show(request: HttpRequest, pk: Any) -> HttpResponse:
    contract = found(request, pk)
    facts = context(request, contract, whole="all" in request.GET)
    room = Room.objects.filter(pk=contract.room_id).first() if contract.party(request.user) else None
    if room is not None:
        facts |= {"room": room, **pane_context(room, request.user)}
    tab = request.GET.get("tab", "work")
    facts["tab"] = tab if tab in ("work", "time", "room") else "work"
    return render(request, "projects/contract/show.html", facts)


@login_required
@require_GET
@never_cache
def part(request: HttpRequest, pk: Any, name: str) -> HttpResponse:
    """One live part of the workspace: folio, rail, timeline or bar."""
    contract = found(request, pk)
    return render(request, f"projects/contract/_{name}.html", context(request, contract))


@login_required
@require_GET
def terms(request: HttpRequest, pk: Any) -> HttpResponse:
    contract = found(request, pk)
    versions = list(contract.terms.order_by("-version"))
    for version in versions:
        version.matches = contracts.fingerprint(version.text) == version.sha256  # type: ignore[attr-defined]
        version.content = contracts.read(version.text)  # type: ignore[attr-defined]
    return render(request, "projects/contract/terms.html", {"contract": contract, "versions": versions})


@login_required
@require_GET
def calendar(request: HttpRequest, pk: Any) -> HttpResponse:
    contract = found(request, pk)
    host = settings.SITE_URL.split("//")[-1]
    text = timeline.calendar(contract, request.user, now=now(), host=host)
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="contract-{contract.number}.ics"'
    return response


@login_required
@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, pk: Any) -> HttpResponse:
    contract = found(request, pk)
    form = Propose(request.POST or None)
    if contract.is_pro_bono:
        del form.fields["amount"]
    return form_page(
        request,
        form,
        lambda form: milestones.propose(contract, by=request.user, **form.arguments(contract.currency)),
        done=contract.get_absolute_url(),
        title=_("Propose a milestone"),
        lead=_("The other party agrees or drops it. It begins when it is agreed; nothing is paid for it.")
        if contract.is_pro_bono
        else _("The other party agrees or drops it. Nothing is held until it is agreed and funded."),
        label=_("Propose it"),
        contract=contract,
    )


@login_required
@require_http_methods(["GET", "POST"])
def propose_hours(request: HttpRequest, pk: Any) -> HttpResponse:
    contract = found(request, pk)
    pro_bono.require_money(contract)
    return form_page(
        request,
        ProposeHours(request.POST or None),
        lambda form: hours.propose(contract, by=request.user, **form.arguments(contract.currency)),
        done=contract.get_absolute_url(),
        title=_("Work by the hour"),
        lead=_(
            "The other party agrees or drops it. From the next Monday on (UTC), each week’s most is held when the week "
            "begins; afterwards the hours that were logged are reviewed and paid, and the rest goes back."
        ),
        label=_("Propose it"),
        contract=contract,
    )


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def bonus(request: HttpRequest, pk: Any) -> HttpResponse:
    contract = found(request, pk)
    pro_bono.require_money(contract)
    text = _("It goes from your wallet to {freelancer}, less the {fee} fee of this contract. This can’t be undone.")
    return form_page(
        request,
        Gift(request.POST or None),
        lambda form: bonuses.pay(contract, by=request.user, **form.arguments(contract.currency)),
        done=contract.get_absolute_url(),
        title=_("Pay a bonus"),
        lead=text.format(freelancer=contract.freelancer.get_short_name(), fee=percent(contract.fee_bps)),
        label=_("Pay it"),
        wallet=accounts.in_wallet(request.user, contract.currency),
        contract=contract,
    )


@login_required
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, pk: Any) -> HttpResponse:
    contract = found(request, pk)
    return form_page(
        request,
        Words(request.POST or None),
        lambda form: contracts.end(contract, by=request.user, reason=form.cleaned_data["text"]),
        done=contract.get_absolute_url(),
        title=_("End this contract"),
        lead=_(
            "What isn’t handed in is dropped. What is handed in still waits for its review, and the contract closes then. "
            "This can’t be undone."
        )
        if contract.is_pro_bono
        else _(
            "Milestones that hold no money are dropped. Those that hold money still end by their own rules, "
            "and the contract closes when the last has. This can’t be undone."
        ),
        label=_("End it"),
        contract=contract,
    )
