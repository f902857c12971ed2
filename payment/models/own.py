from django.db import models


class OwnQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Rows of one person each, `user`, that nobody else sees."""

    def visible_to(self, user: object) -> "OwnQuerySet":
        return self.filter(user=user) if getattr(user, "is_authenticated", False) else self.none()
