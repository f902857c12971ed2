"""Causes in the admin: a moderator verifies or refuses with a reason; donations are there to look at."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from payment import causes
from payment.admin.figure import Figure
from payment.donation_forms import ReasonForm
from payment.models import Cause, Donation, Pledge
from skilllink.errors import Refusal
from skilllink.money import format_money
from users.admin import ReadOnly

DECISIONS: dict[str, tuple[Any, Callable[..., Any]]] = {
    "verify": (lazy("Verify"), causes.verify),
    "refuse": (lazy("Refuse"), causes.refuse),
}


@admin.register(Cause)
class CauseAdmin(ReadOnly, admin.ModelAdmin):
    """What waits stands first; its keeper never decides about it."""

    list_display = ("title", "keeper", "figure", "status", "created_at", "act")
    list_filter = ("status", "currency")
    list_select_related = ("keeper",)
    ordering = ("-status", "created_at")
    fields = readonly_fields = (
        "title", "keeper", "summary", "story", "figure", "sums", "payouts", "status", "created_at", "decided_by",
        "decided_at", "reason", "closed_at", "act",
    )  # fmt: skip

    @admin.display(description=lazy("goal"), ordering="goal")
    def figure(self, row: Cause) -> str:
        return format_money(row.goal, row.currency)

    @admin.display(description=lazy("its account"))
    def sums(self, row: Cause) -> str:
        found = {name: format_money(amount, row.currency) for name, amount in causes.sums(row).items()}
        return _("{given} given, {leaving} on its way out, {paid} paid out, {left} left").format(**found)

    @admin.display(description=lazy("payouts"))
    def payouts(self, row: Cause) -> SafeString:
        address = f"{reverse('admin:payment_payout_changelist')}?cause__id__exact={row.pk}"
        return format_html('<a href="{}">{}</a>', address, row.payouts.count())

    @admin.display(description=lazy("decide"))
    def act(self, row: Cause) -> SafeString | str:
        if row.status != Cause.Status.WAITING:
            return row.get_status_display()
        links = [
            format_html('<a href="{}">{}</a>', reverse("admin:payment_cause_decide", args=[row.pk, name]), label)
            for name, (label, _verb) in DECISIONS.items()
        ]
        return format_html("{} · {}", *links)

    def get_urls(self) -> list[Any]:
        route = "<path:object_id>/decide/<slug:name>/"
        decide = path(route, self.admin_site.admin_view(self.decide), name="payment_cause_decide")
        return [decide, *super().get_urls()]

    def decide(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask for the reason, then let the verb judge."""
        row = get_object_or_404(Cause, pk=unquote(object_id))
        if name not in DECISIONS or not getattr(request.user, "is_moderator", False):
            raise causes.NotModerator()
        label, verb = DECISIONS[name]
        form, status = ReasonForm(request.POST or None), 200
        if request.method == "POST" and form.is_valid():
            try:
                verb(row, by=request.user, reason=form.cleaned_data["reason"])
            except Refusal as refusal:
                status = refusal.status
                form.add_error(None, str(refusal.sentence))
            else:
                messages.success(request, _("Decided; its keeper has been told."))
                return redirect("admin:payment_cause_changelist")
        context = {
            **self.admin_site.each_context(request), "opts": self.model._meta, "form": form, "cause": row,
            "title": f"{label}: {row.title}", "label": label,
        }  # fmt: skip
        return render(request, "admin/payment/cause/decide.html", context, status=status)


@admin.register(Donation)
class DonationAdmin(Figure, ReadOnly, admin.ModelAdmin):
    list_display = ("at", "kind", "giver", "person", "cause", "figure", "visibility")
    list_filter = ("kind", "currency", "visibility")
    list_select_related = ("giver", "person", "cause")


@admin.register(Pledge)
class PledgeAdmin(Figure, ReadOnly, admin.ModelAdmin):
    list_display = ("started_at", "giver", "person", "cause", "figure", "every", "status", "next_at")
    list_filter = ("status", "every", "currency")
    list_select_related = ("giver", "person", "cause")
