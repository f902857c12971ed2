from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.ids import uuid7


class Movement(models.Model):
    """A movement of money by hand: one person of finance asks for it, another one decides (L16). Minor units.

    `party` is the person whose money it concerns: neither of the two.
    """

    class Kind(models.TextChoices):
        PAYOUT = "payout", _("large payout")
        WRITE_OFF = "write_off", _("write off what a chargeback left owed")
        CAPITAL_IN = "capital_in", _("operator adds capital")
        FEES_OUT = "fees_out", _("operator takes fees")

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("waits for a second person")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("what"), max_length=12, choices=Kind)
    payout = models.ForeignKey(
        "payment.Payout", models.PROTECT, null=True, blank=True, related_name="movements", verbose_name=_("payout")
    )
    chargeback = models.ForeignKey(
        "payment.Chargeback", models.PROTECT, null=True, blank=True, related_name="movements",
        verbose_name=_("chargeback"),
    )  # fmt: skip
    party = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("party")
    )
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=1000)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    proposed_at = models.DateTimeField(_("asked for"), default=now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    outcome = models.CharField(_("reason of the decision"), max_length=1000, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("movement by hand"), _("movements by hand")
        ordering = ("-proposed_at",)
        constraints = [
            models.CheckConstraint(name="movement_amount_positive", condition=Q(amount__gte=1, amount__lte=10**12)),
            models.CheckConstraint(name="movement_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="movement_two_people", condition=~Q(decided_by=F("proposed_by"))),
            models.CheckConstraint(
                name="movement_by_no_party", condition=~Q(party=F("proposed_by")) & ~Q(party=F("decided_by"))
            ),
            models.CheckConstraint(
                name="movement_decided_by_someone",
                condition=Q(status="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | Q(status__in=("done", "refused"), decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="movement_names_its_object",
                condition=Q(kind="payout", payout__isnull=False, chargeback__isnull=True, party__isnull=False)
                | Q(kind="write_off", payout__isnull=True, chargeback__isnull=False, party__isnull=False)
                | Q(kind__in=("capital_in", "fees_out"), payout__isnull=True, chargeback__isnull=True),
            ),
            models.UniqueConstraint(
                fields=("payout",), condition=Q(status="proposed"), name="movement_of_payout_open_once"
            ),
            models.UniqueConstraint(
                fields=("chargeback",), condition=Q(status="proposed"), name="movement_of_chargeback_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.amount} {self.currency}"
