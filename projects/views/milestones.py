"""The acts on a milestone: one page each, which says what will happen, and one POST that does it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from payment import accounts
from projects import contract_forms as forms
from projects import disputes, hours, milestones, pro_bono, timeline, tips
from projects.models import DeliveryFile, Milestone
from projects.rules import rule
from projects.views.answers import form_page
from projects.wording import amount as figure
from projects.wording import moment, worked
from skilllink import files
from skilllink.clocks import now
from skilllink.errors import Missing
from skilllink.moments import span
from skilllink.money import percent, plain


def _names(row: Milestone) -> dict[str, Any]:
    return {
        "amount": figure(row.rest or row.amount, row.currency),
        "client": row.contract.client.get_short_name(),
        "freelancer": row.contract.freelancer.get_short_name(),
        "fee": percent(row.contract.fee_bps),
        "milestone": row.title,
        "answer": span(rule("REFUND_REQUEST_WINDOW")),
        "review": span(row.contract.review_window),
    }


def _says(text: Any) -> Callable[[Milestone, Any], SafeString]:
    return lambda row, user: format_html(str(text), **_names(row))


def _donated(text: Any, donated: Any) -> Callable[[Milestone, Any], SafeString]:
    """The same act in other words where the work is donated: there is no amount."""
    return lambda row, user: _says(donated if row.contract.is_pro_bono else text)(row, user)


def _hours(_row: Milestone, user: Any) -> SafeString:
    text = _(
        "Times are those of your clock, {zone}. What is logged is handed in by itself after the week, and paid when the "
        "time to review ends."
    )
    return format_html(text, zone=user.timezone)


def _release(row: Milestone, user: Any) -> SafeString:
    if row.contract.is_pro_bono:
        return _says(_("You take the work as it is; nothing is paid for it. This can’t be undone."))(row, user)
    got = figure(timeline.net(row, row.rest), row.currency)
    text = _("{freelancer} gets {net} of {amount} after the {fee} fee. This can’t be undone.")
    return format_html(text, net=got, **_names(row))


def _cancel(row: Milestone, user: Any) -> SafeString:
    other = row.contract.other(user).get_short_name()
    if row.status == Milestone.Status.AGREED and row.drop_asked_by_id != row.contract.other(user).pk:
        text = _("You both signed it, so {other} has to agree. If {other} does nothing, it stays and nothing is held.")
    else:
        text = _("It holds no money. It leaves the contract and can be proposed again.")
    return format_html(text, other=other)


def _extend(row: Milestone, user: Any) -> SafeString:
    until = row.review_due_at + rule("REVIEW_EXTENSION") if row.review_due_at else now()
    text = _(
        "You review until {until} instead. If you do nothing, {amount} goes to {freelancer} then. Once per delivery."
    )
    if row.contract.is_pro_bono:
        text = _("You review until {until} instead. If you do nothing, it is accepted then. Once per delivery.")
    return format_html(text, until=moment(until), **_names(row))


def _dispute(row: Milestone, user: Any) -> SafeString:
    most = figure(disputes.disputable(row, user), row.currency)
    text = _(
        "Up to {most} can be frozen. Nobody gets it before the dispute ends. The other party has {answer} to answer; "
        "without an answer, and without an objection in {objection} after that, it goes where you claim it."
    )
    spans = {name: span(rule(f"DISPUTE_{name.upper()}_WINDOW")) for name in ("answer", "objection")}
    return format_html(text, most=most, **spans)


@dataclass(frozen=True, slots=True)
class ActPage:
    """One act: its form, its verb, its words."""

    title: Any
    label: Any
    lead: Callable[[Milestone, Any], SafeString]
    verb: Any
    form: type[Any] = forms.Seen
    amount_on_label: bool = False


ACTS: dict[str, ActPage] = {
    "agree": ActPage(
        lazy("Agree to this milestone"),
        lazy("Agree"),
        _donated(
            lazy("{amount}. It joins the signed terms; the money is held when {client} funds it."),
            lazy("It joins the signed terms and begins at once; nothing is paid for it."),
        ),
        milestones.agree,
    ),
    "cancel": ActPage(
        lazy("Drop this milestone"),
        lazy("Drop it"),
        _cancel,
        milestones.cancel,
    ),
    "keep": ActPage(
        lazy("Keep this milestone"),
        lazy("Keep it"),
        _says(lazy("It stays in the signed terms as it was: {amount}. Nothing is held until it is funded.")),
        milestones.keep,
    ),
    "fund": ActPage(
        lazy("Fund this milestone"),
        lazy("Fund"),
        _says(
            lazy(
                "{amount} moves from your wallet into escrow, and {freelancer} starts. You release it when you are "
                "satisfied; if nothing is ever delivered, it returns to you."
            )
        ),
        milestones.fund,
        amount_on_label=True,
    ),
    "deliver": ActPage(
        lazy("Deliver"),
        lazy("Deliver"),
        _donated(
            lazy("{client} then has {review} to review. If {client} does nothing, {amount} goes to you."),
            lazy("{client} then has {review} to review. If {client} does nothing, it is accepted."),
        ),
        milestones.deliver,
        forms.Deliver,
    ),
    "changes": ActPage(
        lazy("Ask for changes"),
        lazy("Ask for changes"),
        _donated(
            lazy("The clock stops until {freelancer} delivers again. {amount} stays in escrow."),
            lazy("The clock stops until {freelancer} delivers again."),
        ),
        milestones.request_changes,
        forms.Changes,
    ),
    "extend": ActPage(lazy("Take more time"), lazy("Take more time"), _extend, milestones.extend_review),
    "release": ActPage(
        lazy("Release"), lazy("Release"), _release, milestones.release, forms.Release, amount_on_label=True
    ),
    "refund": ActPage(
        lazy("Give the money back"),
        lazy("Give back"),
        _says(lazy("{amount} returns to {client} at once and the milestone ends unpaid. This can’t be undone.")),
        milestones.refund,
        amount_on_label=True,
    ),
    "refund-request": ActPage(
        lazy("Ask for a refund"),
        lazy("Ask for a refund"),
        _says(
            lazy(
                "{freelancer} has {answer} to agree or say no. Silence returns {amount} to you only when nothing was "
                "ever delivered or logged; otherwise it becomes a dispute."
            )
        ),
        milestones.request_refund,
        forms.Reason,
    ),
    "object": ActPage(
        lazy("Refuse or take back the refund request"),
        lazy("Go on with the work"),
        _says(lazy("The milestone goes on where it was, and so does its clock. {amount} stays in escrow.")),
        milestones.object_to_refund,
    ),
    "tip": ActPage(
        lazy("Give a tip"),
        lazy("Give it"),
        _says(lazy("All of it goes to {freelancer}: there is no fee on a tip. It can’t be taken back.")),
        tips.give,
        forms.Gift,
    ),
    "log": ActPage(
        lazy("Log hours"),
        lazy("Log them"),
        _hours,
        hours.log,
        forms.LogHours,
    ),
    "unlog": ActPage(
        lazy("Take an entry back"),
        lazy("Take it back"),
        _says(lazy("It leaves the week’s hours; you can log it anew.")),
        hours.unlog,
        forms.TakeBack,
    ),
    "dispute": ActPage(lazy("Open a dispute"), lazy("Freeze it"), _dispute, disputes.open, forms.OpenDispute),
}


OVER_MONEY = ("fund", "refund", "refund-request", "object", "tip", "dispute")
FROM_WALLET = ("fund", "tip")


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def act(request: HttpRequest, pk: Any, name: str) -> HttpResponse:
    """GET explains the act over what is held now; only POST does it."""
    page = ACTS.get(name)
    if page is None:
        raise Missing()
    rows = Milestone.objects.visible_to(request.user).select_related(
        "contract__client", "contract__freelancer", "escrow"
    )
    row = get_object_or_404(rows, pk=pk)
    if request.method == "POST":
        form = page.form(request.POST, request.FILES)
    else:
        initial = {"version": row.version}
        if name == "dispute":
            initial = {"amount": plain(disputes.disputable(row, request.user), row.currency)}
        form = page.form(initial=initial)
    if name == "unlog":
        form.fields["entry"].choices = [(str(entry.pk), worked(entry)) for entry in row.entries.all()]
    title, label = page.title, page.label
    if name in OVER_MONEY:
        pro_bono.require_money(row.contract)
    if name == "release" and row.contract.is_pro_bono:
        title, label = _("Accept the work"), _("Accept")
        form.fields.pop("amount")
    elif name == "release":
        title = _("Release to {name}").format(name=row.contract.freelancer.get_short_name())
    elif name == "cancel" and row.status == Milestone.Status.AGREED and row.drop_asked_by_id is None:
        title, label = _("Ask to drop this milestone"), _("Ask")
    return form_page(
        request,
        form,
        lambda filled: page.verb(row, by=request.user, **filled.arguments(row.currency)),
        done=row.contract.get_absolute_url(),
        title=title,
        lead=page.lead(row, request.user),
        label=label,
        contract=row.contract,
        milestone=row,
        name=name,
        wallet=accounts.in_wallet(request.user, row.currency) if name in FROM_WALLET else None,
        figure=(row.rest or row.amount or None) if page.amount_on_label else None,
        irreversible=name in ("release", "refund", "fund"),
    )


@login_required
@require_GET
def delivery_file(request: HttpRequest, pk: Any) -> HttpResponse:
    row = get_object_or_404(DeliveryFile.objects.visible_to(request.user), pk=pk)
    return files.serve(request, row.file, row.name)
