"""The seal over the books: one row per sealed transfer, one per batch. Written by `payment.seal` alone, append-only."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payment.models.ledger import Transfer
from skilllink.clocks import now


class Batch(models.Model):
    """A Merkle tree over the transfers `first` to `last`; `head` chains its `root` to every batch before it."""

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    first = models.PositiveBigIntegerField(_("first transfer"))
    last = models.PositiveBigIntegerField(_("last transfer"))
    root = models.CharField(_("root"), max_length=64)
    previous = models.CharField(_("head before it"), max_length=64)
    head = models.CharField(_("head"), max_length=64)
    at = models.DateTimeField(_("sealed"), default=now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("sealed batch"), _("sealed batches")
        ordering = ("number",)
        constraints = [
            models.CheckConstraint(
                name="batch_numbers_in_order", condition=Q(number__gte=1, first__gte=1, last__gte=F("first"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.head[:12]}"


class Seal(models.Model):
    """A transfer's gapless number, the canonical text it had when it was sealed, and the SHA-256 of that (`leaf`)."""

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    transfer = models.OneToOneField(Transfer, models.PROTECT, related_name="seal", verbose_name=_("transfer"))
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="seals", verbose_name=_("batch"))
    line = models.TextField(_("canonical text"))
    leaf = models.CharField(_("leaf"), max_length=64)

    class Meta:
        verbose_name, verbose_name_plural = _("seal"), _("seals")
        ordering = ("number",)
        constraints = [models.CheckConstraint(name="seal_number_from_one", condition=Q(number__gte=1))]

    def __str__(self) -> str:
        return f"{self.number} {self.leaf[:12]}"
