"""What the audit remembers: each run, how far the books have been examined, and what accounts had up to there."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payment.models.ledger import Account
from skilllink.clocks import now
from skilllink.ids import uuid7


class AuditRun(models.Model):
    """One examination of the books: `since` and `upto` are transfer numbers; a whole one begins at 0. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("at"), default=now, editable=False)
    whole = models.BooleanField(_("everything"))
    since = models.PositiveBigIntegerField(_("after transfer"))
    upto = models.PositiveBigIntegerField(_("up to transfer"))
    seconds = models.FloatField(_("seconds"))
    violations: Any = models.JSONField(_("violations"), default=list)
    alerts: Any = models.JSONField(_("alerts"), default=list)

    class Meta:
        verbose_name, verbose_name_plural = _("audit"), _("audits")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.since}–{self.upto}, {len(self.violations)}"


class Checkpoint(models.Model):
    """The one row that says how far the books were found right: the next audit begins after `number`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(_("transfer"), default=0)
    at = models.DateTimeField(_("at"), default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("checkpoint"), _("checkpoints")
        constraints = [models.CheckConstraint(name="checkpoint_alone", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.number)


class Snapshot(models.Model):
    """What the entries of an account sum to, up to the checkpoint. A cache: the full audit sums anew."""

    account = models.OneToOneField(
        Account, models.PROTECT, primary_key=True, related_name="snapshot", verbose_name=_("account")
    )
    balance = models.BigIntegerField(_("balance"), help_text=_("minor units"))

    class Meta:
        verbose_name, verbose_name_plural = _("snapshot"), _("snapshots")

    def __str__(self) -> str:
        return f"{self.account_id}: {self.balance}"
