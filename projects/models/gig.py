import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.models.category import Category
from skilllink.clocks import now
from skilllink.ids import uuid7
from skilllink.money import EXPONENTS, format_money


class GigQuerySet(models.QuerySet["Gig"]):
    def visible_to(self, user: Any) -> "GigQuerySet":
        """What this person may open: public gigs, members' ones when signed in, and those they take part in."""
        posted = ~Q(status__in=["draft", "in_review", "removed"])
        if not user.is_authenticated:
            return self.filter(posted, visibility="public")
        if getattr(user, "is_moderator", False):
            return self.filter(~Q(status="draft") | Q(client=user))
        mine = (
            Q(client=user)
            | Q(pk__in=Invitation.objects.filter(freelancer=user).values("gig")) & posted
            | Q(pk__in=self.model._meta.apps.get_model("projects", "Bid").objects.filter(freelancer=user).values("gig"))
        )
        return self.filter(posted & Q(visibility__in=["public", "members"]) | mine)

    def on_board(self) -> "GigQuerySet":
        """Open for bids and findable in the public list (invite-only gigs are found by their invitation)."""
        return self.filter(status="open")

    def idle(self, now: datetime) -> "GigQuerySet":
        """Those whose idle time is over, oldest first."""
        return self.filter(status__in=["open", "paused"], expires_at__lte=now).order_by("expires_at", "id")

    def locked(self) -> "GigQuerySet":
        return self.select_for_update(of=("self",))


