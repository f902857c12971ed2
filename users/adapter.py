from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from users import people


class AccountAdapter(DefaultAccountAdapter):
    """allauth's hooks for SkillLink."""

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """To the first steps until they are done."""
        user: Any = request.user
        if not people.profile_of(user).onboarded and not user.is_staff:
            return reverse("users:welcome")
        return str(super().get_login_redirect_url(request))

    get_signup_redirect_url = get_login_redirect_url
