from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone as clock
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from skilllink.ids import uuid7


class UserManager(BaseUserManager["User"]):
    """People are found by e-mail, whatever its case."""

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Raises ValueError without an e-mail address."""
        if not email:
            raise ValueError("A person needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person's account: identity and sign-in. What others see of them is their Profile."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    is_client = models.BooleanField(_("client"), default=False)
    is_freelancer = models.BooleanField(_("freelancer"), default=False)
    is_staff = models.BooleanField(_("may open the admin"), default=False)
    shows_reading = models.BooleanField(
        _("shows how far they read"), default=True, help_text=_("and sees it of others; who hides it sees nobody's")
    )
    is_active = models.BooleanField(default=True)
    timezone = models.CharField(_("timezone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=8, default="en")
    date_joined = models.DateTimeField(default=clock.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name, verbose_name_plural = _("person"), _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def staff_roles(self) -> set[str]:
        """Names of the staff groups this person is in."""
        return set(self.groups.values_list("name", flat=True))

    @property
    def is_moderator(self) -> bool:
        return self.is_staff and (self.is_superuser or "Moderator" in self.staff_roles)

    @property
    def is_finance(self) -> bool:
        return self.is_staff and (self.is_superuser or "Finance" in self.staff_roles)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]
