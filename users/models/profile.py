from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from skilllink.ids import uuid7


class Skill(models.Model):
    """One word of the taxonomy that gigs ask for and profiles name."""

    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=60, unique=True)

    class Meta:
        verbose_name, verbose_name_plural = _("skill"), _("skills")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ProfileQuerySet(models.QuerySet["Profile"]):
    def visible_to(self, user: Any) -> "ProfileQuerySet":
        """Public ones for everyone, members' for whoever is signed in, private ones for their owner alone."""
        rows = self.filter(user__is_active=True).exclude(slug="")
        if not getattr(user, "is_authenticated", False):
            return rows.filter(visibility=Profile.Visibility.PUBLIC)
        if user.is_staff:
            return rows
        return rows.filter(Q(visibility__in=("public", "members")) | Q(user=user))


def avatar_path(profile: "Profile", name: str) -> str:
    return f"avatars/{uuid7()}.webp"


class Profile(models.Model):
    """What others see of a person. `rate_amount` in minor units per hour."""

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Everyone")
        MEMBERS = "members", _("People who are signed in")
        PRIVATE = "private", _("Only me and people I work with")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile", primary_key=True)
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    headline = models.CharField(_("headline"), max_length=70, blank=True)
    overview = models.TextField(_("overview"), max_length=5000, blank=True)
    skills: Any = models.ManyToManyField(Skill, blank=True, related_name="profiles", verbose_name=_("skills"))
    rate_amount = models.BigIntegerField(_("hourly rate"), null=True, blank=True)
    rate_currency = models.CharField(_("currency"), max_length=3, default="USD")
    languages = models.CharField(_("languages"), max_length=120, blank=True)
    hours_per_week = models.PositiveSmallIntegerField(_("hours a week"), null=True, blank=True)
    away_until = models.DateField(_("away until"), null=True, blank=True)
    avatar = models.FileField(_("picture"), upload_to=avatar_path, blank=True)
    visibility = models.CharField(_("who sees it"), max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    onboarded = models.BooleanField(default=False)

    objects = ProfileQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("profile"), _("profiles")
        constraints = [
            models.CheckConstraint(
                name="profile_rate_positive", condition=Q(rate_amount__isnull=True) | Q(rate_amount__gt=0)
            ),
            models.CheckConstraint(
                name="profile_hours_in_week", condition=Q(hours_per_week__isnull=True) | Q(hours_per_week__lte=80)
            ),
        ]

    def __str__(self) -> str:
        return self.user.name

    def get_absolute_url(self) -> str:
        return reverse("users:person", args=[self.slug])

    @property
    def avatar_url(self) -> str:
        return reverse("users:avatar", args=[self.slug, str(self.avatar.name)[-12:-5]]) if self.avatar else ""


def free_slug(name: str) -> str:
    """An address made of the name, with something unguessable behind it so that no two people collide."""
    return f"{slugify(name)[:60] or 'person'}-{uuid7().hex[-8:]}"
