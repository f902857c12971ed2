"""Who looks after the money: the people of the group Finance. Being a superuser alone doesn't make one of them."""

from typing import Any

from users.models import User


def people() -> Any:
    """Everyone of finance who may act, as a queryset."""
    return User.objects.filter(is_active=True, is_staff=True, groups__name="Finance").order_by("pk").distinct()


def is_one(user: Any) -> bool:
    return people().filter(pk=user.pk).exists()
