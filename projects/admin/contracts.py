"""Contracts and disputes in the admin: everything to read, nothing to edit by hand; a split goes through the verb."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from projects import disputes
from projects.admin.moderated import Moderated, may_moderate
from projects.models import Activity, Clock, Contract, Dispute, Milestone, Review
from skilllink.errors import Refusal
from skilllink.money import format_money, parse, percent, plain


@admin.register(Contract)
class ContractAdmin(Moderated):
    list_display = ("title", "number", "client", "freelancer", "cause", "status", "result", "created_at")
    list_filter = ("status", "result", ("cause", admin.EmptyFieldListFilter))
    search_fields = ("title", "client__email", "freelancer__email")
    list_select_related = ("client", "freelancer", "cause")
    exclude = ("amount", "currency", "fee_bps")
    readonly_fields = ("figure", "fee")

    @admin.display(description=lazy("agreed"))
    def figure(self, row: Contract) -> str:
        return format_money(row.amount, row.currency)

    @admin.display(description=lazy("fee"))
    def fee(self, row: Contract) -> str:
        return percent(row.fee_bps)


@admin.register(Milestone)
class MilestoneAdmin(Moderated):
    list_display = ("title", "contract", "status", "figure", "due_at", "review_due_at")
    list_filter = ("status",)
    search_fields = ("title", "contract__title")
    list_select_related = ("contract",)

    @admin.display(description=lazy("amount"), ordering="amount")
    def figure(self, row: Milestone) -> str:
        return format_money(row.amount, row.currency)


@admin.register(Clock)
class ClockAdmin(Moderated):
    """Clocks that failed show their attempts; a stuck one is seen here first."""

    list_display = ("kind", "contract", "due_at", "rung_at", "outcome", "attempts")
    list_filter = ("kind", "outcome")
    list_select_related = ("contract",)


@admin.register(Activity)
class ActivityAdmin(Moderated):
    list_display = ("at", "event", "contract", "milestone", "actor")
    list_filter = ("event",)
    list_select_related = ("contract", "milestone", "actor")


@admin.register(Review)
class ReviewAdmin(Moderated):
    """A blind review's words stay blind for moderators too."""

    list_display = ("contract", "author", "subject", "status", "revealed_at")
    list_filter = ("status",)
    fields = ("contract", "author", "subject", "status", "due_at", "revealed_at", "said")
    readonly_fields = ("said",)

    @admin.display(description=lazy("text"))
    def said(self, row: Review) -> str:
        return row.text if row.status == Review.Status.REVEALED else _("Blind until it is revealed.")


class Split(forms.Form):
    """A moderator's decision."""

    to_freelancer = forms.CharField(
        label=lazy("To the freelancer"), help_text=lazy("The rest returns to the client. 0 to the whole frozen amount.")
    )
    reason = forms.CharField(label=lazy("Reason"), widget=forms.Textarea(attrs={"rows": 5}), max_length=5000)


@admin.register(Dispute)
class DisputeAdmin(Moderated):
    """The queue of disputes: live ones first, oldest first; each with the way to settle it."""

    list_display = ("milestone", "figure", "opened_by", "status", "opened_at", "settle_link")
    list_filter = ("status",)
    list_select_related = ("milestone__contract", "opened_by")
    ordering = ("closed_at", "opened_at")
    fields = (
        "context", "status", "figure", "opened_by", "opened_at", "reason", "answer", "answered_at", "closed_at",
        "split", "settled_by", "settlement_reason", "settle_link",
    )  # fmt: skip
    readonly_fields = ("context", "figure", "split", "settle_link")

    @admin.display(description=lazy("frozen"), ordering="amount")
    def figure(self, row: Dispute) -> str:
        return format_money(row.amount, row.contract.currency)

    @admin.display(description=lazy("split"))
    def split(self, row: Dispute) -> str:
        if row.to_freelancer is None:
            return "–"
        currency = row.contract.currency
        out, back = format_money(row.to_freelancer, currency), format_money(row.amount - row.to_freelancer, currency)
        return _("{out} to the freelancer, {back} to the client").format(out=out, back=back)

    @admin.display(description=lazy("contract"))
    def context(self, row: Dispute) -> SafeString:
        return format_html('<a href="{}">{}</a>', row.contract.get_absolute_url(), row.contract)

    @admin.display(description=lazy("decision"))
    def settle_link(self, row: Dispute) -> SafeString | str:
        if not row.is_live:
            return ""
        return format_html('<a href="{}">{}</a>', reverse("admin:projects_dispute_settle", args=[row.pk]), _("Settle"))

    def get_urls(self) -> list[Any]:
        settle = path("<uuid:pk>/settle/", self.admin_site.admin_view(self.settle), name="projects_dispute_settle")
        return [settle, *super().get_urls()]

    def settle(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Ask for the split and its reason, then let the verb judge and move the money."""
        rows = Dispute.objects.select_related(
            "milestone__contract__client", "milestone__contract__freelancer", "opened_by"
        )
        dispute = get_object_or_404(rows, pk=pk)
        if not may_moderate(request.user):
            raise disputes.NotYours()
        currency = dispute.contract.currency
        form = Split(request.POST or None)
        status = 200
        if request.method == "POST" and form.is_valid():
            try:
                typed = form.cleaned_data["to_freelancer"].strip()
                part = 0 if typed.strip("0.") == "" and typed[:1] == "0" else parse(typed, currency)
                disputes.settle(dispute, by=request.user, to_freelancer=part, reason=form.cleaned_data["reason"])
            except Refusal as refusal:
                status = refusal.status
                form.add_error(None, str(refusal.sentence))
            else:
                messages.success(request, _("Settled. Both parties have been told, with your reason."))
                return HttpResponseRedirect(reverse("admin:projects_dispute_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": _("Settle the dispute about {title}").format(title=dispute.milestone.title),
            "dispute": dispute,
            "form": form,
            "frozen": format_money(dispute.amount, currency),
            "frozen_plain": plain(dispute.amount, currency),
        }
        return render(request, "admin/projects/dispute/settle.html", context, status=status)
