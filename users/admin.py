"""Moderation: queues and people to look at; every change goes through a verb, with a reason."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.errors import Refusal
from users.models import Appeal, Delivery, Profile, Report, Sanction, StaffAction, User
from users.moderation import appeals, reports, sanctions


class ReadOnly:
    """Looked at by those with the right to view; added, changed or deleted by nobody's hand."""

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


class SanctionForm(forms.Form):
    rule = forms.CharField(label=_("Rule"), max_length=120)
    reason = forms.CharField(label=_("Reason, which the person reads"), max_length=1000, widget=forms.Textarea)


class TimedSanctionForm(SanctionForm):
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=365, initial=7)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason, which the person reads"), max_length=1000, widget=forms.Textarea)


def act(
    request: HttpRequest, rows: Any, action: str, title: Any, form_class: type[forms.Form], do: Any
) -> HttpResponse | None:
    """Ask for what the verb needs on a page of its own, then call it for each chosen row."""
    form = form_class(request.POST if "apply" in request.POST else None)
    if not form.is_valid():
        context = {**admin.site.each_context(request), "rows": rows, "action": action, "title": title, "form": form}
        return render(request, "admin/reason.html", context, status=422 if "apply" in request.POST else 200)
    for row in rows:
        try:
            do(row, form.cleaned_data)
        except Refusal as refusal:
            messages.error(request, f"{row}: {refusal.sentence}")
        else:
            messages.success(request, f"{row}: {title}")
    return redirect(request.get_full_path())


@admin.register(User)
class UserAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "email", "is_client", "is_freelancer", "is_staff", "date_joined")
    list_filter = ("is_client", "is_freelancer", "is_staff")
    search_fields = ("name", "email")
    exclude = ("password",)
    actions = ("warn", "limit", "suspend", "ban")

    @admin.action(description=_("Warn …"), permissions=["view"])
    def warn(self, request: Any, rows: Any) -> Any:
        return self._measure(request, rows, "warn", _("Warn"), sanctions.warn)

    @admin.action(description=_("Limit: no gigs, bids or new rooms …"), permissions=["view"])
    def limit(self, request: Any, rows: Any) -> Any:
        return self._measure(request, rows, "limit", _("Limit"), sanctions.limit, TimedSanctionForm)

    @admin.action(description=_("Suspend …"), permissions=["view"])
    def suspend(self, request: Any, rows: Any) -> Any:
        return self._measure(request, rows, "suspend", _("Suspend"), sanctions.suspend, TimedSanctionForm)

    @admin.action(description=_("Ban …"), permissions=["view"])
    def ban(self, request: Any, rows: Any) -> Any:
        return self._measure(request, rows, "ban", _("Ban"), sanctions.ban)

    def _measure(
        self, request: Any, rows: Any, action: str, title: Any, verb: Any, form: type[forms.Form] = SanctionForm
    ) -> Any:
        def do(user: User, data: dict[str, Any]) -> None:
            facts = {"reason": data["reason"], "rule": data["rule"]}
            if "days" in data:
                facts["until"] = now() + timedelta(days=data["days"])
            verb(user, by=request.user, **facts)

        return act(request, rows, action, title, form, do)


@admin.register(Sanction)
class SanctionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("user", "kind", "rule", "by", "created_at", "until", "lifted_at")
    list_filter = ("kind",)
    list_select_related = ("user", "by")
    actions = ("lift",)

    @admin.action(description=_("Lift …"), permissions=["view"])
    def lift(self, request: Any, rows: Any) -> Any:
        def do(sanction: Sanction, data: dict[str, Any]) -> None:
            sanctions.lift(sanction, by=request.user, reason=data["reason"])

        return act(request, rows, "lift", _("Lift"), ReasonForm, do)


@admin.register(Appeal)
class AppealAdmin(ReadOnly, admin.ModelAdmin):
    """Decided by somebody else than the one who took the measure."""

    list_display = ("due_at", "sanction", "measure_by", "status", "decided_by")
    list_filter = ("status",)
    list_select_related = ("sanction__user", "sanction__by", "decided_by")
    actions = ("grant", "reject")

    @admin.display(description=_("measure by"))
    def measure_by(self, row: Appeal) -> str:
        return row.sanction.by.name

    @admin.action(description=_("Grant: lift the measure …"), permissions=["view"])
    def grant(self, request: Any, rows: Any) -> Any:
        return self._decide(request, rows, "grant", _("Grant"))

    @admin.action(description=_("Reject: the measure stands …"), permissions=["view"])
    def reject(self, request: Any, rows: Any) -> Any:
        return self._decide(request, rows, "reject", _("Reject"))

    def _decide(self, request: Any, rows: Any, action: str, title: Any) -> Any:
        def do(appeal: Appeal, data: dict[str, Any]) -> None:
            appeals.decide(appeal, by=request.user, grant=action == "grant", reason=data["reason"])

        return act(request, rows, action, title, ReasonForm, do)


@admin.register(Report)
class ReportAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "reason", "subject_kind", "subject", "by", "status")
    list_filter = ("status", "reason")
    list_select_related = ("by",)
    readonly_fields = ("subject", "frozen")
    exclude = ("subject_id", "subject_url", "context")
    actions = ("acted", "dismissed")

    @admin.display(description=_("about"))
    def subject(self, row: Report) -> SafeString:
        return format_html('<a href="{}">{}</a>', row.subject_url, row.subject_url)

    @admin.display(description=_("as it was when it was reported"))
    def frozen(self, row: Report) -> SafeString:
        said = [
            (piece["at"], piece["who"], _("reported") if piece["reported"] else "", words)
            for piece in row.context
            for words in ([*(old["words"] for old in piece["earlier"]), piece["words"], *piece["files"]])
        ]
        return format_html_join("", "<p>{} <strong>{}</strong> <em>{}</em><br>{}</p>", said)

    @admin.action(description=_("Close: acted upon …"), permissions=["view"])
    def acted(self, request: Any, rows: Any) -> Any:
        return self._close(request, rows, "acted")

    @admin.action(description=_("Close: dismissed …"), permissions=["view"])
    def dismissed(self, request: Any, rows: Any) -> Any:
        return self._close(request, rows, "dismissed")

    def _close(self, request: Any, rows: Any, status: str) -> Any:
        def do(report: Report, data: dict[str, Any]) -> None:
            reports.answer(report, by=request.user, status=status, outcome=data["reason"])

        return act(request, rows, status, _("Close"), ReasonForm, do)


@admin.register(StaffAction)
class StaffActionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "by", "action", "subject", "reason")
    list_filter = ("action",)
    list_select_related = ("by",)


@admin.register(Profile, Delivery)
class LookAdmin(ReadOnly, admin.ModelAdmin):
    pass
