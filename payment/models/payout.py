from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payment.models.donation import Cause
from payment.models.own import OwnQuerySet
from skilllink.clocks import now
from skilllink.ids import uuid7


class OfSourceQuerySet(OwnQuerySet):
    """One's own, and those of the causes that one keeps."""

    def of(self, user: object, cause: Cause | None = None) -> "OfSourceQuerySet":
        """Those of a person's own money, or those of a cause that the person keeps."""
        return self.visible_to(user).filter(cause=cause)  # type: ignore[return-value]


class PayoutMethod(models.Model):
    """Where money goes: a bank account, known here by its last digits and the gateway's number.

    A person's own, or that of a cause, named by the cause's keeper. Used from `usable_at` on: the wait after its
    confirmation. `ended_at` when it is used no more.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="payout_methods", verbose_name=_("person")
    )
    cause = models.ForeignKey(
        Cause, models.PROTECT, null=True, blank=True, related_name="payout_methods", verbose_name=_("of the cause")
    )
    holder = models.CharField(_("account holder"), max_length=100)
    currency = models.CharField(_("currency"), max_length=3)
    last4 = models.CharField(_("last four digits"), max_length=4, blank=True)
    gateway = models.CharField(_("gateway"), max_length=20)
    gateway_id = models.CharField(_("gateway's number"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("added"), default=now, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    usable_at = models.DateTimeField(_("usable from"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    token = models.CharField(_("token"), max_length=120, blank=True, help_text=_("one wish, one payout method"))

    objects = OfSourceQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("payout method"), _("payout methods")
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(
                name="payout_method_waits",
                condition=Q(confirmed_at__isnull=True, usable_at__isnull=True)
                | Q(confirmed_at__isnull=False, usable_at__isnull=False) & ~Q(gateway_id=""),
            ),
            models.UniqueConstraint(fields=("user", "token"), condition=~Q(token=""), name="payout_method_token_once"),
        ]

    def __str__(self) -> str:
        return f"{self.holder} ···{self.last4} {self.currency}" if self.last4 else f"{self.holder} {self.currency}"


class Payout(models.Model):
    """Money out to a bank. `amount` in minor units; it left its source when the row was written.

    The source is the account of its `cause`, or without one what the person has available.
    `due_at` is the batch it goes with; `check_at` when the gateway is asked about it (again).
    """

    class Status(models.TextChoices):
        REQUESTED = "requested", _("In the queue")
        ON_HOLD = "on_hold", _("On hold")
        PROCESSING = "processing", _("On its way")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Failed, came back")
        CANCELLED = "cancelled", _("Cancelled, came back")

    MOVES = {
        "requested": {"on_hold", "processing", "cancelled"},
        "on_hold": {"requested", "cancelled"},
        "processing": {"paid", "failed"},
        "paid": set(),
        "failed": set(),
        "cancelled": set(),
    }
    RESERVED = ("requested", "on_hold", "processing")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="payouts", verbose_name=_("person"))
    cause = models.ForeignKey(
        Cause, models.PROTECT, null=True, blank=True, related_name="payouts", verbose_name=_("from the cause")
    )
    method = models.ForeignKey(PayoutMethod, models.PROTECT, related_name="payouts", verbose_name=_("to"))
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    token = models.CharField(_("token"), max_length=120, help_text=_("one wish, one payout"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.REQUESTED)
    needs_two = models.BooleanField(_("needs two people of finance"), default=False)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    gateway = models.CharField(_("gateway"), max_length=20)
    gateway_id = models.CharField(_("gateway's number"), max_length=80, blank=True)
    failure = models.CharField(_("why it failed"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("requested"), default=now, editable=False)
    due_at = models.DateTimeField(_("goes with the batch of"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    check_at = models.DateTimeField(_("asked again at"), null=True, blank=True)
    checks = models.PositiveSmallIntegerField(_("times asked"), default=0)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = OfSourceQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("payout"), _("payouts")
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(name="payout_amount_positive", condition=Q(amount__gte=1, amount__lte=10**12)),
            models.UniqueConstraint(fields=("user", "token"), name="payout_token_once"),
            models.CheckConstraint(
                name="payout_ended_with_status",
                condition=Q(status__in=("requested", "on_hold"), sent_at__isnull=True, ended_at__isnull=True)
                | Q(status="processing", sent_at__isnull=False, ended_at__isnull=True)
                | Q(status__in=("paid", "failed"), sent_at__isnull=False, ended_at__isnull=False)
                | Q(status="cancelled", sent_at__isnull=True, ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="payout_sent_with_approval",
                condition=Q(needs_two=False) | Q(approved_at__isnull=False) | Q(sent_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=("gateway", "gateway_id"), condition=~Q(gateway_id=""), name="payout_gateway_id_once"
            ),
        ]
        indexes = [
            # the queue, and the batch that takes from it
            models.Index(fields=("due_at", "id"), condition=Q(status="requested"), name="payout_queue"),
            # the sweep that asks the gateway again
            models.Index(fields=("check_at",), condition=Q(check_at__isnull=False), name="payout_check_due"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.status}"

    @property
    def waits_for_two(self) -> bool:
        """Whether no batch takes it before two people of finance have agreed."""
        return self.needs_two and self.approved_at is None


class PayoutHold(models.Model):
    """Staff stopped a person's payouts, for a reason and until an instant."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="payout_holds", verbose_name=_("person")
    )
    reason = models.CharField(_("reason, which the person reads"), max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("from"), default=now, editable=False)
    until = models.DateTimeField(_("until"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("hold of payouts"), _("holds of payouts")
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(name="payout_hold_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="payout_hold_by_another", condition=~Q(user=models.F("by"))),
            models.CheckConstraint(name="payout_hold_ends", condition=Q(until__gt=models.F("created_at"))),
        ]
        # asked at every payout of a person
        indexes = [models.Index(fields=("user",), condition=Q(lifted_at__isnull=True), name="payout_hold_of_person")]

    def __str__(self) -> str:
        return f"{self.user} until {self.until}"
