"""Halts and audits in the admin: to look at, and the one act there is: agreeing that money moves again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from payment import finance, halt
from payment.models import AuditRun, Batch, Halt, Lift
from payment.models.halt import PEOPLE
from skilllink.errors import Refusal
from users.admin import ReadOnly


def told(violations: list[dict[str, str]]) -> SafeString:
    """Violations as lines."""
    rows = ((row["invariant"], row["row"], row["found"]) for row in violations)
    return format_html_join("", "<p><strong>{}</strong> {}: {}</p>", rows)


class LiftForm(forms.Form):
    reason = forms.CharField(
        label=lazy("Why money may move again"),
        help_text=lazy("What was found, what was done about it. It is kept for ever, with your name."),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=1000,
    )


class LiftInline(ReadOnly, admin.TabularInline):
    model = Lift
    fields = readonly_fields = ("by", "at", "reason")


@admin.register(Halt)
class HaltAdmin(ReadOnly, admin.ModelAdmin):
    """Lifted by two people of finance, each with a reason; neither can do it alone, a superuser not at all."""

    list_display = ("at", "first", "agreed", "act")
    fields = readonly_fields = ("at", "what", "agreed", "act")
    inlines = [LiftInline]

    @admin.display(description=lazy("found"))
    def first(self, row: Halt) -> str:
        return "; ".join(f"{one['invariant']} {one['row']}" for one in row.violations[:3])

    @admin.display(description=lazy("what was found"))
    def what(self, row: Halt) -> SafeString:
        return told(row.violations)

    @admin.display(description=lazy("agreed"))
    def agreed(self, row: Halt) -> str:
        return _("{n} of {all}").format(n=row.lifts.count(), all=PEOPLE)

    @admin.display(description=lazy("lift"))
    def act(self, row: Halt) -> SafeString | str:
        if row.lifts.count() >= PEOPLE:
            return _("lifted")
        return format_html('<a href="{}">{}</a>', reverse("admin:payment_halt_lift", args=[row.pk]), _("Lift"))

    def get_urls(self) -> list[Any]:
        lift = path("<path:object_id>/lift/", self.admin_site.admin_view(self.lift), name="payment_halt_lift")
        return [lift, *super().get_urls()]

    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, then let the verb judge."""
        row = get_object_or_404(Halt, pk=unquote(object_id))
        if not finance.is_one(request.user):
            raise halt.NotFinance()
        form, status = LiftForm(request.POST or None), 200
        if request.method == "POST" and form.is_valid():
            try:
                runs = halt.lift(row, by=request.user, reason=form.cleaned_data["reason"])
            except Refusal as refusal:
                status = refusal.status
                form.add_error(None, str(refusal.sentence))
            else:
                done = _("Money moves again.") if runs else _("Kept. A second person of finance has to agree.")
                messages.success(request, done)
                return redirect("admin:payment_halt_changelist")
        context = {
            **self.admin_site.each_context(request), "opts": self.model._meta, "form": form, "halt": row,
            "title": _("Lift the halt"), "violations": row.violations,
        }  # fmt: skip
        return render(request, "admin/payment/halt/lift.html", context, status=status)


@admin.register(AuditRun)
class AuditRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "whole", "since", "upto", "found", "seconds")
    list_filter = ("whole",)
    fields = readonly_fields = ("at", "whole", "since", "upto", "seconds", "what", "warned")

    @admin.display(description=lazy("violations"))
    def found(self, row: AuditRun) -> int:
        return len(row.violations)

    @admin.display(description=lazy("violations"))
    def what(self, row: AuditRun) -> SafeString:
        return told(row.violations)

    @admin.display(description=lazy("alerts"))
    def warned(self, row: AuditRun) -> SafeString:
        return told(row.alerts)


@admin.register(Batch)
class BatchAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("number", "first", "last", "at", "root", "head")
    ordering = ("-number",)
