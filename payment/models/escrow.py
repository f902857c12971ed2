from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payment.models.ledger import Transfer
from skilllink.clocks import now
from skilllink.ids import uuid7


class Escrow(models.Model):
    """Money between a payer and a payee for one offer, milestone, dispute, bonus or gift. Amounts in minor units.

    `held` is what its account has. `released` is the running total of what the payee earned from it, before the fee,
    less what was taken back; `fee_taken` is always the fee on that total. A bonus, tip or donation
    passes through and is never held.
    """

    class Kind(models.TextChoices):
        OFFER = "offer", _("offer")
        MILESTONE = "milestone", _("milestone")
        DISPUTE = "dispute", _("dispute")
        BONUS = "bonus", _("bonus")
        TIP = "tip", _("tip")
        DONATION = "donation", _("donation")

    # from the payer's wallet to the payee in one step: never held
    PASSING = (Kind.BONUS, Kind.TIP, Kind.DONATION)
    # nothing that was earned: no fee, and no ground for a shorter clearing
    GIFTS = (Kind.TIP, Kind.DONATION)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("payer"))
    payee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("payee"))
    currency = models.CharField(_("currency"), max_length=3)
    fee_bps = models.PositiveIntegerField(_("fee, basis points"))
    held = models.BigIntegerField(_("held"), default=0)
    released = models.BigIntegerField(_("released, gross"), default=0)
    fee_taken = models.BigIntegerField(_("fee taken"), default=0)
    created_at = models.DateTimeField(_("opened"), default=now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("escrow"), _("escrows")
        constraints = [
            models.CheckConstraint(name="escrow_held_not_negative", condition=Q(held__gte=0)),
            models.CheckConstraint(name="escrow_released_not_negative", condition=Q(released__gte=0)),
            models.CheckConstraint(
                name="escrow_fee_within_released", condition=Q(fee_taken__gte=0, fee_taken__lte=F("released"))
            ),
            models.CheckConstraint(name="escrow_two_people", condition=~Q(payer=F("payee"))),
            models.CheckConstraint(name="escrow_fee_bps_range", condition=Q(fee_bps__lte=10_000)),
        ]
        # No index on `held`: each payment would write all of them anew. The payer's finds what they have in escrow.

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Clearing(models.Model):
    """Released money on its way from pending to available. Amounts in minor units.

    The clearings of one escrow are due strictly one after the other, in the order of their releases: what is still
    clearing is always the last part of the running total.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    escrow = models.ForeignKey(
        Escrow, models.PROTECT, db_index=False, related_name="clearings", verbose_name=_("escrow")
    )
    transfer = models.OneToOneField(Transfer, models.PROTECT, related_name="clearing", verbose_name=_("transfer"))
    gross = models.BigIntegerField(_("gross still clearing"))
    amount = models.BigIntegerField(_("net still clearing"))
    due_at = models.DateTimeField(_("available from"))
    cleared_at = models.DateTimeField(_("cleared"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0, help_text=_("they go to the back"))

    class Meta:
        verbose_name, verbose_name_plural = _("clearing"), _("clearings")
        constraints = [
            models.CheckConstraint(name="clearing_net_within_gross", condition=Q(amount__gte=0, gross__gte=F("amount")))
        ]
        indexes = [
            # the sweep's query
            models.Index(fields=("due_at",), condition=Q(cleared_at__isnull=True), name="clearing_due"),
            # those of an escrow, and the last of them, which the next release asks for
            models.Index(fields=("escrow", "due_at"), name="clearing_of_escrow"),
            # whether three of a person's have cleared, which it asks too
            models.Index(fields=("escrow",), condition=Q(cleared_at__isnull=False), name="clearing_done"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} until {self.due_at}"
