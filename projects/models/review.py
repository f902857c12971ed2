from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from projects.models.contract import Contract
from skilllink.ids import uuid7

AXES = {
    "freelancer": (
        ("quality", _("Quality")),
        ("communication", _("Communication")),
        ("deadlines", _("Deadlines")),
        ("scope", _("Kept to the scope")),
    ),
    "client": (
        ("payment", _("Payment")),
        ("clarity", _("Clear about what was wanted")),
        ("communication", _("Communication")),
        ("stability", _("Kept to what was agreed")),
    ),
}


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: Any) -> "ReviewQuerySet":
        """One's own, and whatever is revealed: a blind review is nobody else's."""
        revealed = Q(status=Review.Status.REVEALED)
        return self.filter(revealed | Q(author=user)) if user.is_authenticated else self.filter(revealed)

    def revealed_about(self, user: Any) -> "ReviewQuerySet":
        return self.filter(subject=user, status=Review.Status.REVEALED).order_by("-revealed_at")


class Review(models.Model):
    """What one party says about the other after a contract; blind until both are in or the window ends."""

    class Status(models.TextChoices):
        DUE = "due", _("Due")
        WRITTEN = "written", _("Written")
        REVEALED = "revealed", _("Revealed")
        EXPIRED = "expired", _("Expired")

    MOVES: dict[str, set[str]] = {
        "due": {"written", "expired"},
        "written": {"revealed"},
        "revealed": set(),
        "expired": set(),
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="reviews")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reviews_written")
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reviews_received")
    about = models.CharField(
        _("about the"), max_length=10, choices=[("client", _("Client")), ("freelancer", _("Freelancer"))]
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DUE)
    axes: Any = models.JSONField(_("marks"), default=dict, blank=True)
    mean = models.DecimalField(
        _("mean"), max_digits=3, decimal_places=2, null=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.TextField(_("text"), max_length=5000, blank=True)
    due_at = models.DateTimeField(_("window ends"))
    written_at = models.DateTimeField(_("written"), null=True)
    revealed_at = models.DateTimeField(_("revealed"), null=True)
    reply = models.TextField(_("reply"), max_length=2000, blank=True)
    replied_at = models.DateTimeField(_("replied"), null=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("review"), _("reviews")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["contract", "author"], name="review_one_per_party"),
            models.CheckConstraint(condition=~Q(author=F("subject")), name="review_not_of_oneself"),
            models.CheckConstraint(
                condition=~Q(status__in=["written", "revealed"]) | Q(written_at__isnull=False, mean__isnull=False),
                name="review_written_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status="revealed", revealed_at__isnull=False)
                | ~Q(status="revealed") & Q(revealed_at__isnull=True, replied_at__isnull=True),
                name="review_revealed_has_time",
            ),
        ]
        indexes = [
            # a profile's reviews, newest first
            models.Index(fields=["subject", "status", "-revealed_at"], name="review_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.contract}: {self.author}"
