from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.models.milestone import Milestone
from skilllink.clocks import now
from skilllink.ids import uuid7


class TimeEntry(models.Model):
    """When the freelancer worked in a week that is paid by the hour, and at what."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="entries", verbose_name=_("week"))
    begins_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    memo = models.CharField(_("what was done"), max_length=500)
    at = models.DateTimeField(_("logged"), default=now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("entry of time"), _("entries of time")
        ordering = ("milestone_id", "begins_at")
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="time_entry_lasts")]

    def __str__(self) -> str:
        return f"{self.begins_at} {self.minutes}"

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.begins_at).total_seconds()) // 60
