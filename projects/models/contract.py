from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from skilllink.addresses import address
from skilllink.ids import uuid7


class ContractQuerySet(models.QuerySet["Contract"]):
    def visible_to(self, user: Any) -> "ContractQuerySet":
        """The contracts this person is a party of; moderators see those in dispute."""
        if not user.is_authenticated:
            return self.none()
        mine = Q(client=user) | Q(freelancer=user)
        if getattr(user, "is_moderator", False):
            mine |= Q(milestones__disputes__isnull=False)
            return self.filter(mine).distinct()
        return self.filter(mine)


class Contract(models.Model):
    """The agreement of a client and a freelancer: frozen terms, milestones, one room, one currency."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        ENDING = "ending", _("Ending")
        CLOSED = "closed", _("Closed")

    class Result(models.TextChoices):
        NONE = "", _("Open")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")
        TERMINATED = "terminated", _("Terminated")

    # from → to; nothing else is allowed (architecture.md: allowed moves are data)
    MOVES: dict[str, set[str]] = {
        "active": {"paused", "ending", "closed"},
        "paused": {"active", "ending", "closed"},
        "ending": {"closed"},
        "closed": set(),
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    offer = models.OneToOneField("projects.Offer", models.PROTECT, related_name="contract", null=True)
    bid = models.OneToOneField("projects.Bid", models.PROTECT, related_name="contract", null=True)
    gig = models.ForeignKey("projects.Gig", models.PROTECT, related_name="contracts", null=True)
    # work donated to it: pro bono, without money
    cause = models.ForeignKey(
        "payment.Cause", models.PROTECT, null=True, related_name="contracts", verbose_name=_("pro bono for")
    )
    client = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="contracts_as_client")
    freelancer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="contracts_as_freelancer")
    room_id = models.UUIDField(null=True, editable=False)
    title = models.CharField(_("title"), max_length=120)
    amount = models.BigIntegerField(_("agreed amount"))
    currency = models.CharField(_("currency"), max_length=3)
    fee_bps = models.PositiveIntegerField(_("fee in basis points"))
    review_window = models.DurationField(_("time to review"))
    revisions = models.PositiveIntegerField(_("revisions included"), default=2)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE)
    result = models.CharField(_("result"), max_length=12, choices=Result.choices, blank=True, default=Result.NONE)
    created_at = models.DateTimeField(_("signed by both"), default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("contract"), _("contracts")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(condition=~Q(client=F("freelancer")), name="contract_two_parties"),
            models.CheckConstraint(
                condition=Q(cause__isnull=True, amount__gt=0) | Q(cause__isnull=False, amount=0, fee_bps=0),
                name="contract_amount_or_pro_bono",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False) & ~Q(result="")
                | ~Q(status="closed") & Q(closed_at__isnull=True, result=""),
                name="contract_closed_has_time_and_result",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return address("projects:contract", self.pk)

    @property
    def number(self) -> str:
        """What people call it in a mail: the year and the tail of its id."""
        return f"{self.created_at.year}-{self.pk.hex[-6:].upper()}"

    @property
    def is_pro_bono(self) -> bool:
        """Whether the work is donated to a cause: no money, only work."""
        return self.cause_id is not None

    def party(self, user: Any) -> str:
        """`client`, `freelancer`, or an empty string for anyone else."""
        return {self.client_id: "client", self.freelancer_id: "freelancer"}.get(user.pk, "")

    def other(self, user: Any) -> Any:
        """The person on the other side of `user`."""
        return self.freelancer if user.pk == self.client_id else self.client


class Terms(models.Model):
    """One version of what both signed, as canonical JSON; never changed, a change is the next version."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="terms")
    version = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("canonical JSON"), editable=False)
    sha256 = models.CharField(_("SHA-256 of the text"), max_length=64, editable=False)
    client_signed_at = models.DateTimeField(_("signed by the client"), editable=False)
    freelancer_signed_at = models.DateTimeField(_("signed by the freelancer"), editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("terms"), _("terms")
        ordering = ("contract_id", "version")
        constraints = [models.UniqueConstraint(fields=["contract", "version"], name="terms_version_once")]

    def __str__(self) -> str:
        return f"{self.version} {self.sha256[:12]}"
