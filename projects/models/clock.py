from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from skilllink.ids import uuid7


class ClockQuerySet(models.QuerySet["Clock"]):
    def live(self) -> "ClockQuerySet":
        """Those still to ring."""
        return self.filter(rung_at__isnull=True)

    def due(self, now: datetime) -> "ClockQuerySet":
        """Live and due, oldest first."""
        return self.live().filter(due_at__lte=now).order_by("due_at", "id")


class Clock(models.Model):
    """One thing that will happen by itself: written with what starts it, rung once by the sweep.

    `subject_id` is the milestone's, dispute's or contract's id. `period` tells one run of the same kind
    from the next (`2` for the second delivery's review), so that nothing rings twice.
    """

    class Outcome(models.TextChoices):
        NONE = "", _("Running")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")
        STOOD_DOWN = "stood_down", _("Stood down")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contract = models.ForeignKey("projects.Contract", models.PROTECT, related_name="clocks")
    milestone = models.ForeignKey("projects.Milestone", models.PROTECT, null=True, related_name="clocks")
    dispute = models.ForeignKey("projects.Dispute", models.PROTECT, null=True, related_name="clocks")
    subject_id = models.UUIDField(editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    period = models.CharField(_("period"), max_length=40)
    started_at = models.DateTimeField(_("started"))
    due_at = models.DateTimeField(_("due"))
    rung_at = models.DateTimeField(_("rung"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, blank=True, default=Outcome.NONE)
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    data: Any = models.JSONField(default=dict, blank=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("clock"), _("clocks")
        ordering = ("due_at", "id")
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "kind", "period"], name="clock_rings_once"),
            models.CheckConstraint(
                condition=Q(rung_at__isnull=True, outcome="") | Q(rung_at__isnull=False) & ~Q(outcome=""),
                name="clock_rung_has_outcome",
            ),
        ]
        indexes = [
            # the sweep: what is due, oldest first
            models.Index(fields=["due_at", "id"], condition=Q(rung_at__isnull=True), name="clock_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period}"
