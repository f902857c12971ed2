from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.milestone import Milestone
from skilllink.ids import uuid7


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def visible_to(self, user: Any) -> "DisputeQuerySet":
        """Disputes of the contracts this person can see."""
        return self.filter(milestone__in=Milestone.objects.visible_to(user))

    def live(self) -> "DisputeQuerySet":
        return self.filter(status__in=Dispute.LIVE)


class Dispute(models.Model):
    """A conflict about one milestone's money. The disputed amount is frozen in its own escrow.

    The opener claims the whole amount for their side: a client back, a freelancer out.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        DEFAULTED = "defaulted", _("Unanswered")
        NEGOTIATING = "negotiating", _("Negotiating")
        EVIDENCE = "evidence", _("Evidence")
        RECOMMENDED = "recommended", _("Recommended")
        DECIDED = "decided", _("Decided")
        EXECUTED = "executed", _("Executed")
        SETTLED = "settled", _("Settled")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    LIVE = ("open", "defaulted", "negotiating", "evidence", "recommended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="disputes")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="disputes_opened")
    amount = models.BigIntegerField(_("disputed amount"))
    reason = models.TextField(_("reason"), max_length=5000)
    answer = models.TextField(_("answer"), max_length=5000, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.OPEN)
    escrow = models.OneToOneField("payment.Escrow", models.PROTECT, related_name="dispute")
    back_to = models.CharField(_("milestone's state before"), max_length=20)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now, editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    to_freelancer = models.BigIntegerField(_("went to the freelancer"), null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    settlement_reason = models.TextField(_("reason of the decision"), max_length=5000, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("dispute"), _("disputes")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="dispute_amount_positive"),
            models.UniqueConstraint(
                fields=["milestone"],
                condition=Q(status__in=["open", "defaulted", "negotiating", "evidence", "recommended"]),
                name="dispute_one_live_per_milestone",
            ),
            models.CheckConstraint(
                condition=Q(to_freelancer__isnull=True) | Q(to_freelancer__gte=0, amount__gte=F("to_freelancer")),
                name="dispute_split_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "defaulted", "negotiating", "evidence", "recommended"])
                & Q(closed_at__isnull=True)
                | ~Q(status__in=["open", "defaulted", "negotiating", "evidence", "recommended"])
                & Q(closed_at__isnull=False, to_freelancer__isnull=False)
                | Q(status="withdrawn", closed_at__isnull=False),
                name="dispute_closed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.milestone}: {self.get_status_display()}"

    def get_absolute_url(self) -> str:
        return f"/disputes/{self.pk}/"

    @property
    def contract(self) -> Any:
        return self.milestone.contract

    @property
    def is_live(self) -> bool:
        return self.status in self.LIVE
