"""What a gateway told us, and the sandbox's own memory (which stands for the rows of a real gateway)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.ids import uuid7


class GatewayEvent(models.Model):
    """One signed event as it came, stored once, processed later. Only its state changes afterwards.

    `first` is false for what is never processed, always for finance: a body that came under the number of another one,
    and an answer to a question of ours that doesn't fit (`payment.quarantine`), whose number is our own row's.
    """

    class Status(models.TextChoices):
        RECEIVED = "received", _("received")
        PROCESSED = "processed", _("processed")
        QUARANTINED = "quarantined", _("for finance to look at")
        SETTLED = "settled", _("looked at")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    gateway = models.CharField(_("gateway"), max_length=20)
    event_id = models.CharField(_("event's number"), max_length=120)
    kind = models.CharField(_("kind"), max_length=80)
    body = models.TextField(_("body, as signed"))
    digest = models.CharField(_("SHA-256 of the body"), max_length=64)
    first = models.BooleanField(_("first body of this number"), default=True)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.RECEIVED)
    why = models.CharField(_("what does not fit"), max_length=300, blank=True)
    received_at = models.DateTimeField(_("received"), default=now, editable=False)
    check_at = models.DateTimeField(_("processed again at"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0)
    processed_at = models.DateTimeField(_("processed"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("looked at by"),
    )
    outcome = models.CharField(_("what was found"), max_length=1000, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("gateway event"), _("gateway events")
        ordering = ("-received_at",)
        constraints = [
            models.UniqueConstraint(fields=("gateway", "event_id"), condition=Q(first=True), name="gateway_event_once"),
            models.UniqueConstraint(fields=("gateway", "event_id", "digest"), name="gateway_event_body_once"),
            models.CheckConstraint(
                name="gateway_event_state",
                condition=Q(status="received", processed_at__isnull=True, check_at__isnull=False)
                | Q(status="processed", processed_at__isnull=False, check_at__isnull=True)
                | Q(status="quarantined", check_at__isnull=True) & ~Q(why="")
                | Q(status="settled", check_at__isnull=True, settled_by__isnull=False) & ~Q(outcome=""),
            ),
            models.CheckConstraint(
                name="gateway_event_other_body_not_processed",
                condition=Q(first=True) | Q(status__in=("quarantined", "settled")),
            ),
        ]
        # the sweep that processes them
        indexes = [models.Index(fields=("check_at",), condition=Q(check_at__isnull=False), name="gateway_event_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class EventsRead(models.Model):
    """How far a gateway's list of events was read; what came since is listed the next time."""

    gateway = models.CharField(_("gateway"), max_length=20, primary_key=True)
    until = models.DateTimeField(_("read as of"))

    class Meta:
        verbose_name, verbose_name_plural = _("reading of events"), _("readings of events")

    def __str__(self) -> str:
        return f"{self.gateway} {self.until}"


class SandboxObject(models.Model):
    """An object at the sandbox gateway, in Stripe's shape. `due_at`: when the next thing happens to it by itself."""

    id = models.CharField(primary_key=True, max_length=80)
    kind = models.CharField(max_length=40)
    owner = models.CharField(
        max_length=80, blank=True, help_text="the payment intent or connected account it belongs to"
    )
    data = models.JSONField()
    due_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("sandbox object"), _("sandbox objects")
        indexes = [
            # what belongs to a payment or an account
            models.Index(fields=("owner", "kind"), name="sandbox_owner"),
            # the sandbox's clock
            models.Index(fields=("due_at",), condition=Q(due_at__isnull=False), name="sandbox_due"),
        ]

    def __str__(self) -> str:
        return self.id


class SandboxCall(models.Model):
    """One request with an Idempotency-Key to the sandbox, and the answer that is given again."""

    key = models.CharField(primary_key=True, max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(default="")
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("sandbox call"), _("sandbox calls")

    def __str__(self) -> str:
        return self.key
