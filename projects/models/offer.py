from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.models.bid import Bid
from skilllink.addresses import address
from skilllink.ids import uuid7


class OfferQuerySet(models.QuerySet["Offer"]):
    def visible_to(self, user: Any) -> "OfferQuerySet":
        """The offers this person made or got."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(bid__freelancer=user) | Q(bid__gig__client=user))

    def due(self, now: datetime) -> "OfferQuerySet":
        """Unanswered and out of time, oldest first."""
        return self.filter(status="sent", due_at__lte=now).order_by("due_at", "id")


class Offer(models.Model):
    """A binding proposal to one bidder, or the bidder's counter-offer: one round of one negotiation.

    The rounds of a bid share one escrow: a counter by the freelancer holds nothing more, and what the
    client's round held stays held until the negotiation ends. By the hour `amount` is the rate and `hours` the most of a week.
    """

    class Status(models.TextChoices):
        SENT = "sent", _("Waiting for an answer")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Expired")
        SUPERSEDED = "superseded", _("Answered with a counter-offer")

    class Hold(models.TextChoices):
        FIRST = "first", _("The first milestone")
        ALL = "all", _("Everything")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bid = models.ForeignKey(Bid, models.PROTECT, related_name="offers")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="offers_made")
    round = models.PositiveIntegerField(_("round"), default=1)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    days = models.PositiveIntegerField(_("days"))
    hours = models.PositiveIntegerField(_("most hours a week"), null=True)
    milestones: Any = models.JSONField(_("milestones"), default=list)
    hold = models.CharField(_("what is held"), max_length=5, choices=Hold.choices, default=Hold.FIRST)
    review_days = models.PositiveIntegerField(_("days to review, 0 for the standing rule"), default=0)
    revisions = models.PositiveIntegerField(_("revisions included"), default=2)
    fee_bps = models.PositiveIntegerField(_("fee in basis points"))
    message = models.TextField(_("message"), max_length=5000, blank=True)
    escrow = models.ForeignKey("payment.Escrow", models.PROTECT, null=True, related_name="offers")
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.SENT)
    sent_at = models.DateTimeField(_("sent"), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("to be answered by"))
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    answer_reason = models.TextField(_("why not"), max_length=1000, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("offer"), _("offers")
        ordering = ("-id",)
        indexes = [
            # the sweep: unanswered offers out of time
            models.Index(fields=["due_at"], name="offer_due", condition=Q(status="sent")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["bid"], condition=Q(status="sent"), name="offer_one_waiting"),
            models.UniqueConstraint(fields=["bid"], condition=Q(status="accepted"), name="offer_one_accepted"),
            # a pro-bono offer holds nothing and pays no fee
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(amount=0, escrow__isnull=True, fee_bps=0), name="offer_amount_or_pro_bono"
            ),
            # by the hour the first week is held
            models.CheckConstraint(
                condition=Q(hours__isnull=True) | Q(hours__gte=1, hours__lte=168, amount__gt=0, days=0, hold="first"),
                name="offer_hours_a_week",
            ),
            models.CheckConstraint(
                condition=Q(status="sent", answered_at__isnull=True) | ~Q(status="sent") & Q(answered_at__isnull=False),
                name="offer_answered_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bid.gig} · {self.round}"

    def get_absolute_url(self) -> str:
        return address("projects:offer", self.pk)

    @property
    def gig(self) -> Any:
        return self.bid.gig

    @property
    def client(self) -> Any:
        return self.bid.gig.client

    @property
    def freelancer(self) -> Any:
        return self.bid.freelancer

    @property
    def review_window(self) -> timedelta:
        """How long the client may review a delivery: what these terms say, else the standing rule."""
        rule: timedelta = settings.SKILLLINK["REVIEW_WINDOW"]
        return timedelta(days=self.review_days) if self.review_days else rule

    @property
    def by_client(self) -> bool:
        return self.made_by_id == self.bid.gig.client_id

    @property
    def to_hold(self) -> int:
        """Minor units that must be held when this offer is accepted."""
        if self.hours:
            return self.amount * self.hours
        return self.amount if self.hold == "all" else self.milestones[0]["amount"]
