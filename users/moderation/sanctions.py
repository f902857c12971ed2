"""Measures against a person: each with a rule, a reason, an author and, but for a ban, an end."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.errors import Conflict, Forbidden, Unprocessable
from skilllink.moments import written
from skilllink.transactions import inside_transaction, verb
from users import sessions
from users.models import Sanction, User
from users.moderation import audit
from users.notifications import inbox
from users.standing import require_active
from users.zones import zone_of


class NotModerator(Forbidden):
    code, sentence = "sanction.not_moderator", _("Only moderators can do that. Nothing was changed.")


class NeedsReason(Unprocessable):
    code, sentence = "sanction.needs_reason", _("Give the rule and a reason; the person reads both.")


class NeedsEnd(Unprocessable):
    code, sentence = "sanction.needs_end", _("This measure needs an end that lies ahead.")


class OnOneself(Forbidden):
    code, sentence = "sanction.on_oneself", _("Nobody sanctions themselves or other staff. Nothing was changed.")


class AlreadyLifted(Conflict):
    code, sentence = "sanction.already_lifted", _("This measure is no longer in force. Nothing was changed.")


@verb
def warn(user: User, *, by: User, reason: str, rule: str) -> Sanction:
    """Tell a person which rule they broke; nothing else changes for them."""
    return _impose(Sanction.Kind.WARN, user, by=by, reason=reason, rule=rule, until=None)


@verb
def limit(user: User, *, by: User, reason: str, rule: str, until: datetime) -> Sanction:
    """Bar a person from posting gigs, bidding and opening rooms until an instant. Running contracts go on."""
    return _impose(Sanction.Kind.LIMIT, user, by=by, reason=reason, rule=rule, until=_ahead(until))


@verb
def suspend(user: User, *, by: User, reason: str, rule: str, until: datetime) -> Sanction:
    """Stop a person from acting until an instant. They are signed out everywhere; escrow clocks go on."""
    return _impose(Sanction.Kind.SUSPEND, user, by=by, reason=reason, rule=rule, until=_ahead(until))


@verb
def ban(user: User, *, by: User, reason: str, rule: str) -> Sanction:
    """Close an account for good."""
    return _impose(Sanction.Kind.BAN, user, by=by, reason=reason, rule=rule, until=None)


@verb
def lift(sanction: Sanction, *, by: User, reason: str) -> Sanction:
    """End a measure before its time. Raises AlreadyLifted."""
    require_moderator(by)
    if not reason.strip():
        raise NeedsReason()
    changed = Sanction.objects.in_force().filter(pk=sanction.pk).update(lifted_at=now())
    if not changed:
        raise AlreadyLifted()
    sanction.refresh_from_db()
    audit.record(by, "sanction.lifted", subject=sanction.user, reason=reason)
    inbox.notify(sanction.user, "sanction.lifted", reason=reason)
    return sanction


@inside_transaction
def _impose(kind: str, user: User, *, by: User, reason: str, rule: str, until: datetime | None) -> Sanction:
    require_moderator(by)
    if user.pk == by.pk or user.is_staff:
        raise OnOneself()
    if not reason.strip() or not rule.strip():
        raise NeedsReason()
    sanction = Sanction.objects.create(user=user, kind=kind, rule=rule, reason=reason.strip(), by=by, until=until)
    audit.record(by, f"sanction.{kind}", subject=user, reason=reason)
    with timezone.override(zone_of(user.timezone)):
        end = written(until) if until else ""
    inbox.notify(user, f"sanction.{kind}", url="/settings/", reason=reason.strip(), until=end)
    if kind in Sanction.STOPPING:
        sessions.end_all(user, code=4403)
    return sanction


def _ahead(until: datetime | None) -> datetime:
    if until is None or until <= now():
        raise NeedsEnd(fields={"until": NeedsEnd.sentence})
    return until


def require_moderator(by: User) -> None:
    """Raise NotModerator for anybody else, and for nobody: no measure is taken by a machine."""
    if by is None or not by.is_moderator:
        raise NotModerator()
    require_active(by)
