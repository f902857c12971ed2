"""Invoices and credit notes: numbered without a gap per issuer and year, frozen when they are made (append-only)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from payment.models.ledger import Transfer
from skilllink.clocks import now
from skilllink.ids import uuid7


class TaxDetails(models.Model):
    """What a person's papers say about them from now on; those that are made keep what they said."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="tax_details", verbose_name=_("person")
    )
    name = models.CharField(_("name on papers"), max_length=120, blank=True)
    address = models.TextField(_("address"), max_length=400, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("tax details"), _("tax details")

    def __str__(self) -> str:
        return self.name or str(self.user_id)


class Series(models.Model):
    """The numbers of one issuer and year; `issuer` is nobody for the platform. `last` is the last number given."""

    issuer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("issuer")
    )
    year = models.PositiveSmallIntegerField(_("year, UTC"))
    code = models.CharField(_("begins with"), max_length=12)
    last = models.PositiveIntegerField(_("last number"), default=0)
    last_at = models.DateTimeField(_("date of the last paper"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("series of numbers"), _("series of numbers")
        constraints = [
            models.UniqueConstraint(
                fields=("issuer", "year"), condition=Q(issuer__isnull=False), name="series_of_person_once"
            ),
            models.UniqueConstraint(fields=("year",), condition=Q(issuer__isnull=True), name="series_of_platform_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code}-{self.year}"


class PaperQuerySet(models.QuerySet["Paper"]):
    def of(self, user: Any) -> "PaperQuerySet":
        """Those that the person wrote or was written."""
        return self.filter(Q(issuer=user.pk) | Q(recipient=user.pk))

    def visible_to(self, user: Any) -> "PaperQuerySet":
        """The papers of its two parties; the platform is a party of its fee invoices, and finance speaks for it."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.of(user) | self.filter(issuer__isnull=True) if user.is_finance else self.of(user)


class Paper(models.Model):
    """One invoice or credit note of one transfer. `amount` in minor units, always positive: the kind says which way.

    `content` is everything else it says: both parties, what it is for, what it was reckoned from, what it credits.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        FEE = "fee_invoice", _("Fee invoice")
        CREDIT = "credit_note", _("Credit note")
        FEE_CREDIT = "fee_credit_note", _("Credit note for a fee")

    CREDITS = {Kind.CREDIT: Kind.INVOICE, Kind.FEE_CREDIT: Kind.FEE}

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    series = models.ForeignKey(Series, models.PROTECT, related_name="papers", verbose_name=_("series"))
    number = models.PositiveIntegerField(_("number"))
    code = models.CharField(_("number as written"), max_length=32)
    issuer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("issuer")
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recipient")
    )
    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="papers", verbose_name=_("transfer"))
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    content: Any = models.JSONField(_("content"))
    at = models.DateTimeField(_("date"))
    made_at = models.DateTimeField(_("made"), default=now, editable=False)

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("paper"), _("papers")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=("series", "number"), name="paper_number_once"),
            models.UniqueConstraint(fields=("transfer", "kind"), name="paper_of_transfer_once"),
            models.CheckConstraint(name="paper_amount_positive", condition=Q(amount__gte=1, amount__lte=10**12)),
            models.CheckConstraint(name="paper_number_from_one", condition=Q(number__gte=1)),
            models.CheckConstraint(name="paper_two_parties", condition=~Q(issuer=F("recipient"))),
            models.CheckConstraint(
                name="paper_issuer_fits_kind",
                condition=Q(kind__in=("invoice", "credit_note"), issuer__isnull=False)
                | Q(kind__in=("fee_invoice", "fee_credit_note"), issuer__isnull=True),
            ),
        ]
        indexes = [
            # a person's list, newest first
            models.Index(fields=("recipient", "-id"), name="paper_of_recipient"),
            models.Index(fields=("issuer", "-id"), name="paper_of_issuer"),
            # what the audit has not seen yet
            models.Index(fields=("made_at",), name="paper_made"),
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("payment:paper", args=[self.pk])

    @property
    def is_credit(self) -> bool:
        return self.kind in self.CREDITS

    @property
    def signed(self) -> int:
        """The amount as it counts: a credit takes away."""
        return -self.amount if self.is_credit else self.amount


class PaperReach(models.Model):
    """The one row that says up to which sealed transfer every paper was made. A cache: papers are made once anyway."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(_("transfer"), default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("reach of papers"), _("reach of papers")
        constraints = [models.CheckConstraint(name="paper_reach_alone", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.number)
