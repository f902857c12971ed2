from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from payment.models.own import OwnQuerySet
from skilllink.clocks import now
from skilllink.ids import uuid7


class Deposit(models.Model):
    """Money in, through a gateway. Amounts in minor units.

    `asked_at` is set while the gateway was asked to charge and has not answered; `check_at` is when it is asked again.
    `returned` went or is going back to its source, `charged_back` was taken by the bank: never more than came in (L15).
    """

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Waiting for your card")
        NEEDS_CONFIRMATION = "needs_confirmation", _("Needs your confirmation")
        SETTLED = "settled", _("In your wallet")
        FAILED = "failed", _("Failed")
        RETURNED = "returned", _("Sent back to its source")
        CHARGED_BACK = "charged_back", _("Charged back by the bank")

    MOVES = {
        "requested": {"needs_confirmation", "settled", "failed"},
        "needs_confirmation": {"requested", "settled", "failed"},
        "settled": {"returned", "charged_back"},
        "failed": set(),
        "returned": {"settled", "charged_back"},
        "charged_back": {"settled", "returned"},
    }
    # their money came in
    CAPTURED = ("settled", "returned", "charged_back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="deposits", verbose_name=_("person")
    )
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.REQUESTED)
    gateway = models.CharField(_("gateway"), max_length=20)
    gateway_id = models.CharField(_("gateway's number"), max_length=80, blank=True)
    gateway_page = models.URLField(_("gateway's page"), max_length=2000, blank=True)
    gateway_session = models.CharField(_("number of the gateway's page"), max_length=120, blank=True)
    gateway_fee = models.BigIntegerField(_("gateway's fee"), default=0)
    returned = models.BigIntegerField(_("sent back"), default=0)
    charged_back = models.BigIntegerField(_("charged back"), default=0)
    failure = models.CharField(_("why it failed"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("requested"), default=now, editable=False)
    asked_at = models.DateTimeField(_("asked, unanswered since"), null=True, blank=True)
    check_at = models.DateTimeField(_("asked again at"), null=True, blank=True)
    checks = models.PositiveSmallIntegerField(_("times asked again"), default=0)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("deposit"), _("deposits")
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(name="deposit_amount_positive", condition=Q(amount__gte=1, amount__lte=10**12)),
            models.CheckConstraint(
                name="deposit_ended_with_status",
                condition=Q(status__in=("settled", "failed", "returned", "charged_back"), ended_at__isnull=False)
                | Q(status__in=("requested", "needs_confirmation"), ended_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=("gateway", "gateway_id"), condition=~Q(gateway_id=""), name="deposit_gateway_id_once"
            ),
            models.CheckConstraint(
                name="deposit_out_within_in",
                condition=Q(returned__gte=0, charged_back__gte=0, amount__gte=F("returned") + F("charged_back")),
            ),
            models.CheckConstraint(
                name="deposit_out_only_if_captured",
                condition=Q(status__in=("settled", "returned", "charged_back")) | Q(returned=0, charged_back=0),
            ),
        ]
        # the sweep that asks the gateway again
        indexes = [models.Index(fields=("check_at",), condition=Q(check_at__isnull=False), name="deposit_check_due")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.status}"

    @property
    def left(self) -> int:
        """What neither went back nor was charged back, minor units; 0 unless it came in."""
        return self.amount - self.returned - self.charged_back if self.status in self.CAPTURED else 0

    @property
    def standing(self) -> str:
        """The state of a deposit that came in, from what left it again."""
        if self.charged_back:
            return self.Status.CHARGED_BACK
        return self.Status.RETURNED if self.returned == self.amount else self.Status.SETTLED

    @property
    def is_unanswered(self) -> bool:
        return self.asked_at is not None


class DepositReturn(models.Model):
    """Unspent deposited money on its way back to the card it came from. `amount` in minor units."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("On its way back")
        PAID = "paid", _("Sent back")
        FAILED = "failed", _("Failed, back in your wallet")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    deposit = models.ForeignKey(Deposit, models.PROTECT, related_name="returns", verbose_name=_("deposit"))
    amount = models.BigIntegerField(_("amount"))
    token = models.CharField(_("token"), max_length=120, help_text=_("one wish, one return"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.REQUESTED)
    gateway_id = models.CharField(_("gateway's number"), max_length=80, blank=True)
    failure = models.CharField(_("why it failed"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("requested"), default=now, editable=False)
    check_at = models.DateTimeField(_("asked again at"), null=True, blank=True)
    checks = models.PositiveSmallIntegerField(_("times asked"), default=0)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("return of a deposit"), _("returns of deposits")
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(name="return_amount_positive", condition=Q(amount__gte=1, amount__lte=10**12)),
            models.UniqueConstraint(fields=("deposit", "token"), name="return_token_once"),
            models.CheckConstraint(
                name="return_ended_with_status",
                condition=Q(status="requested", ended_at__isnull=True)
                | Q(status__in=("paid", "failed"), ended_at__isnull=False, check_at__isnull=True),
            ),
            models.UniqueConstraint(fields=("gateway_id",), condition=~Q(gateway_id=""), name="return_gateway_id_once"),
        ]
        # the sweep that sends and asks again
        indexes = [models.Index(fields=("check_at",), condition=Q(check_at__isnull=False), name="return_check_due")]

    def __str__(self) -> str:
        return f"{self.amount} of {self.deposit_id} {self.status}"

    @property
    def currency(self) -> str:
        return self.deposit.currency


class Chargeback(models.Model):
    """The bank took a deposit back. `amount` in minor units: `from_wallet` of it was there, the rest is owed.

    `open` may still be won; `lost` stays owed until it is paid from the wallet or written off by two people of finance.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    deposit = models.ForeignKey(Deposit, models.PROTECT, related_name="chargebacks", verbose_name=_("deposit"))
    gateway_id = models.CharField(_("gateway's number"), max_length=80, unique=True)
    amount = models.BigIntegerField(_("amount"))
    from_wallet = models.BigIntegerField(_("taken from the wallet"))
    written_off = models.BigIntegerField(_("written off"), default=0)
    reason = models.CharField(_("the bank's reason"), max_length=80, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField(_("opened"), default=now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("chargeback"), _("chargebacks")
        ordering = ("-opened_at",)
        constraints = [
            models.CheckConstraint(name="chargeback_amount_positive", condition=Q(amount__gte=1, amount__lte=10**12)),
            models.CheckConstraint(
                name="chargeback_parts",
                condition=Q(from_wallet__gte=0, written_off__gte=0, amount__gte=F("from_wallet") + F("written_off")),
            ),
            models.CheckConstraint(
                name="chargeback_ended_with_status",
                condition=Q(status="open", ended_at__isnull=True)
                | Q(status__in=("won", "lost"), ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.deposit_id} {self.status}"

    @property
    def currency(self) -> str:
        return self.deposit.currency

    @property
    def owed(self) -> int:
        """What the person came to owe by it and nobody has written off, minor units."""
        return self.amount - self.from_wallet - self.written_off
