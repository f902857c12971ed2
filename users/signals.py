"""What follows from signing up and out."""

from typing import Any

from allauth.account.signals import password_changed, user_signed_up
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from skilllink.realtime import sessions
from skilllink.transactions import verb
from users import people


@receiver(user_signed_up)
def give_profile(user: Any, **_kwargs: Any) -> None:
    people.profile_of(user)


@receiver(user_logged_out)
def close_session(request: Any, user: Any, **_kwargs: Any) -> None:
    if user is not None:
        _close(user.pk, getattr(request.session, "session_key", None) or "")


@receiver(password_changed)
def close_all(user: Any, **_kwargs: Any) -> None:
    _close(user.pk, "")


@verb
def _close(user_id: Any, session_key: str) -> None:
    sessions.close_sockets(user_id, session_key=session_key)
