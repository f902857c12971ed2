from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now


class IdempotencyRecord(models.Model):
    """The stored answer to one request with an `Idempotency-Key`, kept at least 30 days (L11)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(default="", help_text="JSON, in the order it was answered")
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("idempotency record"), _("idempotency records")
        constraints = [models.UniqueConstraint(fields=("user", "key"), name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
