"""What follows from signing up and out."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, user_signed_up
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from users import people, sessions


@receiver(user_signed_up)
def give_profile(user: Any, **_kwargs: Any) -> None:
    people.profile_of(user)


@receiver(user_logged_out)
def close_session(request: Any, user: Any, **_kwargs: Any) -> None:
    key = getattr(request.session, "session_key", None)
    if user is not None and key:
        sessions.close(user.pk, key)


@receiver([password_changed, password_reset])
def close_all(user: Any, **_kwargs: Any) -> None:
    sessions.distrust(user.pk)
