"""The ledger explorer: to look at, for finance. Nothing is added, changed or deleted by hand, by anyone."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as lazy

from payment.models import Account, Clearing, Entry, Escrow, Transfer
from skilllink.money import format_money
from users.admin import ReadOnly


class EntryInline(ReadOnly, admin.TabularInline):
    model = Entry
    fields = ("account", "figure")
    readonly_fields = fields

    @admin.display(description=lazy("amount"))
    def figure(self, row: Entry) -> str:
        return format_money(row.amount, row.account.currency)


@admin.register(Account)
class AccountAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("kind", "user", "escrow", "currency", "figure")
    list_filter = ("kind", "currency")
    list_select_related = ("user", "escrow")
    search_fields = ("user__email",)

    @admin.display(description=lazy("balance"), ordering="balance")
    def figure(self, row: Account) -> str | None:
        """Accounts of the platform keep no running balance: theirs is summed from their entries."""
        return None if row.balance is None else format_money(row.balance, row.currency)


@admin.register(Transfer)
class TransferAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "kind", "key")
    list_filter = ("kind",)
    search_fields = ("key",)
    date_hierarchy = "at"
    inlines = [EntryInline]


@admin.register(Escrow)
class EscrowAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "kind", "payer", "payee", "held_figure", "released_figure")
    list_filter = ("kind", "currency")
    list_select_related = ("payer", "payee")

    @admin.display(description=lazy("held"), ordering="held")
    def held_figure(self, row: Escrow) -> str:
        return format_money(row.held, row.currency)

    @admin.display(description=lazy("released"), ordering="released")
    def released_figure(self, row: Escrow) -> str:
        return format_money(row.released, row.currency)


@admin.register(Clearing)
class ClearingAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("due_at", "figure", "cleared_at")
    list_select_related = ("escrow",)

    @admin.display(description=lazy("net still clearing"), ordering="amount")
    def figure(self, row: Clearing) -> str:
        return format_money(row.amount, row.escrow.currency)
