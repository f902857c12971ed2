from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now


class PushSubscription(models.Model):
    """A browser that asked to be told, from one signed-in session or by one API token; it ends with that."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="push_subscriptions")
    session_key = models.CharField(max_length=200, help_text=_("the session, or what stands for a token"))
    endpoint = models.URLField(max_length=500, unique=True)
    key = models.BinaryField()
    secret = models.BinaryField()
    at = models.DateTimeField(default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("push subscription"), _("push subscriptions")

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%Y-%m-%d}"
