"""The ledger explorer: to look at, for finance. Nothing is added, changed or deleted by hand, by anyone."""

from typing import Any

from django.contrib import admin

from payment.models import Account, Clearing, Deposit, Entry, Escrow, Transfer


class ReadOnly:
    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


class EntryInline(ReadOnly, admin.TabularInline):
    model = Entry
    fields = ("account", "amount")
    readonly_fields = fields


@admin.register(Account)
class AccountAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("kind", "user", "escrow", "currency", "balance")
    list_filter = ("kind", "currency")
    list_select_related = ("user", "escrow")
    search_fields = ("user__email",)


@admin.register(Transfer)
class TransferAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "kind", "key")
    list_filter = ("kind",)
    search_fields = ("key",)
    date_hierarchy = "at"
    inlines = [EntryInline]


@admin.register(Escrow)
class EscrowAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "kind", "payer", "payee", "held", "released", "currency")
    list_filter = ("kind", "currency")
    list_select_related = ("payer", "payee")


@admin.register(Clearing)
class ClearingAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("due_at", "amount", "cleared_at")


@admin.register(Deposit)
class DepositAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "user", "amount", "currency", "status")
    list_filter = ("status", "currency")
    list_select_related = ("user",)
