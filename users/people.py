"""Becoming a person here: an account with its profile, and the changes a person makes to it."""

from typing import Any

from allauth.account.models import EmailAddress
from django.utils.translation import gettext_lazy as _

from skilllink.errors import Conflict, Unprocessable
from skilllink.transactions import inside_transaction, verb
from users.models import Profile, Skill, User
from users.models.profile import free_slug
from users.standing import require_active


class EmailTaken(Conflict):
    code, sentence = "person.email_taken", _("There is an account with this address already.")


class TooManySkills(Unprocessable):
    code, sentence = "profile.too_many_skills", _("Name at most 15 skills.")


class NoRole(Unprocessable):
    code = "person.no_role"
    sentence = _("Choose whether you hire, work, or both.")


@verb
def register(
    email: str,
    password: str | None,
    name: str,
    *,
    client: bool,
    freelancer: bool,
    verified: bool = True,
    timezone: str = "UTC",
    **profile: Any,
) -> User:
    """An account with a profile. `profile` takes Profile's fields; `skills` are names of the taxonomy.

    Raises EmailTaken.
    """
    if User.objects.filter(email__iexact=email).exists():
        raise EmailTaken()
    user = User.objects.create_user(
        email, password, name=name, is_client=client, is_freelancer=freelancer, timezone=timezone
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    skills = profile.pop("skills", ())
    row = make_profile(user)
    for field, value in profile.items():
        setattr(row, field, value)
    row.onboarded = True
    row.save()
    row.skills.set(Skill.objects.filter(name__in=list(skills)[:15]))
    return user


@inside_transaction
def make_profile(user: User) -> Profile:
    """The profile every account has; made at sign-up."""
    profile, _made = Profile.objects.get_or_create(user=user, defaults={"slug": free_slug(user.name)})
    return profile


@verb
def choose_roles(user: User, *, client: bool, freelancer: bool) -> User:
    """Raises NoRole when neither is chosen."""
    require_active(user)
    if not (client or freelancer):
        raise NoRole()
    user.is_client, user.is_freelancer = client, freelancer
    user.save(update_fields=["is_client", "is_freelancer"])
    return user


def profile_of(user: User) -> Profile:
    """The person's profile; made now for an account that was made without one (createsuperuser)."""
    found = Profile.objects.filter(user=user).select_related("user").first()
    return found or _late_profile(user)


@verb
def _late_profile(user: User) -> Profile:
    return make_profile(user)


@verb
def change_profile(
    user: User,
    *,
    skills: list[Skill] | None = None,
    name: str | None = None,
    timezone: str | None = None,
    **fields: Any,
) -> Profile:
    """Save the fields of the person's own profile, and their name and timezone. Raises TooManySkills for over 15."""
    require_active(user)
    if skills is not None and len(skills) > 15:
        raise TooManySkills(fields={"skills": TooManySkills.sentence})
    profile = Profile.objects.select_for_update().get(user=user)
    for field, value in fields.items():
        setattr(profile, field, value)
    profile.onboarded = True
    profile.save()
    if skills is not None:
        profile.skills.set(skills)
    User.objects.filter(pk=user.pk).update(name=name or user.name, timezone=timezone or user.timezone)
    return profile