class Gig(models.Model):
    """A piece of work a client posts. `MOVES` is the whole machine."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        OPEN = "open", _("Open")
        PAUSED = "paused", _("Paused")
        FILLED = "filled", _("Filled")
        CLOSED = "closed", _("Closed")
        EXPIRED = "expired", _("Expired")
        REMOVED = "removed", _("Hidden by a moderator")

    class Kind(models.TextChoices):
        FIXED = "fixed", _("Fixed price")
        HOURLY = "hourly", _("By the hour")

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Everyone")
        MEMBERS = "members", _("Members")
        INVITED = "invited", _("Only people I invite")

    class BoardMode(models.TextChoices):
        SEALED = "sealed", _("Sealed: bidders see only how many bids there are")
        OPEN = "open", _("Open: everyone sees bids and amounts")
        NO_AMOUNTS = "no_amounts", _("Open without amounts: everyone sees who bids and when")

    class Experience(models.TextChoices):
        ANY = "any", _("Any")
        ENTRY = "entry", _("Starting out")
        SKILLED = "skilled", _("Skilled")
        EXPERT = "expert", _("Expert")

    # from → to; nothing else is allowed (a removed gig goes back to where it was: `removed_from`)
    MOVES: dict[str, set[str]] = {
        "draft": {"open", "in_review"},
        "in_review": {"open", "removed"},
        "open": {"paused", "filled", "closed", "expired", "removed"},
        "paused": {"open", "closed", "expired", "filled", "removed"},
        "expired": {"open", "removed"},
        "filled": {"removed"},
        "closed": {"removed"},
        "removed": {"open", "paused", "filled", "closed", "expired", "in_review"},
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="gigs")
    title = models.CharField(_("title"), max_length=120, blank=True)
    brief = models.TextField(_("brief"), max_length=10_000, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="gigs", verbose_name=_("category"))
    skills: Any = models.ManyToManyField("users.Skill", related_name="gigs", verbose_name=_("skills"))
    # written with `skills`, so that a list of gigs needs no query for them
    skill_names: Any = models.JSONField(default=list, blank=True, editable=False)
    # work donated to it: pro bono, without a budget
    cause = models.ForeignKey(
        "payment.Cause", models.PROTECT, null=True, blank=True, related_name="gigs", verbose_name=_("pro bono for")
    )
    kind = models.CharField(_("payment"), max_length=8, choices=Kind.choices, default=Kind.FIXED)
    budget_min = models.BigIntegerField(_("budget from"), null=True)
    budget_max = models.BigIntegerField(_("budget to"), null=True)
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    hours_per_week = models.PositiveIntegerField(_("hours a week"), null=True)
    duration_weeks = models.PositiveIntegerField(_("weeks"), null=True)
    experience = models.CharField(_("experience"), max_length=8, choices=Experience.choices, default=Experience.ANY)
    deadline = models.DateField(_("work is due by"), null=True)
    questions: Any = models.JSONField(_("questions"), default=list, blank=True)
    challenge = models.CharField(_("challenge question"), max_length=300, blank=True)
    visibility = models.CharField(_("who sees it"), max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC)
    board_mode = models.CharField(_("bid board"), max_length=10, choices=BoardMode.choices, default=BoardMode.SEALED)
    positions = models.PositiveIntegerField(_("hires"), default=1)
    bidding_days = models.PositiveIntegerField(_("days for bids, 0 for the standing rule"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    created_at = models.DateTimeField(_("begun"), default=now, editable=False)
    posted_at = models.DateTimeField(_("posted"), null=True, editable=False)
    bids_close_at = models.DateTimeField(_("bids close"), null=True, editable=False)
    expires_at = models.DateTimeField(_("ends when idle until"), null=True, editable=False)
    warnings_sent = models.PositiveIntegerField(default=0, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    removed_from = models.CharField(max_length=10, blank=True, editable=False)
    removed_reason = models.TextField(_("why hidden"), blank=True, editable=False)
    live_bids = models.PositiveIntegerField(_("live bids"), default=0, editable=False)
    hires = models.PositiveIntegerField(_("hired"), default=0, editable=False)
    scope_edits = models.PositiveIntegerField(_("edits after posting"), default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = GigQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("gig"), _("gigs")
        ordering = ("-id",)
        indexes = [
            # /gigs/: open gigs, newest first, and the same within a category
            models.Index(fields=["status", "-posted_at", "-id"], name="gig_board_newest"),
            models.Index(fields=["status", "category", "-posted_at"], name="gig_board_category"),
            # the sweep: what has been idle too long
            models.Index(fields=["expires_at"], name="gig_expiry", condition=Q(status__in=["open", "paused"])),
            # "my gigs"
            models.Index(fields=["client", "status"], name="gig_of_client"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="draft")
                | Q(
                    posted_at__isnull=False,
                    category__isnull=False,
                    budget_min__isnull=False,
                    budget_max__isnull=False,
                )
                & ~Q(title=""),
                name="gig_posted_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(budget_min__isnull=True)
                | Q(budget_max__isnull=True)
                | Q(cause__isnull=True, budget_min__gt=0, budget_max__gte=F("budget_min"))
                | Q(cause__isnull=False, kind="fixed", budget_min=0, budget_max=0),
                name="gig_budget_is_a_range",
            ),
            models.CheckConstraint(condition=Q(positions__gte=1, positions__lte=50), name="gig_positions"),
            models.CheckConstraint(condition=Q(hires__lte=F("positions")), name="gig_hires_within_positions"),
            models.CheckConstraint(
                condition=~Q(status__in=["filled", "closed", "expired"]) | Q(ended_at__isnull=False),
                name="gig_ended_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status="removed") & ~Q(removed_from="") | ~Q(status="removed") & Q(removed_from=""),
                name="gig_removed_knows_from_where",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(_("Untitled gig"))

    def get_absolute_url(self) -> str:
        slug = slugify(self.title)[:60].strip("-")
        return reverse("projects:gig", args=[self.pk, slug] if slug else [self.pk])

    @property
    def is_pro_bono(self) -> bool:
        """Whether the work is donated to a cause."""
        return self.cause_id is not None

    @property
    def is_open_for_bids(self) -> bool:
        """Whether a bid sent now would be taken, as far as the gig decides it."""
        return self.status == "open" and self.bids_close_at is not None and now() < self.bids_close_at

    @property
    def budget_text(self) -> str:
        """The range in the reader's language, cents left out: $2,500 – $4,000."""
        if self.is_pro_bono:
            return gettext("Pro bono")
        if self.budget_min is None or self.budget_max is None:
            return ""
        unit = 10 ** EXPONENTS[self.currency]
        ends = [format_money(end, self.currency) for end in dict.fromkeys((self.budget_min, self.budget_max))]
        zeros = re.compile(r"\D0{%d}(?=\D*$)" % EXPONENTS[self.currency]) if unit > 1 else None
        whole = self.budget_min % unit == 0 and self.budget_max % unit == 0
        return " – ".join(zeros.sub("", end) if zeros and whole else end for end in ends)

    @property
    def shows_amounts(self) -> bool:
        """Whether everybody on the board sees figures."""
        return self.board_mode == self.BoardMode.OPEN


class Invitation(models.Model):
    """A client asks one freelancer to bid; opens an invite-only gig to them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    gig = models.ForeignKey(Gig, models.PROTECT, related_name="invitations")
    freelancer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="invitations")
    at = models.DateTimeField(_("invited"), default=now, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("invitation"), _("invitations")
        constraints = [models.UniqueConstraint(fields=["gig", "freelancer"], name="invitation_once")]

    def __str__(self) -> str:
        return f"{self.gig} → {self.freelancer}"


def gig_file_path(instance: "GigFile", name: str) -> str:
    return f"gigs/{instance.gig_id}/{instance.pk}"


class GigFileQuerySet(models.QuerySet["GigFile"]):
    def visible_to(self, user: Any) -> "GigFileQuerySet":
        return self.filter(gig__in=Gig.objects.visible_to(user))


class GigFile(models.Model):
    """One file beside a brief; served only through the authorised view."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    gig = models.ForeignKey(Gig, models.PROTECT, related_name="files")
    file = models.FileField(upload_to=gig_file_path, max_length=200)
    name = models.CharField(_("name"), max_length=200)
    mime = models.CharField(_("type"), max_length=120)
    size = models.BigIntegerField(_("bytes"))

    objects = GigFileQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("gig file"), _("gig files")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("projects:gig_file", args=[self.pk])
