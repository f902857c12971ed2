from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.gig import Gig
from skilllink.addresses import address
from skilllink.ids import uuid7

LIVE = ("submitted", "waitlisted", "shortlisted", "offered")
ON_BOARD = ("submitted", "shortlisted", "offered")


class BidQuerySet(models.QuerySet["Bid"]):
    def visible_to(self, user: Any) -> "BidQuerySet":
        """Whole bids (letter, figures): their author's and the gig's client's. Boards show others what their mode allows."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(freelancer=user) | Q(gig__client=user))

    def live(self) -> "BidQuerySet":
        """Those that still may win, the waitlist included."""
        return self.filter(status__in=LIVE)

    def on_board(self) -> "BidQuerySet":
        """Live and not waiting for a place."""
        return self.filter(status__in=ON_BOARD)


class Bid(models.Model):
    """A freelancer's answer to a gig. Money in minor units of the gig's currency.

    On an hourly gig `amount` is the rate an hour, `hours` the most of a week, and there are neither days nor milestones.
    """

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("Sent")
        WAITLISTED = "waitlisted", _("On the waitlist")
        SHORTLISTED = "shortlisted", _("Shortlisted")
        OFFERED = "offered", _("Offer made")
        HIRED = "hired", _("Hired")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        NOT_SELECTED = "not_selected", _("Not selected")
        GIG_CLOSED = "gig_closed", _("Gig ended")

    MOVES: dict[str, set[str]] = {
        "submitted": {"shortlisted", "offered", "declined", "withdrawn", "not_selected", "gig_closed"},
        "waitlisted": {"submitted", "declined", "withdrawn", "not_selected", "gig_closed"},
        "shortlisted": {"submitted", "offered", "declined", "withdrawn", "not_selected", "gig_closed"},
        "offered": {"submitted", "hired", "declined", "withdrawn", "not_selected", "gig_closed"},
        "hired": set(),
        "declined": set(),
        "withdrawn": set(),
        "not_selected": set(),
        "gig_closed": set(),
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    gig = models.ForeignKey(Gig, models.PROTECT, related_name="bids")
    freelancer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="bids")
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    days = models.PositiveIntegerField(_("days"))
    hours = models.PositiveIntegerField(_("most hours a week"), null=True)
    letter = models.TextField(_("letter"), max_length=5000)
    milestones: Any = models.JSONField(_("milestones"), default=list, blank=True)
    answers: Any = models.JSONField(_("answers"), default=list, blank=True)
    challenge_answer = models.TextField(_("answer to the challenge"), max_length=2000, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.SUBMITTED)
    submitted_at = models.DateTimeField(_("sent"), default=timezone.now, editable=False)
    revised_at = models.DateTimeField(_("last changed"), null=True, editable=False)
    viewed_at = models.DateTimeField(_("first opened by the client"), null=True, editable=False)
    shortlisted_at = models.DateTimeField(null=True, editable=False)
    archived_at = models.DateTimeField(_("put away by the client"), null=True, editable=False)
    decline_reason = models.TextField(_("why declined"), max_length=1000, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = BidQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("bid"), _("bids")
        ordering = ("submitted_at", "id")
        indexes = [
            # the board of one gig
            models.Index(fields=["gig", "status"], name="bid_board"),
            # "my bids", and how many of them are live
            models.Index(fields=["freelancer", "status"], name="bid_of_freelancer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["gig", "freelancer"], condition=Q(status__in=[*LIVE, "hired"]), name="bid_one_live"
            ),
            # 0 on a pro-bono gig, and nowhere else
            models.CheckConstraint(condition=Q(amount__gte=0), name="bid_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(hours__isnull=True, days__gte=1, days__lte=365)
                | Q(hours__gte=1, hours__lte=168, days=0, amount__gt=0),
                name="bid_days_or_hours_a_week",
            ),
            models.CheckConstraint(
                condition=Q(status__in=LIVE, ended_at__isnull=True) | ~Q(status__in=LIVE) & Q(ended_at__isnull=False),
                name="bid_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="declined") | ~Q(decline_reason=""), name="bid_declined_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.freelancer}: {self.gig}"

    def get_absolute_url(self) -> str:
        return address("projects:bid", self.pk)

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def is_editable(self) -> bool:
        """Editable until offered."""
        return self.status in ("submitted", "waitlisted", "shortlisted")


class BidVersion(models.Model):
    """What a bid said before or after one revision; never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bid = models.ForeignKey(Bid, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(_("version"))
    amount = models.BigIntegerField(_("amount"))
    days = models.PositiveIntegerField(_("days"))
    hours = models.PositiveIntegerField(_("most hours a week"), null=True)
    letter = models.TextField(_("letter"))
    milestones: Any = models.JSONField(default=list)
    answers: Any = models.JSONField(default=list)
    challenge_answer = models.TextField(blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("version of a bid"), _("versions of bids")
        ordering = ("bid_id", "version")
        constraints = [models.UniqueConstraint(fields=["bid", "version"], name="bid_version_once")]

    def __str__(self) -> str:
        return f"{self.bid} {self.version}"


def bid_file_path(instance: "BidFile", name: str) -> str:
    return f"bids/{instance.bid_id}/{instance.pk}"


class BidFileQuerySet(models.QuerySet["BidFile"]):
    def visible_to(self, user: Any) -> "BidFileQuerySet":
        return self.filter(bid__in=Bid.objects.visible_to(user))


class BidFile(models.Model):
    """One file of a bid: for the client and its author."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bid = models.ForeignKey(Bid, models.PROTECT, related_name="files")
    file = models.FileField(upload_to=bid_file_path, max_length=200)
    name = models.CharField(_("name"), max_length=200)
    mime = models.CharField(_("type"), max_length=120)
    size = models.BigIntegerField(_("bytes"))

    objects = BidFileQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("bid file"), _("bid files")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("projects:bid_file", args=[self.pk])
