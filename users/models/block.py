from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now


class Block(models.Model):
    """One person wants nothing from another: no messages between the two, no invitations."""

    blocker = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="blocks")
    blocked = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("block"), _("blocks")
        ordering = ("-at",)
        constraints = [
            models.UniqueConstraint(fields=("blocker", "blocked"), name="block_once"),
            models.CheckConstraint(name="block_another", condition=~models.Q(blocker=models.F("blocked"))),
        ]

    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"
