from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from payment.models.escrow import Escrow
from payment.models.ledger import Transfer
from skilllink.clocks import now
from skilllink.ids import uuid7

CREDIBLE = Q(amount__gte=1, amount__lte=10**12)


class CauseQuerySet(models.QuerySet["Cause"]):
    def visible_to(self, user: Any) -> "CauseQuerySet":
        """Those that were verified, also when they have closed; one's own; all of them for staff."""
        shown = Q(status__in=Cause.WITH_MONEY)
        if not getattr(user, "is_authenticated", False):
            return self.filter(shown)
        return self.all() if user.is_staff else self.filter(shown | Q(keeper=user))


class Cause(models.Model):
    """What anyone can give to: a purpose with a goal, kept by a person, verified by staff. `goal` in minor units."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting to be verified")
        VERIFIED = "verified", _("Verified")
        REFUSED = "refused", _("Not verified")
        CLOSED = "closed", _("Closed")

    # from → to; nothing else is allowed
    MOVES: dict[str, set[str]] = {
        "waiting": {"verified", "refused"},
        "verified": {"closed"},
        "refused": {"waiting"},
        "closed": set(),
    }

    # what was given in the first state can still be paid out in the second
    WITH_MONEY = ("verified", "closed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(_("address"), max_length=100, unique=True)
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="causes", verbose_name=_("kept by")
    )
    title = models.CharField(_("title"), max_length=80)
    summary = models.CharField(_("in one sentence"), max_length=160)
    story = models.TextField(_("what the money is for"), max_length=10_000)
    currency = models.CharField(_("currency"), max_length=3)
    goal = models.BigIntegerField(_("goal"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField(_("asked for"), default=now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.CharField(_("what was checked, or why not"), max_length=1000, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = CauseQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("cause"), _("causes")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(name="cause_goal_positive", condition=Q(goal__gte=1, goal__lte=10**12)),
            models.CheckConstraint(
                name="cause_decided_by_someone",
                condition=Q(status="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | ~Q(status="waiting") & Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason=""),
            ),
            models.CheckConstraint(name="cause_not_verified_by_its_keeper", condition=~Q(keeper=F("decided_by"))),
            models.CheckConstraint(
                name="cause_closed_has_time",
                condition=Q(status="closed", closed_at__isnull=False) | ~Q(status="closed") & Q(closed_at__isnull=True),
            ),
        ]
        # the list of causes
        indexes = [models.Index(fields=("status", "-id"), name="cause_list")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("payment:cause", args=[self.slug])

    @property
    def has_money(self) -> bool:
        """Whether something can have been given to it, and be paid out."""
        return self.status in self.WITH_MONEY


class Gift(models.Model):
    """What a donation and a pledge share: from whom, to whom, how much, seen how. `amount` in minor units."""

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Public")
        HIDDEN = "hidden", _("Amount hidden")
        ANONYMOUS = "anonymous", _("Anonymous")

    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("from"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("to")
    )
    cause = models.ForeignKey(
        Cause, models.PROTECT, null=True, blank=True, related_name="%(class)ss", verbose_name=_("cause")
    )
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    visibility = models.CharField(_("seen by others"), max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    note = models.CharField(_("words with it"), max_length=500, blank=True)

    class Meta:
        abstract = True

    @property
    def target(self) -> Any:
        """The person or the cause."""
        return self.person if self.cause_id is None else self.cause

    @property
    def target_name(self) -> str:
        return str(self.cause.title if self.cause else self.person.name if self.person else "")


class PledgeQuerySet(models.QuerySet["Pledge"]):
    def visible_to(self, user: Any) -> "PledgeQuerySet":
        return self.filter(giver=user) if getattr(user, "is_authenticated", False) else self.none()

    def active(self) -> "PledgeQuerySet":
        return self.filter(status="active")


class Pledge(Gift):
    """A donation that repeats until it is stopped. `next_at` is the first renewal that isn't announced yet.

    `notice_at` is when that one is announced: each renewal has a row from then on, and none happens without.
    """

    class Every(models.TextChoices):
        WEEK = "week", _("Weekly")
        MONTH = "month", _("Monthly")

    class Status(models.TextChoices):
        ACTIVE = "active", _("Repeats")
        STOPPED = "stopped", _("Stopped")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    every = models.CharField(_("how often"), max_length=6, choices=Every)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    next_at = models.DateTimeField(_("next one to announce"))
    notice_at = models.DateTimeField(_("announced at"))
    started_at = models.DateTimeField(_("since"), default=now, editable=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)

    objects = PledgeQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("recurring donation"), _("recurring donations")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(name="pledge_amount_positive", condition=CREDIBLE),
            models.CheckConstraint(
                name="pledge_to_one",
                condition=Q(person__isnull=False, cause__isnull=True) | Q(person__isnull=True, cause__isnull=False),
            ),
            models.CheckConstraint(name="pledge_not_to_oneself", condition=~Q(giver=F("person"))),
            models.CheckConstraint(name="pledge_notice_before", condition=Q(notice_at__lt=F("next_at"))),
            models.CheckConstraint(
                name="pledge_stopped_has_time",
                condition=Q(status="active", stopped_at__isnull=True) | Q(status="stopped", stopped_at__isnull=False),
            ),
        ]
        # the sweep's query
        indexes = [models.Index(fields=("notice_at",), condition=Q(status="active"), name="pledge_notice_due")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.every} {self.status}"


class Donation(Gift):
    """Money given, without a fee: a tip, support for a person, or to a cause. Written with its transfer, never changed.

    To a person it passes through `escrow`, whose clearing it starts; a tip follows the release of `after`.
    """

    class Kind(models.TextChoices):
        TIP = "tip", _("Tip")
        SUPPORT = "support", _("Support")
        CAUSE = "cause", _("To a cause")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    token = models.CharField(_("token"), max_length=120, help_text=_("one wish, one donation"))
    transfer = models.OneToOneField(Transfer, models.PROTECT, related_name="donation", verbose_name=_("transfer"))
    escrow = models.OneToOneField(
        Escrow, models.PROTECT, null=True, blank=True, related_name="donation", verbose_name=_("escrow")
    )
    after = models.ForeignKey(
        Escrow, models.PROTECT, null=True, blank=True, related_name="tips", verbose_name=_("after the release of")
    )
    pledge = models.ForeignKey(
        Pledge, models.PROTECT, null=True, blank=True, related_name="donations", verbose_name=_("recurring donation")
    )
    at = models.DateTimeField(_("given"), default=now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("donation"), _("donations")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(name="donation_amount_positive", condition=CREDIBLE),
            models.CheckConstraint(
                name="donation_target_fits_kind",
                condition=Q(kind="tip", person__isnull=False, cause__isnull=True, escrow__isnull=False)
                & Q(after__isnull=False, pledge__isnull=True)
                | Q(kind="support", person__isnull=False, cause__isnull=True, escrow__isnull=False, after__isnull=True)
                | Q(kind="cause", person__isnull=True, cause__isnull=False, escrow__isnull=True, after__isnull=True),
            ),
            models.CheckConstraint(name="donation_not_to_oneself", condition=~Q(giver=F("person"))),
            models.UniqueConstraint(fields=("giver", "token"), name="donation_token_once"),
        ]
        indexes = [
            # the daily cap of a giver
            models.Index(fields=("giver", "currency", "at"), name="donation_of_giver"),
            # what a person's profile and a cause's page show
            models.Index(fields=("person", "-id"), name="donation_to_person"),
            models.Index(fields=("cause", "-id"), name="donation_to_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"


class Renewal(models.Model):
    """One announced repetition of a pledge: told at `noticed_at`, given at `due_at` unless the pledge is stopped."""

    class Outcome(models.TextChoices):
        WAITING = "", _("announced")
        GIVEN = "given", _("given")
        MISSED = "missed", _("could not be given")
        STOPPED = "stopped", _("stopped before")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    pledge = models.ForeignKey(Pledge, models.PROTECT, related_name="renewals", verbose_name=_("recurring donation"))
    number = models.PositiveIntegerField(_("number"))
    noticed_at = models.DateTimeField(_("announced"), default=now, editable=False)
    due_at = models.DateTimeField(_("given at"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, blank=True, default=Outcome.WAITING)
    reason = models.CharField(_("why it could not be given"), max_length=300, blank=True)
    donation = models.OneToOneField(
        Donation, models.PROTECT, null=True, blank=True, related_name="renewal", verbose_name=_("donation")
    )
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0, help_text=_("they go to the back"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("renewal"), _("renewals")
        ordering = ("pledge_id", "number")
        constraints = [
            models.UniqueConstraint(fields=("pledge", "number"), name="renewal_number_once"),
            models.CheckConstraint(name="renewal_after_notice", condition=Q(due_at__gt=F("noticed_at"))),
            models.CheckConstraint(
                name="renewal_ended_with_outcome",
                condition=Q(outcome="", ended_at__isnull=True) | ~Q(outcome="") & Q(ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="renewal_given_has_donation",
                condition=Q(outcome="given", donation__isnull=False) | ~Q(outcome="given") & Q(donation__isnull=True),
            ),
        ]
        # the sweep's query
        indexes = [models.Index(fields=("due_at",), condition=Q(outcome=""), name="renewal_due")]

    def __str__(self) -> str:
        return f"{self.number} {self.due_at}"
