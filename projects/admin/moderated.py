"""What moderators look at; only verbs write it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from users.admin import ReadOnly


class Moderated(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows for moderators' eyes, whatever else a staff account may see."""

    list_per_page = 50

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_moderate(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_moderate(request.user)


def may_moderate(user: Any) -> bool:
    return bool(user.is_active and user.is_moderator)
