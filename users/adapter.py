"""allauth's hooks for SkillLink: where to go, what to say, how mails look, when a sign-in is fresh."""

import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from users import letters, people, sessions, standing
from users.zones import zone_of


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("E-mail and password don’t fit together."),
        "incorrect_code": _("This code isn’t right, or its time is over."),
        "incorrect_password": _("This isn’t your password."),
        "too_many_login_attempts": _("Too many attempts. Wait a few minutes and try again."),
    }

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """To the first steps until they are done."""
        user: Any = request.user
        if not people.profile_of(user).onboarded and not user.is_staff:
            return reverse("users:welcome")
        return str(super().get_login_redirect_url(request))

    get_signup_redirect_url = get_login_redirect_url

    def post_login(self, request: HttpRequest, user: Any, **how: Any) -> HttpResponse:
        """Whoever is under a measure is told so, in one sentence."""
        response = super().post_login(request, user, **how)
        if sanction := standing.measure(user):
            with timezone.override(zone_of(user.timezone)):
                messages.warning(request, standing.sentence(sanction))
        return response

    def is_reauthentication_required(self, *, app: str, **_how: Any) -> bool:
        """Not within SIGN_IN_FRESH of the last proof, be it the sign-in itself."""
        records = get_authentication_records(self.request, self.request.user)
        oldest = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        return not any(record["at"] > oldest for record in records)

    def format_email_subject(self, subject: str) -> str:
        return subject

    def render_mail(
        self, template_prefix: str, email: Any, context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMultiAlternatives:
        """A letter of ours; its links lead to SITE_URL, whatever host the request named."""
        facts = {name: _on_site(value) if name.endswith("_url") else value for name, value in context.items()}
        subject = render_to_string(f"{template_prefix}_subject.txt", facts)
        text = render_to_string(f"{template_prefix}_message.txt", facts | {"SITE_URL": settings.SITE_URL})
        return letters.compose([email] if isinstance(email, str) else email, subject, text, headers=headers)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code isn’t right, or its time is over."),
    }

    def _get_site_name(self) -> str:
        return "SkillLink"

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """What the form for a new passkey suggests."""
        return gettext("Passkey %d") % (Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1)


class SessionsAdapter(DefaultUserSessionsAdapter):
    def end_sessions(self, sessions_to_end: Any) -> None:
        """Their open pages hear of it at once."""
        sessions.end_these(list(sessions_to_end))


def _on_site(address: str) -> str:
    parts = urlsplit(address)
    return settings.SITE_URL + parts.path + (f"?{parts.query}" if parts.query else "")
