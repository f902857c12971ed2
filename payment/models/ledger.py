"""The books: accounts, transfers and their entries. Rows are written by `payment.ledger` alone."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.ids import uuid7

OF_PLATFORM = Q(user__isnull=True, escrow__isnull=True, payout__isnull=True, cause__isnull=True)


class Account(models.Model):
    """One place where money of one currency is. What people are owed is positive, what is held outside negative."""

    class Kind(models.TextChoices):
        GATEWAY = "gateway", _("held outside")
        WALLET = "wallet", _("wallet")
        PENDING = "pending", _("clearing")
        AVAILABLE = "available", _("available")
        ESCROW = "escrow", _("escrow")
        IN_TRANSIT = "in_transit", _("on its way out")
        CAUSE = "cause", _("a cause’s")
        RECEIVABLE = "receivable", _("owed after a chargeback")
        FEES = "fees", _("fees")
        GATEWAY_FEES = "gateway_fees", _("gateway fees")
        LOSS = "loss", _("loss")
        CAPITAL = "capital", _("capital")

    # touched by everyone: entries alone, no balance row to queue for
    UNCACHED = (Kind.GATEWAY, Kind.FEES, Kind.GATEWAY_FEES, Kind.LOSS, Kind.CAPITAL)
    # may never be below zero, in any snapshot (L5)
    OWED = (Kind.WALLET, Kind.PENDING, Kind.AVAILABLE, Kind.ESCROW, Kind.IN_TRANSIT, Kind.CAUSE)
    # one account per person and currency
    PERSONAL = (Kind.WALLET, Kind.PENDING, Kind.AVAILABLE, Kind.RECEIVABLE)

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("owner"),
    )
    escrow = models.OneToOneField(
        "payment.Escrow", models.PROTECT, null=True, blank=True, related_name="account", verbose_name=_("escrow")
    )
    payout = models.OneToOneField(
        "payment.Payout", models.PROTECT, null=True, blank=True, related_name="account", verbose_name=_("payout")
    )
    cause = models.OneToOneField(
        "payment.Cause", models.PROTECT, null=True, blank=True, related_name="account", verbose_name=_("cause")
    )
    currency = models.CharField(_("currency"), max_length=3)
    balance = models.BigIntegerField(_("balance"), null=True, blank=True, help_text=_("minor units"))

    class Meta:
        verbose_name, verbose_name_plural = _("account"), _("accounts")
        constraints = [
            models.UniqueConstraint(
                fields=("kind", "user", "currency"), condition=Q(user__isnull=False), name="account_of_person_once"
            ),
            models.UniqueConstraint(
                fields=("kind", "currency"),
                condition=OF_PLATFORM,
                name="account_of_platform_once",
            ),
            # That its owner fits its kind is proved when it is made (payment/triggers.py): neither changes, and
            # PostgreSQL reads the text of a CHECK anew for each change of a balance.
            models.CheckConstraint(
                name="account_not_negative",
                # what a person owes is negative, and never more than all of it is paid back
                condition=~OF_PLATFORM
                & Q(balance__isnull=False)
                & (~Q(kind="receivable") & Q(balance__gte=0) | Q(kind="receivable", balance__lte=0))
                | OF_PLATFORM & Q(balance__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        owner = self.user_id or self.escrow_id or self.payout_id or self.cause_id or "SkillLink"
        return f"{self.kind}({owner}) {self.currency}"


class Transfer(models.Model):
    """One event that moved money, and why. Its entries sum to zero. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(_("key"), max_length=200, help_text=_("one business event, one transfer"))
    kind = models.CharField(_("kind"), max_length=32)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64, help_text=_("SHA-256 of what was asked"))
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by", verbose_name=_("reverses")
    )
    # its index serves the chain of a contract and the audit of what an escrow released
    escrow = models.ForeignKey(
        "payment.Escrow",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="transfers",
        verbose_name=_("escrow"),
        help_text=_("whose money this is, also when it is no longer there"),
    )
    at = models.DateTimeField(_("at"), default=now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("transfer"), _("transfers")
        ordering = ("-at", "-id")
        constraints = [
            models.CheckConstraint(name="transfer_has_key", condition=~Q(key="")),
            # not the field's own `unique`: that has a second index for LIKE, which nobody asks for
            models.UniqueConstraint(fields=("key",), name="transfer_key_once"),
        ]

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """One line of a transfer: a signed amount on one account. Append-only."""

    # the constraint and the index below begin with them: an index of their own would cost each posting, and serve nobody
    transfer = models.ForeignKey(
        Transfer, models.PROTECT, db_index=False, related_name="entries", verbose_name=_("transfer")
    )
    account = models.ForeignKey(
        Account, models.PROTECT, db_index=False, related_name="entries", verbose_name=_("account")
    )
    amount = models.BigIntegerField(_("amount"), help_text=_("signed minor units"))

    class Meta:
        verbose_name, verbose_name_plural = _("entry"), _("entries")
        constraints = [
            models.UniqueConstraint(fields=("transfer", "account"), name="entry_once_per_account"),
            models.CheckConstraint(
                name="entry_amount_in_range",
                condition=Q(amount__gte=-(10**12), amount__lte=10**12) & ~Q(amount=0),
            ),
        ]
        # a person's statement, newest first
        indexes = [models.Index(fields=("account", "-id"), name="entry_statement")]

    def __str__(self) -> str:
        return f"{self.amount:+d} {self.account_id}"
