from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from projects.models.contract import Contract
from skilllink.clocks import now
from skilllink.ids import uuid7


class Bonus(models.Model):
    """A release without milestone: paid from the client's wallet through `escrow`, at the contract's fee.

    `amount` gross, minor units of the contract's currency.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="bonuses", verbose_name=_("contract"))
    escrow = models.OneToOneField("payment.Escrow", models.PROTECT, related_name="bonus", verbose_name=_("escrow"))
    amount = models.BigIntegerField(_("amount"))
    note = models.CharField(_("words with it"), max_length=500, blank=True)
    token = models.CharField(_("token"), max_length=120, help_text=_("one wish, one bonus"))
    at = models.DateTimeField(_("paid"), default=now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("bonus"), _("bonuses")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(name="bonus_amount_positive", condition=Q(amount__gte=1, amount__lte=10**12)),
            models.UniqueConstraint(fields=("contract", "token"), name="bonus_token_once"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.contract_id}"
