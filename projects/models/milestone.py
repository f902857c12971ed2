from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.contract import Contract
from skilllink.ids import uuid7

HELD = ("funded", "submitted", "changes_requested", "refund_requested", "disputed")


class MilestoneQuerySet(models.QuerySet["Milestone"]):
    def visible_to(self, user: Any) -> "MilestoneQuerySet":
        """The milestones of the contracts this person can see."""
        return self.filter(contract__in=Contract.objects.visible_to(user))

    def delivered(self) -> "MilestoneQuerySet":
        """Handed in by a person. A week is handed in by the clock when it is over: that says nothing of punctuality."""
        return self.filter(submitted_at__isnull=False, rate__isnull=True)


class Milestone(models.Model):
    """A payable step of a contract. Its money waits in `escrow`; `MOVES` is the whole machine."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        AGREED = "agreed", _("Not funded")
        FUNDED = "funded", _("Held")
        SUBMITTED = "submitted", _("Delivered")
        CHANGES_REQUESTED = "changes_requested", _("Changes asked for")
        REFUND_REQUESTED = "refund_requested", _("Refund asked for")
        DISPUTED = "disputed", _("In dispute")
        RELEASED = "released", _("Released")
        REFUNDED = "refunded", _("Refunded")
        RESOLVED = "resolved", _("Settled")
        CANCELLED = "cancelled", _("Cancelled")

    # from → to (product.md); `released → disputed` only for a release by the clock that is still clearing; work that has
    # begun is cancelled only where it is pro bono: there is no money to give back
    MOVES: dict[str, set[str]] = {
        "proposed": {"agreed", "cancelled"},
        "agreed": {"funded", "cancelled"},
        "funded": {"submitted", "released", "refunded", "refund_requested", "disputed", "cancelled"},
        "submitted": {"changes_requested", "released", "refunded", "refund_requested", "disputed"},
        "changes_requested": {"submitted", "released", "refunded", "refund_requested", "disputed", "cancelled"},
        "refund_requested": {"funded", "submitted", "changes_requested", "refunded", "disputed"},
        "disputed": {"resolved", "funded", "submitted", "changes_requested"},
        "released": {"disputed"},
        "refunded": set(),
        "resolved": set(),
        "cancelled": set(),
    }
    TERMINAL = ("released", "refunded", "resolved", "cancelled")
    WORKING = ("funded", "submitted", "changes_requested")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="milestones")
    position = models.PositiveIntegerField(_("position"))
    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("what is in it"), max_length=5000, blank=True)
    amount = models.BigIntegerField(_("amount"))
    days = models.PositiveIntegerField(_("days of work"), default=14)
    # a week paid by the hour: the most of it is `amount`
    rate = models.BigIntegerField(_("an hour, minor units"), null=True)
    minutes = models.PositiveIntegerField(_("most minutes a week"), null=True)
    week = models.DateField(_("Monday of the week"), null=True)
    status = models.CharField(_("status"), max_length=20, choices=Status.choices, default=Status.AGREED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("proposed by")
    )
    drop_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("wants to drop it")
    )
    escrow = models.OneToOneField("payment.Escrow", models.PROTECT, null=True, related_name="milestone")
    released = models.BigIntegerField(_("released so far"), default=0)
    refunded = models.BigIntegerField(_("refunded so far"), default=0)
    due_at = models.DateTimeField(_("due"), null=True)
    funded_at = models.DateTimeField(_("funded"), null=True)
    submitted_at = models.DateTimeField(_("last delivery"), null=True)
    review_due_at = models.DateTimeField(_("released by the clock at"), null=True)
    review_extended = models.BooleanField(_("review extended"), default=False)
    revisions_used = models.PositiveIntegerField(_("revisions used"), default=0)
    refund_requested_at = models.DateTimeField(_("refund asked for"), null=True)
    refund_reason = models.TextField(_("why a refund"), max_length=2000, blank=True)
    back_to = models.CharField(_("state to return to"), max_length=20, blank=True)
    released_by_clock = models.BooleanField(_("released by the clock"), default=False)
    ended_at = models.DateTimeField(_("ended"), null=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("milestone"), _("milestones")
        ordering = ("contract_id", "position")
        constraints = [
            models.UniqueConstraint(fields=["contract", "position"], name="milestone_position_once"),
            # 0 in a pro-bono contract, where no milestone ever has an escrow
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(amount=0, escrow__isnull=True), name="milestone_amount_or_pro_bono"
            ),
            models.CheckConstraint(
                condition=Q(rate__isnull=True, minutes__isnull=True, week__isnull=True)
                | Q(rate__isnull=False, minutes__isnull=False, rate__gte=1, minutes__gte=1, minutes__lte=7 * 24 * 60),
                name="milestone_week_has_rate_and_limit",
            ),
            models.UniqueConstraint(
                fields=["contract", "week"], condition=~Q(status="cancelled"), name="milestone_week_once"
            ),
            models.CheckConstraint(
                condition=Q(released__gte=0, refunded__gte=0, amount__gte=F("released") + F("refunded")),
                name="milestone_parts_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "agreed", "cancelled"], funded_at__isnull=True)
                | ~Q(status__in=["proposed", "agreed", "cancelled"]) & Q(funded_at__isnull=False, escrow__isnull=False)
                | ~Q(status__in=["proposed", "agreed"]) & Q(funded_at__isnull=False, amount=0),
                name="milestone_funded_has_time_and_escrow",
            ),
            models.CheckConstraint(
                condition=Q(drop_asked_by__isnull=True) | Q(status="agreed"), name="milestone_drop_asked_while_agreed"
            ),
            models.CheckConstraint(
                condition=~Q(status="submitted") | Q(submitted_at__isnull=False, review_due_at__isnull=False),
                name="milestone_submitted_has_clock",
            ),
            models.CheckConstraint(
                condition=~Q(status="refund_requested") | Q(refund_requested_at__isnull=False) & ~Q(back_to=""),
                name="milestone_refund_request_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["released", "refunded", "resolved", "cancelled"], ended_at__isnull=False)
                | ~Q(status__in=["released", "refunded", "resolved", "cancelled"]) & Q(ended_at__isnull=True),
                name="milestone_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["released", "refunded", "resolved"]) | Q(amount=F("released") + F("refunded")),
                name="milestone_ended_is_paid_out",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"{self.contract.get_absolute_url()}#milestone-{self.pk}"

    @property
    def currency(self) -> str:
        return self.contract.currency

    @property
    def rest(self) -> int:
        """Minor units funded and neither released nor refunded, a disputed part included."""
        return self.amount - self.released - self.refunded if self.funded_at else 0

    @property
    def is_terminal(self) -> bool:
        return self.status in self.TERMINAL

    @classmethod
    def sources(cls, target: str, among: Iterable[str] | None = None) -> list[str]:
        """The states from which `target` may be reached, optionally narrowed."""
        allowed = [state for state, targets in cls.MOVES.items() if target in targets]
        return [state for state in allowed if among is None or state in among]


class Delivery(models.Model):
    """What the freelancer hands in for a milestone; numbered, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="deliveries")
    number = models.PositiveIntegerField(_("number"))
    note = models.TextField(_("note"), max_length=10_000)
    at = models.DateTimeField(_("delivered"), default=timezone.now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("delivery"), _("deliveries")
        ordering = ("milestone_id", "number")
        constraints = [models.UniqueConstraint(fields=["milestone", "number"], name="delivery_number_once")]

    def __str__(self) -> str:
        return f"{self.milestone} {self.number}"


def delivery_path(instance: "DeliveryFile", name: str) -> str:
    return f"deliveries/{instance.delivery_id}/{instance.pk}"


class DeliveryFileQuerySet(models.QuerySet["DeliveryFile"]):
    def visible_to(self, user: Any) -> "DeliveryFileQuerySet":
        return self.filter(delivery__milestone__in=Milestone.objects.visible_to(user))


class DeliveryFile(models.Model):
    """One file of a delivery; served only through the authorised view."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="files")
    file = models.FileField(upload_to=delivery_path, max_length=200)
    name = models.CharField(_("name"), max_length=200)
    mime = models.CharField(_("type"), max_length=120)
    size = models.BigIntegerField(_("bytes"))

    objects = DeliveryFileQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("delivered file"), _("delivered files")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("projects:delivery_file", args=[self.pk])


class ChangeRequest(models.Model):
    """What the client wants different about one delivery: a reason and a checklist."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.OneToOneField(Delivery, models.PROTECT, related_name="change_request")
    reason = models.TextField(_("reason"), max_length=2000)
    items: Any = models.JSONField(_("checklist"))
    at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("request for changes"), _("requests for changes")

    def __str__(self) -> str:
        return self.reason
