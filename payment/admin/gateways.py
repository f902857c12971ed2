"""Finance's queues: what gateways told us and doesn't fit, payouts, holds, chargebacks, movements by hand.

Everything to read, nothing to edit by hand: each act goes through its verb, with a reason.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import URLField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from payment import chargebacks, finance, movements, payout_holds, webhooks
from payment.admin.figure import Figure
from payment.forms import AmountForm
from payment.models import Chargeback, Deposit, DepositReturn, GatewayEvent, Movement, Payout, PayoutHold, PayoutMethod
from skilllink import money
from skilllink.clocks import now
from skilllink.errors import Refusal
from skilllink.money import format_money
from users.admin import ReadOnly, act


class WhyForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea)


class HoldForm(forms.Form):
    reason = forms.CharField(label=_("Reason, which the person reads"), max_length=1000, widget=forms.Textarea)
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=90, initial=7)


class EvidenceForm(forms.Form):
    evidence = forms.CharField(label=_("Evidence for the bank"), max_length=5000, widget=forms.Textarea)


class WriteOffForm(WhyForm):
    amount = forms.CharField(label=_("Amount"), max_length=20, strip=False)


class ByHandForm(AmountForm):
    kind = forms.ChoiceField(
        label=_("What"),
        choices=[(kind.value, kind.label) for kind in (Movement.Kind.CAPITAL_IN, Movement.Kind.FEES_OUT)],
    )
    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea)
    field_order = ("kind", "amount", "currency", "reason")


@admin.register(Deposit)
class DepositAdmin(Figure, ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "user", "figure", "status", "gateway", "checks")
    list_filter = ("status", "currency", "gateway")
    list_select_related = ("user",)
    search_fields = ("user__email", "gateway_id")
    formfield_overrides = {URLField: {"assume_scheme": "https"}}  # nothing is typed here, yet Django makes the fields


@admin.register(DepositReturn)
class DepositReturnAdmin(Figure, ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "deposit", "figure", "status", "checks")
    list_filter = ("status",)
    list_select_related = ("deposit",)


@admin.register(GatewayEvent)
class GatewayEventAdmin(ReadOnly, admin.ModelAdmin):
    """The quarantine first: what doesn't fit our books, and why."""

    list_display = ("received_at", "gateway", "kind", "event_id", "status", "why")
    list_filter = ("status", "gateway", "kind")
    list_select_related = ("settled_by",)
    search_fields = ("event_id", "body")
    actions = ("settle", "try_again")

    @admin.action(description=_("Settle: looked at, nothing to do …"), permissions=["view"])
    def settle(self, request: Any, rows: Any) -> Any:
        def do(row: GatewayEvent, data: dict[str, Any]) -> None:
            webhooks.settle(row, by=request.user, outcome=data["reason"])

        return act(request, rows, "settle", _("Settle"), WhyForm, do)

    @admin.action(description=_("Process again …"), permissions=["view"])
    def try_again(self, request: Any, rows: Any) -> Any:
        def do(row: GatewayEvent, data: dict[str, Any]) -> None:
            webhooks.try_again(row, by=request.user, outcome=data["reason"])

        return act(request, rows, "try_again", _("Process again"), WhyForm, do)


@admin.register(Payout)
class PayoutAdmin(Figure, ReadOnly, admin.ModelAdmin):
    """The queue; large ones wait for two people."""

    list_display = ("due_at", "user", "cause", "method", "figure", "status", "needs_two", "approved_at", "checks")
    list_filter = ("status", "needs_two", "currency", ("cause", admin.EmptyFieldListFilter))
    list_select_related = ("user", "cause", "method")
    search_fields = ("user__email", "cause__title", "gateway_id")
    actions = ("let_out", "hold")

    @admin.action(description=_("Ask that a large payout goes out; somebody else decides …"), permissions=["view"])
    def let_out(self, request: Any, rows: Any) -> Any:
        def do(row: Payout, data: dict[str, Any]) -> None:
            movements.propose_payout(row, by=request.user, reason=data["reason"])

        return act(request, rows, "let_out", _("Ask for it"), WhyForm, do)

    @admin.action(description=_("Hold this person’s payouts …"), permissions=["view"])
    def hold(self, request: Any, rows: Any) -> Any:
        def do(row: Payout, data: dict[str, Any]) -> None:
            until = now() + timedelta(days=data["days"])
            payout_holds.hold(row.user, by=request.user, reason=data["reason"], until=until)

        return act(request, rows, "hold", _("Hold"), HoldForm, do)


