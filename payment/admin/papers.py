"""Papers, for finance: to look at. A wrong one is answered by what moves the money back, and its credit note."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from payment.models import Paper, Series
from skilllink.money import format_money
from users.admin import ReadOnly


@admin.register(Paper)
class PaperAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "kind", "at", "issuer_name", "recipient_name", "figure")
    list_filter = ("kind", "currency")
    search_fields = ("code", "issuer__email", "recipient__email")
    date_hierarchy = "at"

    @admin.display(description=_("issuer"))
    def issuer_name(self, row: Paper) -> str:
        return str(row.content["from"]["name"])

    @admin.display(description=_("recipient"))
    def recipient_name(self, row: Paper) -> str:
        return str(row.content["to"]["name"])

    @admin.display(description=_("amount"), ordering="amount")
    def figure(self, row: Paper) -> str:
        return format_money(row.signed, row.currency)


@admin.register(Series)
class SeriesAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("code", "year", "issuer", "last", "last_at")
    list_filter = ("year",)
    list_select_related = ("issuer",)

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).order_by("-year", "code")
