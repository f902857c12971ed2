from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from skilllink.ids import uuid7


class ActivityCounter(models.Model):
    """The last number given out for one contract's or gig's activity; locked while a number is taken."""

    subject_id = models.UUIDField(primary_key=True)
    head = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("activity counter"), _("activity counters")

    def __str__(self) -> str:
        return f"{self.subject_id} {self.head}"


class Activity(models.Model):
    """One thing that happened to a gig or a contract, in ink: written with it, never changed.

    `subject_id` is the contract's id, or the gig's when there is no contract yet; `seq` is gapless within it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject_id = models.UUIDField(editable=False)
    seq = models.PositiveIntegerField(editable=False)
    event = models.CharField(_("event"), max_length=60)
    # found by its subject; of what it names only a gig, while a draft, is ever deleted
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("who (nobody: the clock)"),
    )
    gig = models.ForeignKey("projects.Gig", models.PROTECT, null=True, related_name="activity")
    contract = models.ForeignKey(
        "projects.Contract", models.PROTECT, null=True, db_index=False, related_name="activity"
    )
    milestone = models.ForeignKey(
        "projects.Milestone", models.PROTECT, null=True, db_index=False, related_name="activity"
    )
    amount = models.BigIntegerField(_("amount moved"), null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    held_after = models.BigIntegerField(_("held by the contract afterwards"), null=True)
    data: Any = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("activity"), _("activity")
        ordering = ("subject_id", "seq")
        constraints = [
            # also the timeline's query: one subject in the order of its numbers
            models.UniqueConstraint(fields=["subject_id", "seq"], name="activity_seq_gapless"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.event}"