@admin.register(PayoutHold)
class PayoutHoldAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "user", "reason", "by", "until", "lifted_at")
    list_select_related = ("user", "by")
    actions = ("lift",)

    @admin.action(description=_("Lift …"), permissions=["view"])
    def lift(self, request: Any, rows: Any) -> Any:
        def do(row: PayoutHold, data: dict[str, Any]) -> None:
            payout_holds.lift(row, by=request.user, reason=data["reason"])

        return act(request, rows, "lift", _("Lift"), WhyForm, do)


@admin.register(PayoutMethod)
class PayoutMethodAdmin(ReadOnly, admin.ModelAdmin):
    list_display = (
        "created_at", "user", "cause", "holder", "last4", "currency", "confirmed_at", "usable_at", "ended_at",
    )  # fmt: skip
    list_select_related = ("user", "cause")
    search_fields = ("user__email", "cause__title")


@admin.register(Chargeback)
class ChargebackAdmin(Figure, ReadOnly, admin.ModelAdmin):
    list_display = ("opened_at", "person", "figure", "owed_figure", "reason", "status")
    list_filter = ("status",)
    list_select_related = ("deposit__user",)
    actions = ("answer", "write_off")

    @admin.display(description=_("person"))
    def person(self, row: Chargeback) -> str:
        return row.deposit.user.name

    @admin.display(description=_("came to be owed"))
    def owed_figure(self, row: Chargeback) -> str:
        return format_money(row.owed, row.currency)

    @admin.action(description=_("Send the bank evidence …"), permissions=["view"])
    def answer(self, request: Any, rows: Any) -> Any:
        def do(row: Chargeback, data: dict[str, Any]) -> None:
            chargebacks.answer(row, by=request.user, evidence=data["evidence"])

        return act(request, rows, "answer", _("Send"), EvidenceForm, do)

    @admin.action(description=_("Ask that what is owed is written off; somebody else decides …"), permissions=["view"])
    def write_off(self, request: Any, rows: Any) -> Any:
        def do(row: Chargeback, data: dict[str, Any]) -> None:
            amount = money.parse(data["amount"], row.currency)
            movements.propose_write_off(row, amount, by=request.user, reason=data["reason"])

        return act(request, rows, "write_off", _("Ask for it"), WriteOffForm, do)


@admin.register(Movement)
class MovementAdmin(Figure, ReadOnly, admin.ModelAdmin):
    """Four eyes: asked for by one person of finance, decided by another one."""

    list_display = ("proposed_at", "kind", "figure", "party", "reason", "proposed_by", "status", "decided_by")
    list_filter = ("status", "kind")
    list_select_related = ("party", "proposed_by", "decided_by")
    actions = ("approve", "refuse")
    change_list_template = "admin/payment/movement/change_list.html"

    @admin.action(description=_("Do it …"), permissions=["view"])
    def approve(self, request: Any, rows: Any) -> Any:
        return self._decide(request, rows, "approve", _("Do it"))

    @admin.action(description=_("Refuse …"), permissions=["view"])
    def refuse(self, request: Any, rows: Any) -> Any:
        return self._decide(request, rows, "refuse", _("Refuse"))

    def _decide(self, request: Any, rows: Any, action: str, title: Any) -> Any:
        def do(row: Movement, data: dict[str, Any]) -> None:
            movements.decide(row, by=request.user, approve=action == "approve", reason=data["reason"])

        return act(request, rows, action, title, WhyForm, do)

    def get_urls(self) -> list[Any]:
        ask = path("ask/", self.admin_site.admin_view(self.ask), name="payment_movement_ask")
        return [ask, *super().get_urls()]

    def ask(self, request: HttpRequest) -> HttpResponse:
        """Ask for a movement that hangs on no other row: capital in, fees out."""
        if not finance.is_one(request.user):
            raise movements.NotYours()
        form = ByHandForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                movements.propose(
                    data["kind"], data["minor"], data["currency"], by=request.user, reason=data["reason"]
                )  # fmt: skip
                messages.success(request, _("Asked for. Somebody else of finance decides."))
                return redirect("admin:payment_movement_changelist")
            except Refusal as refusal:
                form.add_error(None, str(refusal.sentence))
        context = {**self.admin_site.each_context(request), "title": _("Ask for a movement by hand"), "form": form}
        return render(request, "admin/payment/movement/ask.html", context, status=422 if form.errors else 200)
