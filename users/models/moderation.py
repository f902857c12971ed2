from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.ids import uuid7


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def in_force(self, moment: Any = None) -> "SanctionQuerySet":
        """Those that hold at `moment`, by default now."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=moment or now()), lifted_at__isnull=True)


class Sanction(models.Model):
    """A measure against a person: which rule, why, by whom, until when."""

    class Kind(models.TextChoices):
        WARN = "warn", _("warning")
        LIMIT = "limit", _("limit")
        SUSPEND = "suspend", _("suspension")
        BAN = "ban", _("ban")

    STOPPING = (Kind.SUSPEND, Kind.BAN)  # the person acts no more
    LIMITING = (Kind.LIMIT, *STOPPING)  # the person begins nothing new

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="sanctions", verbose_name=_("person")
    )
    kind = models.CharField(_("measure"), max_length=8, choices=Kind)
    rule = models.CharField(_("rule"), max_length=120)
    reason = models.TextField(_("reason"), max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("from"), default=now)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    objects = SanctionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("sanction"), _("sanctions")
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(
                name="sanction_suspension_ends", condition=~Q(kind__in=("limit", "suspend")) | Q(until__isnull=False)
            ),
            models.CheckConstraint(name="sanction_by_another", condition=~Q(user=models.F("by"))),
        ]
        # asked at every act of a person
        indexes = [models.Index(fields=("user",), condition=Q(lifted_at__isnull=True), name="sanction_of_person")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.user}"


class Appeal(models.Model):
    """A person's objection to a measure; decided by somebody else than its author."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        GRANTED = "granted", _("granted")
        REJECTED = "rejected", _("rejected")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sanction = models.OneToOneField(Sanction, models.PROTECT, related_name="appeal", verbose_name=_("measure"))
    text = models.TextField(_("in their words"), max_length=5000)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField(_("filed"), default=now)
    due_at = models.DateTimeField(_("answer due"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    outcome = models.TextField(_("outcome"), max_length=1000, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("appeal"), _("appeals")
        ordering = ("status", "due_at")
        constraints = [
            models.CheckConstraint(
                name="appeal_decided_by_someone",
                condition=Q(status="open", decided_by__isnull=True, decided_at__isnull=True)
                | ~Q(status="open") & Q(decided_by__isnull=False, decided_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.sanction)


class Report(models.Model):
    """A complaint about an object, for the moderators' queue."""

    class Reason(models.TextChoices):
        SCAM = "scam", _("Scam or fraud")
        OFF_PLATFORM = "off_platform", _("Asks to pay elsewhere")
        SPAM = "spam", _("Spam")
        HARASSMENT = "harassment", _("Harassment")
        HATE = "hate", _("Hate")
        ILLEGAL = "illegal", _("Illegal work")
        STOLEN = "stolen", _("Somebody else's work")
        FALSE = "false", _("False claims")
        PRIVACY = "privacy", _("Private data")
        OTHER = "other", _("Something else")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        ACTED = "acted", _("acted upon")
        DISMISSED = "dismissed", _("dismissed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reports", verbose_name=_("by"))
    subject_kind = models.CharField(_("about a"), max_length=20)
    subject_id = models.UUIDField(_("about"))
    subject_url = models.CharField(_("address"), max_length=300)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    text = models.TextField(_("in their words"), max_length=2000, blank=True)
    context = models.JSONField(_("as it was then"), default=list, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    outcome = models.CharField(_("outcome"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("filed"), default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("report"), _("reports")
        ordering = ("status", "created_at")
        constraints = [
            models.UniqueConstraint(
                fields=("by", "subject_kind", "subject_id"), condition=Q(status="open"), name="report_once_while_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.subject_kind}"


class StaffAction(models.Model):
    """What a member of staff did, to what, and why. Written by the verbs, never edited."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="staff_actions", verbose_name=_("by"))
    action = models.CharField(_("action"), max_length=60)
    subject = models.CharField(_("subject"), max_length=200)
    subject_id = models.CharField(_("id"), max_length=60)
    reason = models.TextField(_("reason"), max_length=1000)
    at = models.DateTimeField(_("at"), default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("staff action"), _("staff actions")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("Staff actions are append-only.")
        super().save(*args, **kwargs)
