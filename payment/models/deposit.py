from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.ids import uuid7


class DepositQuerySet(models.QuerySet["Deposit"]):
    def visible_to(self, user: object) -> "DepositQuerySet":
        return self.filter(user=user) if getattr(user, "is_authenticated", False) else self.none()


class Deposit(models.Model):
    """Money in, through a gateway. `amount` and `gateway_fee` in minor units."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Waiting for your card")
        NEEDS_CONFIRMATION = "needs_confirmation", _("Needs your confirmation")
        SETTLED = "settled", _("In your wallet")
        FAILED = "failed", _("Failed")

    MOVES = {
        "requested": {"needs_confirmation", "settled", "failed"},
        "needs_confirmation": {"settled", "failed"},
        "settled": set(),
        "failed": set(),
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="deposits", verbose_name=_("person")
    )
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.REQUESTED)
    gateway = models.CharField(_("gateway"), max_length=20)
    gateway_id = models.CharField(_("gateway's number"), max_length=80, blank=True)
    gateway_fee = models.BigIntegerField(_("gateway's fee"), default=0)
    failure = models.CharField(_("why it failed"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("requested"), default=now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = DepositQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("deposit"), _("deposits")
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(name="deposit_amount_positive", condition=Q(amount__gte=1, amount__lte=10**12)),
            models.CheckConstraint(
                name="deposit_ended_with_status",
                condition=Q(status__in=("settled", "failed"), ended_at__isnull=False)
                | Q(status__in=("requested", "needs_confirmation"), ended_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=("gateway", "gateway_id"), condition=~Q(gateway_id=""), name="deposit_gateway_id_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.status}"


class SandboxIntent(models.Model):
    """The sandbox gateway's own memory of a payment; stands for a row at the real gateway."""

    id = models.CharField(primary_key=True, max_length=40)
    idempotency_key = models.CharField(max_length=120, unique=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=32, default="requires_payment_method")
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("sandbox payment"), _("sandbox payments")

    def __str__(self) -> str:
        return self.id
