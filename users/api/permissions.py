"""A token does what its scopes say; a browser session does what its person may."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission

from users.models import ApiToken


class HasScope(BasePermission):
    """`read` for reading, `write` for everything else. Anonymous requests are refused."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if not isinstance(request.auth, ApiToken):
            return True
        return ("read" if request.method in SAFE_METHODS else "write") in request.auth.scopes
