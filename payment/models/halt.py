"""Money stopped, and the people who let it run again. Append-only: a halt is over when two people have lifted it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.ids import uuid7

PEOPLE = 2  # who must agree to lift a halt


class HaltQuerySet(models.QuerySet["Halt"]):
    def in_force(self) -> "HaltQuerySet":
        return self.annotate(agreed=Count("lifts")).filter(agreed__lt=PEOPLE)

    def lifted(self) -> "HaltQuerySet":
        return self.annotate(agreed=Count("lifts")).filter(agreed__gte=PEOPLE)


class Halt(models.Model):
    """Why money stopped, and since when. `violations` is what the audit found: {invariant, row, found}."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("since"), default=now, editable=False)
    violations: Any = models.JSONField(_("what was found"), default=list)

    objects = HaltQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("halt of money"), _("halts of money")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class Lift(models.Model):
    """One finance person's agreement that a halt may end."""

    halt = models.ForeignKey(Halt, models.PROTECT, related_name="lifts", verbose_name=_("halt"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    reason = models.CharField(_("reason"), max_length=1000)
    at = models.DateTimeField(_("at"), default=now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("agreement to lift"), _("agreements to lift")
        ordering = ("at",)
        constraints = [
            models.UniqueConstraint(fields=("halt", "by"), name="lift_once_per_person"),
            models.CheckConstraint(name="lift_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.by_id} {self.at:%Y-%m-%d %H:%M}"
